"""Say how an order is paid that was placed without a payment method."""

from datetime import datetime

from orders.domain import orders as rules
from orders.domain.orders import NotPossible, Order
from orders.domain.problems import OrderEnded, PaymentSettled
from orders.placing import PaymentMethod
from orders.store import Orders
from orders.views import OrderView, order_answer
from orders.waiting import Waiting
from runtime.endpoint import endpoint
from runtime.messages import Answer, Body, Request
from runtime.problems import NotFound, Stale


class HowPaid(Body):
    """How it is paid."""

    payment_method: PaymentMethod


def pay_order(
    request: Request[HowPaid], orders: Orders, waiting: Waiting, now: datetime
) -> Answer[OrderView]:
    """Write it and wake the workflow, which takes the money; the same again changes nothing."""
    tenant, order_id = request.tenant, request.path["id"]

    def given(order: Order) -> Order:
        try:
            new = rules.give_method(order, payment_method=request.body.payment_method)
        except NotPossible as failure:
            raise PaymentSettled(str(failure)) from failure
        if new is not order and request.if_match not in (None, order.revision):
            raise Stale(f"the order is at revision {order.revision}")
        return new

    order = orders.change(order_id, given, now=now, cause=request.cause)
    waiting.wake(tenant, order_id, "PAYMENT_METHOD")
    return order_answer(order)


handler = endpoint(
    "POST",
    "/orders/{id}/payment",
    pay_order,
    problems=[NotFound, OrderEnded, PaymentSettled, Stale],
    orders=Orders.connect,
    waiting=Waiting.connect,
)
