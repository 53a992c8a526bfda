"""What the orders service publishes. Each event carries the whole order."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.event import EventData
from contracts.ids import OrderId, Sku, UserId
from contracts.money import Money
from contracts.values import Code, Name, Quantity, Reason, Timestamp

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


class WholeOrder(BaseModel):
    """The order, which each event of one carries: it may arrive before those that came earlier."""

    order_id: OrderId
    customer_id: UserId
    """Who placed it."""
    type: OrderType
    items: OrderItems
    total: Money
    """What all lines cost together."""
    placed_at: Timestamp
    """When it was placed, in UTC."""


class OrderPlaced(WholeOrder, EventData, source=SOURCE, version="1.0"):
    """A customer placed an order."""


class OrderConfirmed(WholeOrder, EventData, source=SOURCE, version="1.0"):
    """An order was paid: its goods are reserved, and will leave."""

    confirmed_at: Timestamp
    """When it was paid, in UTC."""


class OrderFulfilled(WholeOrder, EventData, source=SOURCE, version="1.0"):
    """An order has left for its customer."""

    fulfilled_at: Timestamp
    """When it left, in UTC."""


class OrderRejected(WholeOrder, EventData, source=SOURCE, version="1.0"):
    """An order came to nothing. What was reserved for it is given back, and what was paid."""

    reason: Code
    """Why: `OUT_OF_STOCK`, `PAYMENT_FAILED`, `PAYMENT_OVERDUE` or `NOT_APPROVED`, or another."""
    rejected_at: Timestamp
    """When it was rejected, in UTC."""


class OrderCancelled(WholeOrder, EventData, source=SOURCE, version="1.0"):
    """An order was cancelled. Carries the order too: it may arrive before the order's placing."""

    reason: Reason
    """Why it was cancelled, in a few words."""
    cancelled_at: Timestamp
    """When it was cancelled, in UTC."""


class PaymentCaptured(EventData, source=SOURCE, version="1.0"):
    """The money for an order was taken. How it was paid is nobody's business."""

    order_id: OrderId
    customer_id: UserId
    """Who paid."""
    amount: Money
    """What was taken."""
    captured_at: Timestamp
    """When it was known to be taken, in UTC."""


class PaymentRefunded(EventData, source=SOURCE, version="1.0"):
    """All money for an order went back."""

    order_id: OrderId
    customer_id: UserId
    """Whose money it was."""
    amount: Money
    """What went back."""
    refunded_at: Timestamp
    """When it was known to have gone back, in UTC."""


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


class Takings(BaseModel):
    """What orders brought in, in one currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount: Annotated[int, Field(strict=True, ge=0, le=2**53 - 1)]
    """Minor units; of many orders it may be more than one may cost."""
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    """ISO 4217 code, upper case."""


Many = Annotated[int, Field(strict=True, ge=0, le=10**9)]
"""How many orders."""


class DailyReportReady(EventData, source=SOURCE, version="1.0"):
    """A report on the orders of one day can be fetched: `GET /reports/{date}` of orders."""

    date: Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    """The day on which the orders were placed, in UTC."""
    complete: bool
    """Whether the day was over; if not, another report follows when it is."""
    orders: Many
    """How many were placed."""
    revenue: Annotated[tuple[Takings, ...], Field(max_length=400)]
    """What those cost that were paid, and were neither cancelled nor rejected, by currency."""
    rejected: Many
    cancelled: Many
    counted_at: Timestamp
    """As of when, in UTC: what became of the orders later is not in it."""
