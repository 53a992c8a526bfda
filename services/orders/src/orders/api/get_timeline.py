"""Tell what became of an order, in order."""

from datetime import datetime

from orders.domain.orders import Order
from orders.store import Orders
from runtime.endpoint import endpoint
from runtime.messages import Request, View
from runtime.problems import NotFound


class MomentView(View):
    """One thing that happened: what, when, and why if there is more to say."""

    what: str
    at: datetime
    why: str | None = None


class TimelineView(View):
    """All that happened so far."""

    items: list[MomentView]


def get_timeline(request: Request[None], orders: Orders) -> TimelineView:
    """Return it as it is now."""
    return TimelineView(items=_moments(orders.get(request.tenant, request.path["id"])))


def _moments(order: Order) -> list[MomentView]:
    # What leaves an order's status as it is comes behind the step that it follows.
    behind = {
        "awaiting_approval": ("approved", order.approved_at),
        "confirmed": ("invoiced", order.invoiced_at),
    }
    moments = [MomentView(what="placed", at=order.placed_at)]
    for step in order.steps:
        moments.append(MomentView(what=step.status, at=step.at, why=step.why))
        what, at = behind.get(step.status, ("", None))
        if at:
            moments.append(MomentView(what=what, at=at))
    if order.cancelled_at and not order.steps:  # from before steps were kept
        moments.append(MomentView(what="cancelled", at=order.cancelled_at, why=order.reason))
    if order.refunded_at:
        moments.append(MomentView(what="refunded", at=order.refunded_at))
    return moments


handler = endpoint(
    "GET", "/orders/{id}/timeline", get_timeline, problems=[NotFound], orders=Orders.connect
)
