"""Does what the workflow could not, once an operator sends it here again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError

from orders.compensation import Compensation
from orders.domain import orders as rules
from orders.domain.orders import ENDED, Order, RejectionReason
from orders.notifications import Notifications
from orders.step import OrderStep
from runtime.capacity import Capacity
from runtime.logs import follow
from runtime.queue import Hopeless
from runtime.worker import worker


class Left(OrderStep):
    """What was left undone of an order.

    Attributes
    ----------
    step
        Which step of the workflow.
    reason
        Why the order was to be rejected, if that is the step.
    """

    step: Literal["reject", "refund", "release", "take", "notify"]
    reason: RejectionReason = "processing_failed"


def catch_up(
    message: Any, compensation: Compensation, notifications: Notifications, now: datetime
) -> None:
    """Do it; twice is once, but that the customer may hear the same again."""
    try:
        left = Left.model_validate(message)
    except ValidationError as error:
        raise Hopeless("not what the workflow parks") from error
    order_id, cause = left.order_id, left.cause
    follow(cause, **left.ids)

    def notify() -> None:
        order = compensation.orders.get(cause.tenant, order_id)
        notifications.send(order, cause=cause, now=now)

    def reject() -> None:
        compensation.orders.change(order_id, rejected, now=now, cause=cause)
        compensation.compensate(order_id, cause=cause, now=now)
        notify()

    def rejected(order: Order) -> Order:
        if order.status in ENDED:
            return order
        return rules.reject(order, reason=left.reason, at=now)

    steps: dict[str, Callable[[], None]] = {
        "reject": reject,
        "refund": lambda: compensation.refund(order_id, cause=cause, now=now),
        "release": lambda: compensation.release(order_id, cause=cause, now=now),
        "take": lambda: compensation.inventory.take(order_id, cause=cause, now=now),
        "notify": notify,
    }
    steps[left.step]()


handler = worker(
    catch_up,
    capacity=Capacity(seconds=60, memory=512),
    compensation=Compensation.connect,
    notifications=Notifications.connect,
)
