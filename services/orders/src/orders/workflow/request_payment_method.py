"""Has an order wait until it is said how it will be paid."""

from orders.domain.orders import ENDED
from orders.domain.problems import OrderEnded
from orders.domain.terms import unpaid_until
from orders.step import WaitingStep
from orders.store import Orders
from orders.waiting import Waiting
from runtime.task import task


class PaymentMethodGiven(Exception):
    """Nobody need wait."""


def request_payment_method(step: WaitingStep, orders: Orders, waiting: Waiting) -> None:
    """Keep the token.

    Raises
    ------
    PaymentMethodGiven, OrderEnded
        There is nothing to wait for.
    """
    tenant, order_id = step.cause.tenant, step.order_id
    until = unpaid_until(orders.get(tenant, order_id))
    waiting.begin(tenant, order_id, "PAYMENT_METHOD", token=step.token, until=until)
    # Looked at afterwards: whoever said it before the token was there woke nobody.
    order = orders.get(tenant, order_id)
    if order.status in ENDED:
        raise OrderEnded(order.status)
    if order.payment_method is not None:
        raise PaymentMethodGiven


handler = task(request_payment_method, orders=Orders.connect, waiting=Waiting.connect)
