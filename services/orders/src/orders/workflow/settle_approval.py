"""Finds out whether an order was approved, and ends the time for saying so."""

from contextlib import suppress
from datetime import datetime

from pydantic import BaseModel

from orders.domain import orders as rules
from orders.domain.orders import ENDED
from orders.domain.problems import OrderEnded
from orders.step import OrderStep
from orders.store import Orders
from orders.waiting import AlreadyAnswered, NobodyWaits, Waiting
from runtime.task import task


class Settled(BaseModel):
    """Whether it was approved."""

    approved: bool


def settle_approval(step: OrderStep, orders: Orders, waiting: Waiting, now: datetime) -> Settled:
    """Return the answer; no answer is a no, and none is taken afterwards.

    Raises
    ------
    OrderEnded
        It was cancelled meanwhile.
    """
    tenant, order_id = step.cause.tenant, step.order_id
    status = orders.get(tenant, order_id).status
    if status in ENDED:
        raise OrderEnded(status)
    with suppress(AlreadyAnswered, NobodyWaits):
        waiting.answer(tenant, order_id, "APPROVAL", answer=False)
    wait = waiting.find(tenant, order_id, "APPROVAL")
    approved = wait is not None and wait.answer is True
    if approved:
        orders.change(
            order_id, lambda order: rules.approve(order, at=now), now=now, cause=step.cause
        )
    return Settled(approved=approved)


handler = task(settle_approval, orders=Orders.connect, waiting=Waiting.connect)
