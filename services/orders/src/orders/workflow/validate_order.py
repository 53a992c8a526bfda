"""Looks at an order before anything is done for it, and says on what terms it is done."""

from datetime import timedelta

from pydantic import BaseModel

from contracts.events.orders import OrderType
from orders.domain.orders import ENDED
from orders.domain.problems import OrderEnded
from orders.domain.terms import APPROVAL_WITHIN, PAYMENT_WITHIN
from orders.step import LineStep, OrderStep
from orders.store import Orders
from runtime.settings import read_number
from runtime.task import task


class Terms(BaseModel):
    """What depends on the type.

    Attributes
    ----------
    retry_seconds
        After which a payment is tried again while the provider cannot be reached.
    payment_seconds
        How long a payment method is waited for.
    """

    retry_seconds: int
    payment_seconds: int


class Plan(OrderStep):
    """What the state machine goes by.

    Attributes
    ----------
    type
        As the order's.
    lines
        What is to be reserved.
    needs_approval, approval_seconds
        Whether a person has to say yes, and within what time.
    needs_method
        Whether it is still to be said how it will be paid.
    terms
        By type.
    """

    type: str
    lines: list[LineStep]
    needs_approval: bool
    approval_seconds: int
    needs_method: bool
    terms: dict[OrderType, Terms]


def validate_order(step: OrderStep, orders: Orders) -> Plan:
    """Return the plan.

    Raises
    ------
    NotFound, OrderEnded
        There is nothing to be done.
    """
    order = orders.get(step.cause.tenant, step.order_id)
    if order.status in ENDED:
        raise OrderEnded(order.status)
    return Plan(
        **dict(step),
        type=order.type,
        lines=[
            LineStep(**dict(step), sku=line.sku, quantity=line.quantity) for line in order.items
        ],
        needs_approval=order.total.amount >= read_number("APPROVAL_FROM", least=0),
        approval_seconds=_seconds(APPROVAL_WITHIN),
        needs_method=order.payment_method is None and order.total.amount > 0,
        terms={
            "EXPRESS": _terms("EXPRESS"),
            "STANDARD": _terms("STANDARD"),
        },
    )


def _terms(of: OrderType) -> Terms:
    retry_seconds = read_number(f"{of}_RETRY_SECONDS", least=0, most=86_400)
    return Terms(retry_seconds=retry_seconds, payment_seconds=_seconds(PAYMENT_WITHIN[of]))


def _seconds(time: timedelta) -> int:
    return int(time.total_seconds())


handler = task(validate_order, orders=Orders.connect)
