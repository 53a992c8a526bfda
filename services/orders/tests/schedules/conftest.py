"""Orders that were placed at any time, a bucket, and a payment provider that forgets nothing."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.money import Money
from orders.closing import Closing
from orders.compensation import Compensation
from orders.deadlines import Deadlines
from orders.domain import orders as rules
from orders.domain.orders import Line, Order
from orders.inventory import Inventory
from orders.paying import Paying
from orders.payments import ListedPayment, PaymentRefused
from orders.store import Customers, Orders
from orders.tenants import Tenants
from orders.unpaid import CleanUp
from orders.waiting import Waiting
from runtime.clients import client
from runtime.ids import first_ulid, new_id, new_ulid
from runtime.logs import logger
from runtime.table import Table
from runtime.testing import NOW, REGION, cause

BUCKET = "unit-documents"
_MOMENT = 10  # digits of a ULID that tell when it was made
RULES: dict[str, Callable[..., Order]] = {
    "reserved": rules.reserve,
    "awaiting_approval": rules.await_approval,
    "confirmed": rules.confirm,
    "fulfilled": rules.fulfil,
    "refunded": rules.refund,
}


@dataclass
class Bank:
    """The payment provider's side; `trouble` is done before anything else is."""

    trouble: Callable[[], None] = lambda: None
    payments: dict[str, ListedPayment] = field(default_factory=dict)
    begun: dict[str, datetime] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def begins(self, at: datetime, order: Order, tenant: str = "acme", **more: Any) -> str:
        """Begin a payment for an order; return its id."""
        payment_id = f"pi_{len(self.payments) + 1}"
        payment = ListedPayment(
            id=payment_id,
            status="pending",
            amount=order.total.amount,
            currency=order.total.currency,
            refunded=0,
            order_id=order.id,
            tenant=tenant,
        )
        self.payments[payment_id] = replace(payment, **more)
        self.begun[payment_id] = at
        return payment_id

    def becomes(self, payment_id: str, **more: Any) -> None:
        self.payments[payment_id] = replace(self.payments[payment_id], **more)

    def find(self, payment_id: str) -> ListedPayment:
        self.trouble()
        self.asked.append(payment_id)
        if payment_id not in self.payments:
            raise PaymentRefused("resource_missing")
        return self.payments[payment_id]

    def list(self, *, since: datetime, until: datetime) -> Iterator[ListedPayment]:
        self.trouble()
        for payment_id, at in sorted(self.begun.items(), key=lambda one: one[1], reverse=True):
            if since <= at < until:
                yield self.payments[payment_id]

    def undo(self, payment_id: str, *, key: str) -> ListedPayment:
        self.trouble()
        payment = self.payments[payment_id]
        if payment.status == "captured":
            self.becomes(payment_id, refunded=payment.amount)
        else:
            self.becomes(payment_id, status="cancelled")
        return self.payments[payment_id]


class Book:
    """The orders in the table; each becomes what a test says, at the time that it says."""

    def __init__(self, bank: Bank) -> None:
        self.orders, self.bank = Orders.connect(), bank
        self._customers: dict[str, str] = {}

    def customer(self, tenant: str) -> str:
        if tenant not in self._customers:
            self._customers[tenant] = new_id("usr")
            Customers.connect().project(tenant, self._customers[tenant], "active", 1)
            Tenants.connect().remember(tenant)
        return self._customers[tenant]

    def place(
        self,
        at: datetime,
        *,
        amount: int = 500,
        currency: str = "EUR",
        tenant: str = "acme",
        **more: Any,
    ) -> Order:
        """Write an order as if it had been placed then."""
        price = Money(amount=amount, currency=currency)
        order = Order(
            **{
                "id": f"ord_{first_ulid(at)[:_MOMENT]}{new_ulid()[_MOMENT:]}",
                "customer_id": self.customer(tenant),
                "items": (Line(sku="tea", name="Tea", quantity=1, price=price),),
                "total": price,
                "type": "STANDARD",
                "placed_at": at,
                **more,
            }
        )
        self.orders.add(order, cause=cause(tenant), receipt=None)
        return order

    def become(
        self, order: Order, *what: str, at: datetime | None = None, tenant: str = "acme"
    ) -> Order:
        """Have an order become one thing after another: a status, `refunded`, or `pays`."""
        for number, each in enumerate(what):
            now = (at or order.placed_at) + timedelta(seconds=number)
            order = self.orders.change(
                order.id, self._rule(each, now, tenant), now=now, cause=cause(tenant)
            )
        return order

    def _rule(self, what: str, now: datetime, tenant: str) -> Callable[[Order], Order]:
        if what == "pays":
            return lambda order: rules.begin_payment(
                order, payment_id=self.bank.begins(now, order, tenant)
            )
        if what == "cancelled":
            return lambda order: rules.cancel(order, reason="=changed, my mind", at=now)
        if what in RULES:
            return lambda order: RULES[what](order, at=now)
        reason: Any = what
        return lambda order: rules.reject(order, reason=reason, at=now)

    def paid(self, at: datetime, *then: str, tenant: str = "acme", **more: Any) -> Order:
        """Write an order that was placed and paid then."""
        order = self.place(at, tenant=tenant, **more)
        order = self.become(order, "reserved", "pays", "confirmed", *then, tenant=tenant)
        assert order.payment_id
        self.bank.becomes(order.payment_id, status="captured")
        return order

    def now(self, order: Order, tenant: str = "acme") -> Order:
        """Return an order as it is now."""
        return self.orders.get(tenant, order.id)


class Documents:
    """What lies in the bucket."""

    def __init__(self) -> None:
        self.s3: Any = client("s3")
        place: Any = {"LocationConstraint": REGION}
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)

    def keys(self) -> list[str]:
        return [one["Key"] for one in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def text(self, key: str) -> str:
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content.decode()

    def json(self, key: str) -> Any:
        return json.loads(self.text(key))


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def book(service_table: Table, bank: Bank) -> Book:
    return Book(bank)


@pytest.fixture
def documents(service_table: Table, monkeypatch: pytest.MonkeyPatch) -> Documents:
    monkeypatch.setenv("DOCUMENTS_BUCKET", BUCKET)
    return Documents()


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every warning and error that is logged, with what it says beside its words."""
    lines: list[dict[str, Any]] = []
    for level in ("warning", "exception"):
        monkeypatch.setattr(
            logger, level, lambda words, **more: lines.append({"words": words, **more})
        )
    return lines


@dataclass
class Told:
    """Remembers what customers were told."""

    news: list[tuple[str, str]] = field(default_factory=list)

    def send(self, order: Order, **_: Any) -> None:
        self.news.append((order.id, order.status))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def clean_up(book: Book, bank: Any, told: Any) -> CleanUp:
    """The clean-up, at that provider; its clock stands still."""
    return CleanUp(
        Deadlines.connect(),
        book.orders,
        Paying(book.orders, bank),
        Closing(Compensation(book.orders, Inventory.connect(), bank), Waiting.connect(), told),
        clock=lambda: NOW,
    )
