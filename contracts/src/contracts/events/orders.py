"""What the orders service publishes. Each event carries the whole order."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.event import EventData
from contracts.ids import OrderId, Sku, UserId
from contracts.money import Money
from contracts.values import Name, Quantity, Reason, Timestamp

SOURCE = "starling.orders"

OrderType = Literal["STANDARD", "EXPRESS"]
"""How the customer wants it sent."""


class OrderItem(BaseModel):
    """One line of an order, with name and price of one piece as they were when it was placed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sku: Sku
    name: Name
    quantity: Quantity
    price: Money
    """What one piece cost."""


OrderItems = Annotated[tuple[OrderItem, ...], Field(min_length=1, max_length=50)]
"""What is ordered, a line each."""


class OrderPlaced(EventData, source=SOURCE, version="1.0"):
    """A customer placed an order."""

    order_id: OrderId
    customer_id: UserId
    """Who placed it."""
    type: OrderType
    items: OrderItems
    total: Money
    """What all lines cost together."""
    placed_at: Timestamp
    """When it was placed, in UTC."""


class OrderCancelled(EventData, source=SOURCE, version="1.0"):
    """An order was cancelled. Carries the order too: it may arrive before the order's placing."""

    order_id: OrderId
    customer_id: UserId
    """Who placed it."""
    type: OrderType
    items: OrderItems
    total: Money
    """What all lines cost together."""
    placed_at: Timestamp
    """When it was placed, in UTC."""
    reason: Reason
    """Why it was cancelled, in a few words."""
    cancelled_at: Timestamp
    """When it was cancelled, in UTC."""


class InventoryLow(EventData, source=SOURCE, version="1.0"):
    """An order left few free pieces of a product. Told once, until enough were there again."""

    sku: Sku
    name: Name
    free: Annotated[int, Field(strict=True, ge=0, le=10**9)]
    """How many pieces no order has reserved."""
    low: Annotated[int, Field(strict=True, ge=1, le=10**9)]
    """From how many free pieces on it is not low."""
    noticed_at: Timestamp
    """When the order took them, in UTC."""
