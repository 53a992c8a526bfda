"""Giving back what an order has that came to nothing: its money, and its goods."""

from dataclasses import dataclass
from datetime import datetime

from orders.domain import orders as rules
from orders.domain.orders import NotPossible
from orders.inventory import Inventory
from orders.payments import Payments
from orders.store import Orders
from runtime.cause import Cause


@dataclass(frozen=True)
class Compensation:
    """Compensates orders that were rejected or cancelled; each part twice is once.

    That the order has ended comes first: nothing more is reserved or paid for it then.

    Attributes
    ----------
    orders, inventory, payments
        What is in the table, and at the provider.
    """

    orders: Orders
    inventory: Inventory
    payments: Payments

    @classmethod
    def connect(cls) -> "Compensation":
        """Return one on the table and the provider that the settings name."""
        return cls(Orders.connect(), Inventory.connect(), Payments.connect())

    def compensate(self, order_id: str, *, cause: Cause, now: datetime) -> None:
        """Give back its goods and its money: the goods wait for nobody.

        Raises
        ------
        NotFound
            There is no order by that id.
        NotPossible
            It was neither rejected nor cancelled.
        ProviderUnavailable, PaymentRefused
            Its money did not go back, or nobody knows.
        runtime.changes.Contended, runtime.changes.RevisionConflict
            Others are at it: try again.
        """
        self.release(order_id, cause=cause, now=now)
        self.refund(order_id, cause=cause, now=now)

    def refund(self, order_id: str, *, cause: Cause, now: datetime) -> None:
        """Undo its payment, and tell it if any money went back; raises as `compensate`."""
        order = self._ended(order_id, cause)
        if order.payment_id is None or order.refunded_at:
            return
        payment = self.payments.undo(order.payment_id, key=order_id)
        if payment.refunded:
            self.orders.change(
                order_id, lambda order: rules.refund(order, at=now), now=now, cause=cause
            )

    def release(self, order_id: str, *, cause: Cause, now: datetime) -> None:
        """Give back the pieces that it holds; raises as `compensate`."""
        self._ended(order_id, cause)
        self.inventory.release(order_id, cause=cause, now=now)

    def _ended(self, order_id: str, cause: Cause) -> rules.Order:
        order = self.orders.get(cause.tenant, order_id)
        if order.status not in {"cancelled", "rejected"}:
            raise NotPossible(f"the order is {order.status}: it keeps what it has")
        return order
