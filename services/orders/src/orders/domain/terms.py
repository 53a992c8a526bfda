"""The terms of an order: until when it must be approved and paid, and when it leaves."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from contracts.events.orders import OrderType
from orders.domain.orders import Order

PAYMENT_WITHIN: Mapping[OrderType, timedelta] = {
    "EXPRESS": timedelta(hours=1),
    "STANDARD": timedelta(hours=24),
}
"""After an order was placed: what is urgent holds its goods no longer than it must."""

APPROVAL_WITHIN = timedelta(hours=72)
"""A weekend, and the day after. The time to pay begins anew behind it."""


def unpaid_until(order: Order) -> datetime:
    """Return when an order that is not paid is given up."""
    from_when = order.approved_at or order.placed_at
    if order.approved_at is None and order.status == "awaiting_approval":
        from_when += APPROVAL_WITHIN
    return from_when + PAYMENT_WITHIN[order.type]


def dispatch_at(order: Order, *, now: datetime, every: timedelta) -> datetime:
    """Return when an order that is paid leaves: at once, or with the next round.

    Parameters
    ----------
    order
        The order.
    now
        The current time.
    every
        From one round to the next; rounds are counted from midnight, UTC.
    """
    if order.type == "EXPRESS":
        return now
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + every * -((midnight - now) // every)
