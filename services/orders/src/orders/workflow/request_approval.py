"""Has an order wait until somebody approves it."""

from datetime import datetime

from orders.domain import orders as rules
from orders.domain.terms import APPROVAL_WITHIN
from orders.step import WaitingStep
from orders.store import Orders
from orders.waiting import Waiting
from runtime.task import task


def request_approval(step: WaitingStep, orders: Orders, waiting: Waiting, now: datetime) -> None:
    """Keep the token, then write that the order waits: who sees that can answer.

    Raises
    ------
    OrderEnded
        It was cancelled meanwhile.
    """
    until = now + APPROVAL_WITHIN
    waiting.begin(step.cause.tenant, step.order_id, "APPROVAL", token=step.token, until=until)
    orders.change(
        step.order_id, lambda order: rules.await_approval(order, at=now), now=now, cause=step.cause
    )


handler = task(request_approval, orders=Orders.connect, waiting=Waiting.connect)
