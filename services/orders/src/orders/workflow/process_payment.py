"""Takes an order's money."""

from datetime import datetime

from orders.paying import Paying
from orders.step import OrderStep
from runtime.capacity import Capacity
from runtime.task import task


def process_payment(step: OrderStep, paying: Paying, now: datetime) -> None:
    """Take it; again it is the same.

    Raises
    ------
    PaymentFailed, PaymentOverdue
        It comes to nothing.
    ProviderUnavailable, ProviderLeftAlone
        Later, perhaps.
    OrderEnded
        It was cancelled meanwhile.
    """
    paying.pay(step.order_id, cause=step.cause, now=now)


# Two requests, each with a chain of keys at the worst.
handler = task(process_payment, capacity=Capacity(seconds=60, memory=512), paying=Paying.connect)
