"""Paying for an order: once, whatever fails in between."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from orders.domain import orders as rules
from orders.domain.orders import ENDED, UNPAID, NotPossible, Order
from orders.domain.problems import OrderEnded
from orders.domain.terms import unpaid_until
from orders.payments import PaymentDeclined, Payments, ProviderLeftAlone, ProviderUnavailable
from orders.store import Orders
from runtime.cause import Cause
from runtime.metrics import count
from runtime.problems import NotFound


class PaymentFailed(Exception):
    """The order is not paid, and will not be: its card was declined."""


class PaymentOverdue(Exception):
    """The time to pay is over."""


@dataclass(frozen=True)
class Paying:
    """Has orders paid.

    Attributes
    ----------
    orders, payments
        What is in the table, and at the provider.
    """

    orders: Orders
    payments: Payments

    @classmethod
    def connect(cls) -> "Paying":
        """Return one on the table and the provider that the settings name."""
        return cls(Orders.connect(), Payments.connect())

    def pay(self, order_id: str, *, cause: Cause, now: datetime) -> Order:
        """Take the order's money, and return the order paid; twice is once.

        The payment's id is written to the order before any money moves: whoever compensates the
        order finds what there is to undo.

        Raises
        ------
        PaymentFailed, PaymentOverdue
            It comes to nothing.
        orders.domain.problems.OrderEnded
            There is nothing to be paid any more.
        ProviderUnavailable, ProviderLeftAlone
            Later, perhaps.
        PaymentRefused
            A person has to look.
        """
        order = self.orders.get(cause.tenant, order_id)
        if order.status in ENDED:
            raise OrderEnded(order.status)
        if order.status not in UNPAID:
            return order
        if order.total.amount == 0:
            return self._confirm(order_id, cause, now)
        if now > unpaid_until(order):
            raise PaymentOverdue
        try:
            payment_id = order.payment_id or self._begin(order, cause, now)
            payment = self.payments.capture(payment_id, key=order_id)
        except PaymentDeclined as declined:
            count("PaymentsDeclined")
            raise PaymentFailed(declined.code) from declined
        except ProviderLeftAlone:
            raise
        except ProviderUnavailable as failure:
            count("PaymentsUnavailable")
            # By this very name, which the state machine knows; there are more kinds of it.
            raise ProviderUnavailable(str(failure)) from failure
        if payment.status == "pending":
            raise ProviderUnavailable("the provider takes its time")
        if payment.status != "captured":
            order = self.orders.get(cause.tenant, order_id)
            if order.status in ENDED:  # and so the payment was undone
                raise OrderEnded(order.status)
            raise PaymentFailed(payment.status)
        order = self._confirm(order_id, cause, now)
        count("PaymentsCaptured")
        return order

    def look(self, order_id: str, payment_id: str, *, cause: Cause, now: datetime) -> bool:
        """Ask the provider how an order's payment stands, and write down what is news.

        Returns
        -------
        bool
            Whether there was news: not if the order, by this payment, is unknown.

        Raises
        ------
        ProviderUnavailable, PaymentRefused
        runtime.changes.RevisionConflict
            The order goes on changing under our hands.
        """
        try:
            order = self.orders.get(cause.tenant, order_id)
        except NotFound:
            return False
        if order.payment_id != payment_id:
            return False
        payment = self.payments.find(payment_id)
        if payment.status != "captured":
            return False
        back = payment.refunded >= payment.amount

        def news(order: Order) -> Order:
            try:
                return rules.refund(order, at=now) if back else rules.confirm(order, at=now)
            except (OrderEnded, NotPossible):
                return order

        return self.orders.change(order_id, news, now=now, cause=cause).revision > order.revision

    def _begin(self, order: Order, cause: Cause, now: datetime) -> str:
        if order.payment_method is None:
            raise PaymentOverdue  # who waits for it has waited long enough
        # Another method is another payment.
        method = sha256(order.payment_method.encode()).hexdigest()[:16]
        payment = self.payments.begin(
            tenant=cause.tenant,
            order_id=order.id,
            amount=order.total,
            method=order.payment_method,
            key=f"{order.id}:{method}",
        )
        try:
            self.orders.change(
                order.id,
                lambda order: rules.begin_payment(order, payment_id=payment.id),
                now=now,
                cause=cause,
            )
        except OrderEnded:
            # Nobody else knows of it. It takes no money anyway.
            with suppress(ProviderUnavailable):
                self.payments.undo(payment.id, key=order.id)
            raise
        return payment.id

    def _confirm(self, order_id: str, cause: Cause, now: datetime) -> Order:
        return self.orders.change(
            order_id, lambda order: rules.confirm(order, at=now), now=now, cause=cause
        )
