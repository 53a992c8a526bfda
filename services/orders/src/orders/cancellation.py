"""Cancelling an order, also while others change it."""

from datetime import datetime

from orders.domain import orders as rules
from orders.domain.orders import Order
from orders.store import Orders
from runtime.cause import Cause
from runtime.changes import Change
from runtime.problems import Stale


def cancel(
    orders: Orders,
    order_id: str,
    *,
    reason: str,
    now: datetime,
    cause: Cause,
    expected: int | None = None,
    mark: Change | None = None,
) -> Order:
    """Cancel an order, and return it; one that is cancelled already is returned as it is.

    Parameters
    ----------
    orders
        Where the orders are.
    order_id, reason, now
        Which one, why, and when.
    cause
        The request or event behind it, which names the tenant.
    expected
        The revision that the order must be at, if the caller says.
    mark
        The mark of the event behind it, if it is one.

    Raises
    ------
    NotFound
        There is none by that id.
    orders.domain.problems.OrderEnded
        It was fulfilled or rejected.
    Stale
        It is at another revision than `expected`.
    runtime.changes.Exists
        The event was handled before.
    runtime.changes.RevisionConflict
        It goes on changing under our hands.
    """

    def cancelled(order: Order) -> Order:
        new = rules.cancel(order, reason=reason, at=now)
        if new is not order and expected not in (None, order.revision):
            raise Stale(f"the order is at revision {order.revision}")
        return new

    return orders.change(order_id, cancelled, now=now, cause=cause, mark=mark)
