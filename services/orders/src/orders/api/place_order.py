"""Place an order."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from contracts.events.orders import OrderType
from contracts.ids import Sku, UserId
from contracts.values import Quantity
from orders.domain import orders as rules
from orders.domain.orders import Wanted
from orders.domain.problems import (
    InactiveCustomer,
    MixedCurrencies,
    TotalTooLarge,
    UnknownCustomer,
    UnknownProduct,
)
from orders.store import Customers, Orders, Products
from orders.views import OrderView, order_answer
from runtime.endpoint import endpoint
from runtime.ids import new_id
from runtime.messages import Answer, Body, Request


class NewItem(Body):
    """One line: the price is ours."""

    sku: Sku
    quantity: Quantity


class NewOrder(Body):
    """What a caller asks for."""

    customer_id: UserId
    items: Annotated[list[NewItem], Field(min_length=1, max_length=50)]
    type: OrderType = "STANDARD"
    payment_method: Annotated[str, Field(pattern="^pm_[A-Za-z0-9_]{1,120}$")] | None = None


def place_order(
    request: Request[NewOrder],
    orders: Orders,
    products: Products,
    customers: Customers,
    now: datetime,
) -> Answer[OrderView]:
    """Write the order, at the prices of this moment."""
    tenant, body = request.tenant, request.body
    order = rules.place(
        new_id("ord"),
        customer_id=body.customer_id,
        customer=customers.status(tenant, body.customer_id),
        wanted=[Wanted(item.sku, item.quantity) for item in body.items],
        products=products.find_many(tenant, [item.sku for item in body.items]),
        type=body.type,
        payment_method=body.payment_method,
        at=now,
    )
    made = order_answer(order)
    receipt = request.once.receipt(201, made.body, made.etag) if request.once else None
    orders.add(order, cause=request.cause, receipt=receipt)
    return made


handler = endpoint(
    "POST",
    "/orders",
    place_order,
    status=201,
    idempotent=True,
    problems=[UnknownCustomer, InactiveCustomer, UnknownProduct, MixedCurrencies, TotalTooLarge],
    orders=Orders.connect,
    products=Products.connect,
    customers=Customers.connect,
)
