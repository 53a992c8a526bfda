"""A deactivated user may not order any more, and their open orders are cancelled."""

from contextlib import suppress
from datetime import datetime

from contracts.ids import UserId
from contracts.reader import Reader
from contracts.values import Code
from orders.cancellation import cancel
from orders.domain.problems import OrderEnded
from orders.store import Customers, Orders
from runtime.changes import Exists, Outdated
from runtime.reaction import Event, reaction

_REASONS = {"DELETED": "customer deleted"}
_OTHER = "customer deactivated"  # also for a code that is new to us


class Deactivated(Reader, source="starling.users", event="UserDeactivated.v2"):
    """What orders reads of a deactivation."""

    user_id: UserId
    reason: Code


def on_user_deactivated(
    event: Event[Deactivated], customers: Customers, orders: Orders, now: datetime
) -> None:
    """Refuse new orders first; then whatever is open cannot grow any more, and is cancelled.

    Each step may be done again, and none needs what another has in memory: after a crash the
    event comes again and goes on with what is still open.
    """
    user_id = event.data.user_id
    reason = _REASONS.get(event.data.reason, _OTHER)
    # The erasure may have come first, or this event before: there may still be open orders.
    with suppress(Outdated):
        customers.project(event.tenant, user_id, "inactive", event.revision)
    for order_id in orders.open_of(event.tenant, user_id):
        # A twin of this event, delivered at the same time, may have been here first; or the order
        # came to its own end meanwhile.
        with suppress(Exists, OrderEnded):
            cancel(
                orders,
                order_id,
                reason=reason,
                now=now,
                cause=event.cause,
                mark=event.mark(now, part=order_id),
            )


handler = reaction(
    on_user_deactivated, fact=True, customers=Customers.connect, orders=Orders.connect
)
