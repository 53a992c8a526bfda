"""Get an order."""

from orders.store import Orders
from orders.views import OrderView, order_answer
from runtime.endpoint import endpoint
from runtime.messages import Answer, Request
from runtime.problems import NotFound


def get_order(request: Request[None], orders: Orders) -> Answer[OrderView]:
    """Return the order as it is now."""
    return order_answer(orders.get(request.tenant, request.path["id"]))


handler = endpoint("GET", "/orders/{id}", get_order, problems=[NotFound], orders=Orders.connect)
