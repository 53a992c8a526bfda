"""Place an order."""

from datetime import datetime

from orders.domain.orders import Order
from orders.domain.problems import (
    InactiveCustomer,
    MixedCurrencies,
    TotalTooLarge,
    UnknownCustomer,
    UnknownProduct,
)
from orders.placing import NewOrder, Placing
from orders.views import OrderView, order_answer
from runtime.changes import Change
from runtime.endpoint import endpoint
from runtime.messages import Answer, Request


def place_order(request: Request[NewOrder], placing: Placing, now: datetime) -> Answer[OrderView]:
    """Write the order, at the prices of this moment."""

    def receipt(order: Order) -> Change | None:
        made = order_answer(order)
        return request.once.receipt(201, made.body, made.etag) if request.once else None

    return order_answer(placing.place(request.body, receipt, cause=request.cause, now=now))


handler = endpoint(
    "POST",
    "/orders",
    place_order,
    status=201,
    idempotent=True,
    problems=[UnknownCustomer, InactiveCustomer, UnknownProduct, MixedCurrencies, TotalTooLarge],
    placing=Placing.connect,
)
