"""Giving up orders whose time to pay is over: rejected, and what they have goes back."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel

from orders.closing import Closing
from orders.deadlines import Deadlines
from orders.domain import orders as rules
from orders.domain.orders import UNPAID, Order
from orders.domain.terms import unpaid_until
from orders.paying import Paying
from orders.store import Orders
from runtime.cause import Cause
from runtime.changes import Exists
from runtime.ids import new_ulid
from runtime.logs import follow, logger


class CleanedUp(BaseModel):
    """What a run says of itself.

    Attributes
    ----------
    rejected
        Orders that it gave up.
    paid
        Orders that were paid after all, of which nobody had heard.
    compensated
        Orders that have given back what they had, some of them given up by an earlier run.
    failed
        Orders that could not be looked at or compensated: the next run tries again.
    more
        Whether the time was over before all were looked at: the next run goes on.
    """

    rejected: int = 0
    paid: int = 0
    compensated: int = 0
    failed: int = 0
    more: bool = False


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class CleanUp:
    """Gives up what is not paid in time.

    Attributes
    ----------
    deadlines, orders, paying
        What is in the table, and at the provider.
    closing
        Closes what was given up.
    clock
        Returns the current time.
    """

    deadlines: Deadlines
    orders: Orders
    paying: Paying
    closing: Closing
    clock: Callable[[], datetime] = _now

    @classmethod
    def connect(cls) -> "CleanUp":
        """Return one on the table and the provider that the settings name."""
        return cls(
            Deadlines.connect(),
            Orders.connect(),
            Paying.connect(),
            Closing.connect(),
        )

    def run(self, *, now: datetime, until: datetime) -> CleanedUp:
        """Look at all whose time is over, and then at what earlier runs left, until it is late.

        One that fails leaves the others alone.

        Parameters
        ----------
        now
            What counts as the current time.
        until
            When no more is begun.
        """
        done, run = CleanedUp(), new_ulid()

        def attempt(what: _Step, tenant: str, order_id: str) -> None:
            cause = Cause(tenant, correlation_id=run, causation_id=run)
            follow(cause, order_id=order_id)
            try:
                what(done, order_id, cause, now)
            except Exception:  # noqa: BLE001 - the other orders do not depend on it
                logger.exception("order not cleaned up")
                done.failed += 1

        looked_at = set()
        for due in self.deadlines.over(now):
            if self.clock() >= until:
                self.deadlines.go_on(due.place)
                return done.model_copy(update={"more": True})
            looked_at.add((due.tenant, due.order_id))
            attempt(self._give_up, due.tenant, due.order_id)
        self.deadlines.go_on(None)
        for tenant, order_id in self.deadlines.to_compensate():
            if self.clock() >= until:
                return done.model_copy(update={"more": True})
            if (tenant, order_id) not in looked_at:  # else it failed a moment ago
                attempt(self._compensate, tenant, order_id)
        return done

    def _give_up(self, done: CleanedUp, order_id: str, cause: Cause, now: datetime) -> None:
        order = self.orders.get(cause.tenant, order_id)
        if not _is_overdue(order, now):  # the index lags
            return
        # Its money may have been taken, and the word of it lost.
        if order.payment_id and self.paying.look(order_id, order.payment_id, cause=cause, now=now):
            logger.warning("order was paid, and nobody had heard")
            done.paid += 1
            return

        def given_up(order: Order) -> Order:
            if not _is_overdue(order, now):
                return order
            return rules.reject(order, reason="payment_overdue", at=now)

        mark = self.deadlines.given_up(cause.tenant, order_id)
        with suppress(Exists):  # another run, at the same time, has it in hand
            order = self.orders.change(order_id, given_up, now=now, cause=cause, mark=mark)
            if order.status == "rejected":  # else it was paid, or cancelled, in that moment
                logger.info("order given up")
                done.rejected += 1
                self._compensate(done, order_id, cause, now)

    def _compensate(self, done: CleanedUp, order_id: str, cause: Cause, now: datetime) -> None:
        self.closing.close(order_id, cause=cause, now=now)
        self.deadlines.compensated(cause.tenant, order_id)
        done.compensated += 1


_Step = Callable[[CleanedUp, str, Cause, datetime], None]


def _is_overdue(order: Order, now: datetime) -> bool:
    return order.status in UNPAID and now > unpaid_until(order)
