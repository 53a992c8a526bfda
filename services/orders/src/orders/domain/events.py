"""What is told of an order's changes. The payment method never is."""

from contracts.events.orders import OrderCancelled, OrderItem, OrderPlaced
from orders.domain.orders import Order


def placed(order: Order) -> OrderPlaced:
    """Return the event of a placement."""
    return OrderPlaced(
        order_id=order.id,
        customer_id=order.customer_id,
        type=order.type,
        items=_items(order),
        total=order.total,
        placed_at=order.placed_at,
    )


def cancelled(order: Order) -> OrderCancelled:
    """Return the event of a cancellation, with the order: it may arrive before the placement."""
    return OrderCancelled(
        order_id=order.id,
        customer_id=order.customer_id,
        type=order.type,
        items=_items(order),
        total=order.total,
        placed_at=order.placed_at,
        reason=order.reason,
        cancelled_at=order.cancelled_at,
    )


def _items(order: Order) -> tuple[OrderItem, ...]:
    return tuple(
        OrderItem(sku=line.sku, name=line.name, quantity=line.quantity, price=line.price)
        for line in order.items
    )
