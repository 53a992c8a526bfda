"""Approve an order, or refuse to."""

from datetime import datetime

from pydantic import StrictBool

from orders.domain.orders import ENDED
from orders.domain.problems import (
    ApprovalAnswered,
    ApprovalExpired,
    ApprovalNotAwaited,
    OrderEnded,
)
from orders.store import Orders
from orders.views import OrderView, order_answer
from orders.waiting import AlreadyAnswered, Waiting
from runtime.endpoint import endpoint
from runtime.messages import Answer, Body, Request
from runtime.problems import NotFound, Stale


class ApprovalAnswer(Body):
    """Yes or no."""

    approve: StrictBool


def answer_approval(
    request: Request[ApprovalAnswer], orders: Orders, waiting: Waiting, now: datetime
) -> Answer[OrderView]:
    """Write the answer and wake the workflow, which goes on by itself."""
    tenant, order_id = request.tenant, request.path["id"]
    order = orders.get(tenant, order_id)
    wait = waiting.find(tenant, order_id, "APPROVAL")
    if wait is None:
        raise ApprovalNotAwaited(f"the order is {order.status}")
    if wait.answer is None:
        if order.status in ENDED:
            raise OrderEnded(order.status)
        if request.if_match not in (None, order.revision):
            raise Stale(f"the order is at revision {order.revision}")
        if now >= wait.until:
            raise ApprovalExpired(f"the time for it ended at {wait.until:%Y-%m-%dT%H:%M:%SZ}")
    try:
        waiting.answer(tenant, order_id, "APPROVAL", answer=request.body.approve)
    except AlreadyAnswered as failure:
        # Whoever answered may have got no further.
        waiting.wake(tenant, order_id, "APPROVAL")
        raise ApprovalAnswered("it was answered before, or in time by nobody") from failure
    waiting.wake(tenant, order_id, "APPROVAL")
    return order_answer(order)


handler = endpoint(
    "POST",
    "/orders/{id}/approval",
    answer_approval,
    role="admin",
    problems=[NotFound, ApprovalNotAwaited, ApprovalExpired, ApprovalAnswered, OrderEnded, Stale],
    orders=Orders.connect,
    waiting=Waiting.connect,
)
