"""Placing an order: what a caller asks for, and how it becomes an order, alone or one of many."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from contracts.events.orders import OrderType
from contracts.ids import Sku, UserId
from contracts.values import Quantity
from orders.domain.orders import Order
from orders.domain.placing import Wanted, place
from orders.products import Products
from orders.store import Customers, Orders
from runtime.cause import Cause
from runtime.changes import Change
from runtime.ids import new_id
from runtime.messages import Body

PaymentMethod = Annotated[str, Field(pattern="^pm_[A-Za-z0-9_]{1,120}$")]
"""The payment provider's token for how something is paid."""


class NewItem(Body):
    """One line: the price is ours."""

    sku: Sku
    quantity: Quantity


class NewOrder(Body):
    """What a caller asks for."""

    customer_id: UserId
    items: Annotated[list[NewItem], Field(min_length=1, max_length=50)]
    type: OrderType = "STANDARD"
    payment_method: PaymentMethod | None = None


@dataclass(frozen=True)
class Placing:
    """Places orders.

    Attributes
    ----------
    orders, products, customers
        What is in the table.
    """

    orders: Orders
    products: Products
    customers: Customers

    @classmethod
    def connect(cls) -> "Placing":
        """Return one on the table that the settings name."""
        return cls(Orders.connect(), Products.connect(), Customers.connect())

    def place(
        self,
        body: NewOrder,
        receipt: Callable[[Order], Change | None],
        *,
        cause: Cause,
        now: datetime,
    ) -> Order:
        """Write the order, at the prices of this moment.

        Parameters
        ----------
        body
            What is asked for.
        receipt
            Returns what is written with the order, to know that it was placed; None for nothing.
        cause, now
            By what, and when.

        Raises
        ------
        runtime.problems.Problem
            It is refused.
        runtime.changes.ConditionFailed
            The receipt's, if that is there already.
        """
        tenant = cause.tenant
        order = place(
            new_id("ord"),
            customer_id=body.customer_id,
            customer=self.customers.status(tenant, body.customer_id),
            wanted=[Wanted(item.sku, item.quantity) for item in body.items],
            products=self.products.find_many(tenant, [item.sku for item in body.items]),
            type=body.type,
            payment_method=body.payment_method,
            at=now,
        )
        self.orders.add(order, cause=cause, receipt=receipt(order))
        return order
