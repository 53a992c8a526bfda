"""Cancel an order."""

from datetime import datetime

from orders.cancellation import cancel
from orders.domain.problems import OrderEnded
from orders.store import Orders
from orders.views import OrderView, order_answer
from runtime.endpoint import endpoint
from runtime.messages import Answer, Request
from runtime.problems import NotFound, Stale


def cancel_order(request: Request[None], orders: Orders, now: datetime) -> Answer[OrderView]:
    """Cancel; doing it again is a retry whose answer got lost, and gives the same answer."""
    order = cancel(
        orders,
        request.path["id"],
        reason="cancelled on request",
        now=now,
        cause=request.cause,
        expected=request.if_match,
    )
    return order_answer(order)


handler = endpoint(
    "POST",
    "/orders/{id}/cancel",
    cancel_order,
    problems=[NotFound, OrderEnded, Stale],
    orders=Orders.connect,
)
