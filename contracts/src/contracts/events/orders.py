"""What the orders service publishes. Each event carries the whole order."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.event import EventData
from contracts.ids import OrderId, Sku, UserId
from contracts.money import Money
from contracts.values import Name, Quantity, Reason, Timestamp

SOURCE = "starling.orders"

OrderType = Literal["STANDARD", "EXPRESS"]


class OrderItem(BaseModel):
    """One line of an order, with name and price of one piece as they were when it was placed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sku: Sku
    name: Name
    quantity: Quantity
    price: Money


OrderItems = Annotated[tuple[OrderItem, ...], Field(min_length=1, max_length=50)]


class OrderPlaced(EventData, source=SOURCE, version="1.0"):
    """A customer placed an order."""

    order_id: OrderId
    customer_id: UserId
    type: OrderType
    items: OrderItems
    total: Money
    placed_at: Timestamp


class OrderCancelled(EventData, source=SOURCE, version="1.0"):
    """An order was cancelled. Carries the order too: it may arrive before the order's placing."""

    order_id: OrderId
    customer_id: UserId
    type: OrderType
    items: OrderItems
    total: Money
    placed_at: Timestamp
    reason: Reason
    cancelled_at: Timestamp
