"""Placing an order: what makes a good one, at the prices of the moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.events.orders import OrderType
from contracts.money import MAX_AMOUNT, Money
from orders.domain.orders import CustomerStatus, Line, Order
from orders.domain.problems import (
    InactiveCustomer,
    MixedCurrencies,
    TotalTooLarge,
    UnknownCustomer,
    UnknownProduct,
)
from orders.domain.products import Product
from runtime.problems import FieldError, InvalidRequest


class Wanted(NamedTuple):
    """One line of what a customer asks for."""

    sku: str
    quantity: int


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
