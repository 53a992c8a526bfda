"""Tells a customer how the order stands."""

from datetime import datetime

from orders.notifications import Notifications
from orders.step import OrderStep
from orders.store import Orders
from runtime.task import task


def notify_customer(
    step: OrderStep, orders: Orders, notifications: Notifications, now: datetime
) -> None:
    """Tell it; who hears it twice knows it by its id."""
    order = orders.get(step.cause.tenant, step.order_id)
    notifications.send(order, cause=step.cause, now=now)


handler = task(notify_customer, orders=Orders.connect, notifications=Notifications.connect)
