"""Writes that an order has left: from here on nothing is given back."""

from datetime import datetime

from orders.domain import orders as rules
from orders.step import OrderStep
from orders.store import Orders
from runtime.task import task


def fulfil_order(step: OrderStep, orders: Orders, now: datetime) -> None:
    """Write it.

    Raises
    ------
    OrderEnded
        It was cancelled meanwhile.
    """
    orders.change(
        step.order_id, lambda order: rules.fulfil(order, at=now), now=now, cause=step.cause
    )


handler = task(fulfil_order, orders=Orders.connect)
