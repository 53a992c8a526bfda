"""The order, and what may become of it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from contracts.events.orders import OrderType
from contracts.money import Money
from orders.domain.problems import OrderEnded

CustomerStatus = Literal["active", "inactive", "erased"]
OrderStatus = Literal[
    "placed", "reserved", "awaiting_approval", "confirmed", "fulfilled", "rejected", "cancelled"
]
"""Its goods are reserved; somebody must approve it; it is paid; it has left, or never will."""

RejectionReason = Literal[
    "not_approved",
    "out_of_stock",
    "payment_failed",
    "payment_overdue",
    "processing_failed",
    "unknown_type",
]
"""Why an order was rejected; more may come."""

_AFTER: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    "placed": frozenset({"reserved", "rejected", "cancelled"}),
    "reserved": frozenset({"awaiting_approval", "confirmed", "rejected", "cancelled"}),
    "awaiting_approval": frozenset({"confirmed", "rejected", "cancelled"}),
    "confirmed": frozenset({"fulfilled", "rejected", "cancelled"}),
}
"""What an order may become; what is not in it has ended."""

UNPAID: Collection[OrderStatus] = ("placed", "reserved", "awaiting_approval")
"""What an order may be before it is paid."""

_PAYABLE: Collection[OrderStatus] = ("reserved", "awaiting_approval")

ENDED = frozenset({"fulfilled", "rejected", "cancelled"})
"""Nothing becomes of an order any more, but that its money goes back."""


class Line(BaseModel):
    """One line of an order: name and price of one piece as they were when it was placed."""

    model_config = ConfigDict(frozen=True)

    sku: str
    name: str
    quantity: int
    price: Money


class Step(BaseModel):
    """What became of an order, when, and why if there is more to say."""

    model_config = ConfigDict(frozen=True)

    status: OrderStatus
    at: datetime
    why: str | None = None


class Order(BaseModel):
    """An order.

    Attributes
    ----------
    payment_method
        The payment provider's token for how it will be paid: neither shown nor told.
    cancelled_at, reason
        When it was cancelled, and why it was that or rejected.
    approved_at
        When somebody approved it, if that was needed.
    payment_id
        The provider's id of the payment, once there is one: not shown either.
    dispatch_at
        When it leaves, once that is arranged.
    invoiced_at
        When its invoice was written.
    refunded_at
        When its money went back, if it did.
    steps
        What became of it after it was placed, in order.
    revision
        Grows by one with each change.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    customer_id: str
    items: tuple[Line, ...]
    total: Money
    type: OrderType
    status: OrderStatus = "placed"
    placed_at: datetime
    cancelled_at: datetime | None = None
    reason: str | None = None
    payment_method: str | None = None
    approved_at: datetime | None = None
    payment_id: str | None = None
    dispatch_at: datetime | None = None
    invoiced_at: datetime | None = None
    refunded_at: datetime | None = None
    steps: tuple[Step, ...] = ()
    revision: int = 1


def reserve(order: Order, *, at: datetime) -> Order:
    """Return the order with all its goods reserved; the same object if they are.

    Raises
    ------
    OrderEnded
        It has ended.
    NotPossible
        It is further already.
    """
    return _become(order, "reserved", at)


def await_approval(order: Order, *, at: datetime) -> Order:
    """Return the order as somebody must approve it; the same object if it is so."""
    return _become(order, "awaiting_approval", at)


def approve(order: Order, *, at: datetime) -> Order:
    """Return the order with the approval that it awaited; the same object if it has it.

    Raises
    ------
    OrderEnded, NotPossible
        It awaits none.
    """
    if order.approved_at is not None:
        return order
    return _changed(order, {"awaiting_approval"}, approved_at=at)


def give_method(order: Order, *, payment_method: str) -> Order:
    """Return the order with how it will be paid; the same object if that is known.

    Raises
    ------
    OrderEnded, NotPossible
        It is not to be paid any more, or otherwise.
    """
    if order.payment_method == payment_method:
        return order
    if order.payment_method is not None:
        raise NotPossible("how the order is paid is settled")
    return _changed(order, UNPAID, payment_method=payment_method)


def begin_payment(order: Order, *, payment_id: str) -> Order:
    """Return the order with the payment that may be captured for it; the same object if it has it.

    Raises
    ------
    OrderEnded, NotPossible
        It is not to be paid, or has another payment.
    """
    if order.payment_id == payment_id:
        return order
    if order.payment_id is not None:
        raise NotPossible("the order has a payment")
    return _changed(order, _PAYABLE, payment_id=payment_id)


def confirm(order: Order, *, at: datetime) -> Order:
    """Return the order paid; the same object if it is."""
    return _become(order, "confirmed", at)


def arrange(order: Order, *, dispatch_at: datetime) -> Order:
    """Return the order with when it leaves; the same object if that is arranged.

    Raises
    ------
    OrderEnded, NotPossible
        It is not to leave.
    """
    if order.dispatch_at is not None:
        return order
    return _changed(order, {"confirmed"}, dispatch_at=dispatch_at)


def bill(order: Order, *, at: datetime) -> Order:
    """Return the order with its invoice written; the same object if it was.

    Raises
    ------
    OrderEnded, NotPossible
        There is nothing to be billed.
    """
    if order.invoiced_at is not None:
        return order
    return _changed(order, {"confirmed"}, invoiced_at=at)


def fulfil(order: Order, *, at: datetime) -> Order:
    """Return the order as it has left; the same object if it has."""
    return _become(order, "fulfilled", at)


def reject(order: Order, *, reason: RejectionReason, at: datetime) -> Order:
    """Return the order rejected; the same object if it is."""
    return _become(order, "rejected", at, why=reason, reason=reason)


def reject_unless_ended(order: Order, *, reason: RejectionReason, at: datetime) -> Order:
    """Return the order rejected; the same object if it has ended, in whichever way."""
    return order if order.status in ENDED else reject(order, reason=reason, at=at)


def cancel(order: Order, *, reason: str, at: datetime) -> Order:
    """Return the order cancelled; the same object if it is.

    Raises
    ------
    OrderEnded
        It was fulfilled or rejected.
    """
    return _become(order, "cancelled", at, why=reason, reason=reason, cancelled_at=at)


def refund(order: Order, *, at: datetime) -> Order:
    """Return an order that ended unfulfilled, with its money given back; the same object if so.

    Raises
    ------
    NotPossible
        Its money is not to go back.
    """
    if order.refunded_at:
        return order
    if order.status not in {"cancelled", "rejected"}:
        raise NotPossible(f"the order is {order.status}: its money stays")
    return order.model_copy(update={"refunded_at": at, "revision": order.revision + 1})


class NotPossible(Exception):
    """The order is not where it could become this."""


def _changed(order: Order, while_: Collection[OrderStatus], **changes: Any) -> Order:
    """Return the order with a change that leaves it where it is."""
    if order.status in ENDED:
        raise OrderEnded(order.status)
    if order.status not in while_:
        raise NotPossible(f"the order is {order.status}")
    return order.model_copy(update={"revision": order.revision + 1, **changes})


def _become(
    order: Order, status: OrderStatus, at: datetime, why: str | None = None, **more: Any
) -> Order:
    if order.status == status:
        return order
    if order.status in ENDED:
        raise OrderEnded(order.status)
    if status not in _AFTER[order.status]:
        raise NotPossible(f"the order is {order.status}, and cannot be {status} next")
    step = Step(status=status, at=at, why=why)
    changes = {"status": status, "steps": (*order.steps, step), "revision": order.revision + 1}
    return order.model_copy(update=changes | more)
