"""Does what the workflow could not, once an operator sends it here again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError

from orders.closing import Closing
from orders.domain import orders as rules
from orders.domain.orders import RejectionReason
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


def catch_up(message: Any, closing: Closing, now: datetime) -> None:
    """Do it; twice is once, but that the customer may hear the same again."""
    try:
        left = Left.model_validate(message)
    except ValidationError as error:
        raise Hopeless("not what the workflow parks") from error
    order_id, cause = left.order_id, left.cause
    follow(cause, **left.ids)
    compensation = closing.compensation

    def reject() -> None:
        order = compensation.orders.change(
            order_id,
            lambda order: rules.reject_unless_ended(order, reason=left.reason, at=now),
            now=now,
            cause=cause,
        )
        if order.status == "fulfilled":  # its goods had left before anything failed
            take()
            closing.tell(order_id, cause=cause, now=now)
        else:
            closing.close(order_id, cause=cause, now=now)

    def take() -> None:
        compensation.inventory.take(order_id, cause=cause, now=now)

    steps: dict[str, Callable[[], None]] = {
        "reject": reject,
        "refund": lambda: compensation.refund(order_id, cause=cause, now=now),
        "release": lambda: compensation.release(order_id, cause=cause, now=now),
        "take": take,
        "notify": lambda: closing.tell(order_id, cause=cause, now=now),
    }
    steps[left.step]()


handler = worker(
    catch_up,
    capacity=Capacity(seconds=60, memory=512),
    closing=Closing.connect,
)
