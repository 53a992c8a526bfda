"""Reconciliation: the payments at the provider against the orders, and the other way round.

It reports and repairs nothing. Done again it says what is true then, in place of what it said.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice

from pydantic import BaseModel
from pydantic_core import to_json

from contracts.ids import ULID
from orders.days import Placed, begin, end
from orders.documents import Documents
from orders.domain.orders import Order
from orders.domain.reconciliation import Difference, Kind, judge, standing
from orders.domain.terms import APPROVAL_WITHIN, PAYMENT_WITHIN
from orders.payments import ListedPayment, Payment, PaymentRefused, Payments
from orders.store import order_key, order_of
from orders.tenants import Tenants
from runtime.logs import logger
from runtime.table import InTable

BEFORE = timedelta(days=1)
"""Payments are looked at from so long before the day: what was begun then may be captured on it."""

MOST_TOLD = 10_000
"""Differences that stand in a report; all are counted, and logged."""

_UNTIL_PAID = APPROVAL_WITHIN + max(PAYMENT_WITHIN.values())
_TENANT = re.compile("[a-z][a-z0-9-]{0,62}")
_ORDER = re.compile(f"ord_{ULID}")
_BATCH = 100  # orders that are read at once

Named = tuple[str, str]
"""An order by its tenant and its id."""


class Reconciled(BaseModel):
    """What a run says of itself.

    Attributes
    ----------
    date
        The day, UTC.
    payments, orders
        How many were looked at: payments begun on the day and the one before, and orders that were
        paid on the day.
    differences
        How many did not fit.
    by_kind
        How many by the kind of difference.
    report
        The key of the report in the bucket of documents.
    """

    date: str
    payments: int
    orders: int
    differences: int
    by_kind: Mapping[str, int]
    report: str


@dataclass
class _Findings:
    kinds: Counter[str] = field(default_factory=Counter)
    told: list[Difference] = field(default_factory=list)

    def add(
        self, kind: Kind, named: Named | None, order: Order | None, payment: Payment | None
    ) -> None:
        tenant, order_id = named or (None, None)
        payment_id = payment.id if payment else order and order.payment_id
        logger.warning(
            "payment difference",
            kind=kind,
            tenant_id=tenant,
            order_id=order_id,
            payment_id=payment_id,
        )
        self.kinds[kind] += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(
                Difference(
                    kind=kind,
                    tenant=tenant,
                    order_id=order_id,
                    payment_id=payment_id,
                    **standing(order, payment),
                )
            )


class Paid(InTable):
    """The orders of all tenants, as a reconciliation looks for them."""

    def find(self, names: Iterable[Named]) -> dict[Named, Order]:
        """Return those of the orders that are there."""
        keys = {order_key(*name): name for name in names}
        found = self._table.get_many(list(keys))
        return {keys[key]: order_of(stored) for key, stored in found.items()}


@dataclass(frozen=True)
class Reconciling:
    """Holds orders and payments against each other.

    Attributes
    ----------
    payments
        At the provider.
    paid, placed, tenants
        What is in the table.
    documents
        Where the report goes.
    """

    payments: Payments
    paid: Paid
    placed: Placed
    tenants: Tenants
    documents: Documents

    @classmethod
    def connect(cls) -> "Reconciling":
        """Return one on the table, the bucket and the provider that the settings name."""
        return cls(
            Payments.connect(),
            Paid.connect(),
            Placed.connect(),
            Tenants.connect(),
            Documents.connect(),
        )

    def run(self, day: date, *, now: datetime) -> Reconciled:
        """Look at the payments begun on a day or the one before, and the orders paid on it.

        Raises
        ------
        ProviderUnavailable, PaymentRefused
            The provider does not tell: nothing is reported.
        """
        found = _Findings()
        since, until = begin(day) - BEFORE, end(day)
        seen: set[tuple[str, str | None]] = set()
        for batch in _batches(self.payments.list(since=since, until=until)):
            seen.update((payment.id, payment.order_id) for payment in batch)
            self._judge_payments(batch, found)
        orders = 0
        for tenant in self.tenants.every():
            for order in self.placed.between(tenant, begin(day) - _UNTIL_PAID, until):
                if not _was_paid_on(order, day):
                    continue
                orders += 1
                if order.payment_id is None or (order.payment_id, order.id) not in seen:
                    self._judge_order(tenant, order, found)
        done = Reconciled(
            date=day.isoformat(),
            payments=len(seen),
            orders=orders,
            differences=found.kinds.total(),
            by_kind=dict(sorted(found.kinds.items())),
            report=f"reconciliation/{day.isoformat()}.json",
        )
        self._report(done, found, now)
        return done

    def _judge_payments(self, batch: list[ListedPayment], found: _Findings) -> None:
        names = {payment.id: _named(payment) for payment in batch}
        orders = self.paid.find(name for name in names.values() if name)
        for payment in batch:
            name = names[payment.id]
            order = orders.get(name) if name else None
            kind = judge(order, payment)
            if kind:
                found.add(kind, name, order, payment)

    def _judge_order(self, tenant: str, order: Order, found: _Findings) -> None:
        payment = self._payment(order.payment_id) if order.payment_id else None
        kind = judge(order, payment)
        if kind:
            found.add(kind, (tenant, order.id), order, payment)

    def _payment(self, payment_id: str) -> Payment | None:
        try:
            return self.payments.find(payment_id)
        except PaymentRefused as refused:
            if refused.code != "resource_missing":
                raise
            return None

    def _report(self, done: Reconciled, found: _Findings, now: datetime) -> None:
        report = {
            **done.model_dump(exclude={"report"}),
            "made_at": now,
            "found": found.told,
            "left_out": done.differences - len(found.told),
        }
        self.documents.put(done.report, to_json(report, indent=2), "application/json")


def _batches(payments: Iterator[ListedPayment]) -> Iterator[list[ListedPayment]]:
    while batch := list(islice(payments, _BATCH)):
        yield batch


def _named(payment: ListedPayment) -> Named | None:
    """Return the order that a payment is for, if what it says can be the name of one."""
    tenant, order_id = payment.tenant or "", payment.order_id or ""
    return (tenant, order_id) if _TENANT.fullmatch(tenant) and _ORDER.fullmatch(order_id) else None


def _was_paid_on(order: Order, day: date) -> bool:
    return any(
        step.status == "confirmed" and begin(day) <= step.at < end(day) for step in order.steps
    )
