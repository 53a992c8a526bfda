"""What is told of an order's changes. How it is paid never is."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from contracts.event import EventData
from contracts.events.orders import (
    OrderCancelled,
    OrderConfirmed,
    OrderFulfilled,
    OrderItem,
    OrderPlaced,
    OrderRejected,
    OrderType,
    PaymentCaptured,
    PaymentRefunded,
)
from contracts.money import Money
from orders.domain.orders import Order


def told(order: Order, at: datetime) -> Sequence[EventData]:
    """Return what is told of an order that has just become what it is.

    That its goods are reserved, or that it awaits approval, is nobody else's business.

    Parameters
    ----------
    order
        The order after the change.
    at
        When it changed.
    """
    whole = _whole(order)
    match order.status:
        case "placed":
            return [OrderPlaced(**whole)]
        case "confirmed":
            # Without a payment it costs nothing.
            paid = [_captured(order, at)] if order.payment_id else []
            return [*paid, OrderConfirmed(**whole, confirmed_at=at)]
        case "fulfilled":
            return [OrderFulfilled(**whole, fulfilled_at=at)]
        case "rejected":
            reason = (order.reason or "").upper()
            return [OrderRejected(**whole, reason=reason, rejected_at=at)]
        case "cancelled":
            reason = order.reason or ""
            return [OrderCancelled(**whole, reason=reason, cancelled_at=at)]
        case "reserved" | "awaiting_approval":
            return []


def _captured(order: Order, at: datetime) -> PaymentCaptured:
    return PaymentCaptured(
        order_id=order.id, customer_id=order.customer_id, amount=order.total, captured_at=at
    )


def refunded(order: Order, at: datetime) -> PaymentRefunded:
    """Return the event of an order's money having gone back."""
    return PaymentRefunded(
        order_id=order.id, customer_id=order.customer_id, amount=order.total, refunded_at=at
    )


class _Whole(TypedDict):
    order_id: str
    customer_id: str
    type: OrderType
    items: tuple[OrderItem, ...]
    total: Money
    placed_at: datetime


def _whole(order: Order) -> _Whole:
    return {
        "order_id": order.id,
        "customer_id": order.customer_id,
        "type": order.type,
        "items": tuple(
            OrderItem(sku=line.sku, name=line.name, quantity=line.quantity, price=line.price)
            for line in order.items
        ),
        "total": order.total,
        "placed_at": order.placed_at,
    }
