"""Gives an order's money back."""

from datetime import datetime

from orders.compensation import Compensation
from orders.step import OrderStep
from runtime.capacity import Capacity
from runtime.task import task


def refund_payment(step: OrderStep, compensation: Compensation, now: datetime) -> None:
    """Give it back, if it was taken; again it is the same."""
    compensation.refund(step.order_id, cause=step.cause, now=now)


handler = task(
    refund_payment,
    capacity=Capacity(seconds=60, memory=512),
    compensation=Compensation.connect,
)
