"""Writes that all goods of an order are reserved."""

from datetime import datetime

from orders.domain import orders as rules
from orders.step import OrderStep
from orders.store import Orders
from runtime.task import task


def mark_reserved(step: OrderStep, orders: Orders, now: datetime) -> None:
    """Write it.

    Raises
    ------
    OrderEnded
        It was cancelled meanwhile.
    """
    orders.change(
        step.order_id, lambda order: rules.reserve(order, at=now), now=now, cause=step.cause
    )


handler = task(mark_reserved, orders=Orders.connect)
