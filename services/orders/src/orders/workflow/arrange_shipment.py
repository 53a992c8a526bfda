"""Arranges when an order leaves."""

from datetime import datetime, timedelta

from pydantic import BaseModel

from orders.domain import orders as rules
from orders.domain.terms import dispatch_at
from orders.step import OrderStep
from orders.store import Orders
from runtime.settings import read_number
from runtime.task import task


class Shipment(BaseModel):
    """When it leaves."""

    dispatch_at: datetime


def arrange_shipment(step: OrderStep, orders: Orders, now: datetime) -> Shipment:
    """Return when the order leaves; it stays with what was arranged first.

    Raises
    ------
    OrderEnded
        It was cancelled meanwhile.
    """
    every = timedelta(seconds=read_number("DISPATCH_SECONDS", least=1, most=999_999))
    order = orders.change(
        step.order_id,
        lambda order: rules.arrange(order, dispatch_at=dispatch_at(order, now=now, every=every)),
        now=now,
        cause=step.cause,
    )
    return Shipment(dispatch_at=order.dispatch_at or now)


handler = task(arrange_shipment, orders=Orders.connect)
