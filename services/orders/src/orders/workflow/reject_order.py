"""Ends an order that comes to nothing; what it has is given back afterwards."""

from datetime import datetime

from pydantic import BaseModel

from orders.domain import orders as rules
from orders.domain.orders import OrderStatus, RejectionReason
from orders.step import OrderStep
from orders.store import Orders
from runtime.task import task


class Rejection(OrderStep):
    """An order to be rejected, and why."""

    reason: RejectionReason


class Ended(BaseModel):
    """How the order ended: it may have been cancelled, or have left, before it was rejected."""

    status: OrderStatus


def reject_order(step: Rejection, orders: Orders, now: datetime) -> Ended:
    """Reject it, unless it has ended."""
    order = orders.change(
        step.order_id,
        lambda order: rules.reject_unless_ended(order, reason=step.reason, at=now),
        now=now,
        cause=step.cause,
    )
    return Ended(status=order.status)


handler = task(reject_order, orders=Orders.connect)
