"""The order: placed at the prices of the moment, and what may become of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from contracts.events.orders import OrderType
from contracts.money import MAX_AMOUNT, Money
from orders.domain.problems import (
    InactiveCustomer,
    MixedCurrencies,
    OrderEnded,
    TotalTooLarge,
    UnknownCustomer,
    UnknownProduct,
)
from orders.domain.products import Product
from runtime.problems import FieldError, InvalidRequest

CustomerStatus = Literal["active", "inactive", "erased"]
OrderStatus = Literal[
    "placed", "reserved", "awaiting_approval", "confirmed", "fulfilled", "rejected", "cancelled"
]
"""Its goods are reserved; somebody must approve it; it is paid; it has left, or never will."""

RejectionReason = Literal["not_approved", "out_of_stock", "payment_failed", "payment_overdue"]
"""Why an order was rejected; more may come."""

_AFTER: Mapping[OrderStatus, frozenset[OrderStatus]] = {
    "placed": frozenset({"reserved", "rejected", "cancelled"}),
    "reserved": frozenset({"awaiting_approval", "confirmed", "rejected", "cancelled"}),
    "awaiting_approval": frozenset({"confirmed", "rejected", "cancelled"}),
    "confirmed": frozenset({"fulfilled", "cancelled"}),
}
"""What an order may become; what is not in it has ended."""

ENDED = frozenset({"fulfilled", "rejected", "cancelled"})
"""Nothing becomes of an order any more, but that its money goes back."""


class Wanted(NamedTuple):
    """One line of what a customer asks for."""

    sku: str
    quantity: int


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
    payment_id
        The provider's id of the payment, once there is one: not shown either.
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
    payment_id: str | None = None
    refunded_at: datetime | None = None
    steps: tuple[Step, ...] = ()
    revision: int = 1


def place(
    order_id: str,
    *,
    customer_id: str,
    customer: CustomerStatus | None,
    wanted: Sequence[Wanted],
    products: Mapping[str, Product],
    type: OrderType,  # noqa: A002 - the order's own word
    payment_method: str | None,
    at: datetime,
) -> Order:
    """Return a new order.

    Parameters
    ----------
    order_id, customer_id, type, payment_method, at
        As the order's.
    customer
        What is known of the customer; None if nothing is.
    wanted
        What is asked for.
    products
        Those of the wanted products that are on sale, by SKU.

    Raises
    ------
    InvalidRequest
        A product stands on two lines.
    UnknownCustomer, InactiveCustomer, UnknownProduct, MixedCurrencies, TotalTooLarge
        It is refused.
    """
    _each_once(wanted)
    if customer is None:
        raise UnknownCustomer
    if customer != "active":
        raise InactiveCustomer
    lines = _lines(wanted, products)
    return Order(
        id=order_id,
        customer_id=customer_id,
        items=lines,
        total=total(lines),
        type=type,
        placed_at=at,
        payment_method=payment_method,
    )


def total(lines: Sequence[Line]) -> Money:
    """Return the sum over all lines, at least one, of price times quantity.

    Raises
    ------
    MixedCurrencies, TotalTooLarge
        There is no such sum.
    """
    currency = lines[0].price.currency
    odd = [n for n, line in enumerate(lines) if line.price.currency != currency]
    if odd:
        raise MixedCurrencies(
            f"the first product is priced in {currency}, others are not",
            errors=[FieldError(f"items.{n}.sku", f"not priced in {currency}") for n in odd],
        )
    amount = sum(line.price.amount * line.quantity for line in lines)
    if amount > MAX_AMOUNT:
        raise TotalTooLarge(f"the total would be over {MAX_AMOUNT} in minor units of {currency}")
    return Money(amount=amount, currency=currency)


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


def confirm(order: Order, *, payment_id: str, at: datetime) -> Order:
    """Return the order paid; the same object if it is."""
    return _become(order, "confirmed", at, payment_id=payment_id)


def fulfil(order: Order, *, at: datetime) -> Order:
    """Return the order as it has left; the same object if it has."""
    return _become(order, "fulfilled", at)


def reject(order: Order, *, reason: RejectionReason, at: datetime) -> Order:
    """Return the order rejected; the same object if it is."""
    return _become(order, "rejected", at, why=reason, reason=reason)


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


def _each_once(wanted: Sequence[Wanted]) -> None:
    first = {line.sku: n for n, line in reversed(list(enumerate(wanted)))}
    again = [n for n, line in enumerate(wanted) if first[line.sku] != n]
    if again:
        raise InvalidRequest(
            "each product may stand on one line only",
            errors=[FieldError(f"items.{n}.sku", "on an earlier line already") for n in again],
        )


def _lines(wanted: Sequence[Wanted], products: Mapping[str, Product]) -> tuple[Line, ...]:
    unknown = [n for n, line in enumerate(wanted) if line.sku not in products]
    if unknown:
        raise UnknownProduct(
            "a product of this order is not on sale",
            errors=[FieldError(f"items.{n}.sku", "not on sale") for n in unknown],
        )
    found = [(products[line.sku], line.quantity) for line in wanted]
    return tuple(
        Line(sku=product.sku, name=product.name, quantity=quantity, price=product.price)
        for product, quantity in found
    )
