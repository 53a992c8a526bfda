"""Orders against the payments at the provider: what does not fit."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from orders.domain.orders import UNPAID, Order
from orders.payments.model import Payment

Kind = Literal[
    "unknown_order",
    "captured_not_confirmed",
    "captured_twice",
    "amount_differs",
    "not_captured",
    "payment_missing",
    "refunded_not_cancelled",
    "not_refunded",
    "refund_not_recorded",
]
"""What does not fit; see `judge`."""

_PAID = {"confirmed", "fulfilled"}


class Difference(BaseModel):
    """An order and a payment that do not fit: ids and amounts, nothing of a person.

    Attributes
    ----------
    kind
        In what they do not fit.
    tenant, order_id, payment_id
        Which ones; None if there is none, or none that could be ours.
    order, payment
        How they stand, as far as they are there.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    tenant: str | None
    order_id: str | None
    payment_id: str | None
    order: Mapping[str, Any] | None = None
    payment: Mapping[str, Any] | None = None


def judge(order: Order | None, payment: Payment | None) -> Kind | None:
    """Return in what an order and a payment for it do not fit, or None.

    Parameters
    ----------
    order
        The order that the payment says it is for; None if there is none.
    payment
        The payment; None if the provider has not the one that the order names.
    """
    if order is None:
        return "unknown_order"
    if payment is None:
        free = order.total.amount == 0 and order.payment_id is None
        return "payment_missing" if order.status in _PAID and not free else None
    captured = payment.status == "captured"
    back = captured and payment.refunded >= payment.amount
    if order.status in UNPAID:
        return "captured_not_confirmed" if captured and not back else None
    if order.status in _PAID:
        return _of_paid(order, payment, captured=captured, back=back)
    if captured and not back:
        return "not_refunded"
    ours = order.payment_id == payment.id
    return "refund_not_recorded" if back and ours and order.refunded_at is None else None


def _of_paid(order: Order, payment: Payment, *, captured: bool, back: bool) -> Kind | None:
    if order.payment_id != payment.id:
        return "captured_twice" if captured and not back else None
    if not captured:
        return "not_captured"
    if payment.refunded:
        return "refunded_not_cancelled"
    same = (payment.amount, payment.currency) == (order.total.amount, order.total.currency)
    return None if same else "amount_differs"


def standing(order: Order | None, payment: Payment | None) -> dict[str, Any]:
    """Return how both stand, as a `Difference` tells it."""
    return {
        "order": order
        and {
            "status": order.status,
            "total": order.total.model_dump(),
            "payment_id": order.payment_id,
        },
        "payment": payment
        and {
            "status": payment.status,
            "amount": payment.amount,
            "refunded": payment.refunded,
            "currency": payment.currency,
        },
    }
