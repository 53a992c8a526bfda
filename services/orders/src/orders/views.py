"""Answers that several endpoints share."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from contracts.events.orders import OrderType
from contracts.money import Money
from orders.domain.orders import Order, OrderStatus
from orders.domain.products import Product
from runtime.messages import Answer, View


class PictureView(View):
    """A picture: the service of media has it by this id."""

    media_id: str


class ProductView(View):
    """A product as callers see it."""

    model_config = ConfigDict(from_attributes=True)

    sku: str
    name: str
    price: Money
    stock: Annotated[int, Field(description="pieces that no order has reserved or bought")]
    picture: PictureView | None = None
    revision: Annotated[
        int, Field(description="of what was said of it: not of orders, nor of its picture")
    ]


class LineView(View):
    """One line of an order."""

    model_config = ConfigDict(from_attributes=True)

    sku: str
    name: str
    quantity: int
    price: Money


class OrderView(View):
    """An order as callers see it: without the payment method."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    customer_id: str
    items: list[LineView]
    total: Money
    type: OrderType
    status: OrderStatus
    placed_at: datetime
    cancelled_at: datetime | None
    reason: str | None
    dispatch_at: datetime | None
    refunded_at: datetime | None
    revision: int


def product_answer(
    product: Product, *, free: int, picture: str | None, status: int | None = None
) -> Answer[ProductView]:
    """Return a product, its free pieces and its picture; its revision is the entity tag."""
    view = ProductView.model_validate(product).model_copy(update={"stock": free})
    if picture is not None:
        view = view.model_copy(update={"picture": PictureView(media_id=picture)})
    return Answer(view, status=status, etag=product.revision)


def order_answer(order: Order) -> Answer[OrderView]:
    """Return the order as an answer, with its revision as the entity tag."""
    return Answer(OrderView.model_validate(order), etag=order.revision)
