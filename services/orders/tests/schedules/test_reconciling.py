"""Reconciliation: each way in which an order and its payment may not fit is found, and no other."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from orders import reconciling
from orders.days import OfDay, Placed
from orders.documents import Documents as Bucket
from orders.domain.orders import Order
from orders.payments import PaymentRefused, ProviderUnavailable
from orders.reconciling import Paid, Reconciled, Reconciling
from orders.schedules import reconcile_payments
from orders.tenants import Tenants
from runtime.commits import Commits
from runtime.task import InvalidInput
from runtime.testing import Context

DAY = date(2026, 11, 19)
NOON = datetime(2026, 11, 19, 12, tzinfo=UTC)
NIGHT = datetime(2026, 11, 20, 2, tzinfo=UTC)
REPORT = "reconciliation/2026-11-19.json"


@pytest.fixture
def reconcile(book: Any, bank: Any, documents: Any) -> Callable[..., Reconciled]:
    """Reconcile a day, as if it were the night after it."""

    def run(day: date = DAY, now: datetime = NIGHT) -> Reconciled:
        return Reconciling(
            bank, Paid.connect(), Placed.connect(), Tenants.connect(), Bucket.connect()
        ).run(day, now=now)

    return run


def test_what_fits_is_no_difference(book: Any, bank: Any, documents: Any, reconcile: Any) -> None:
    book.paid(NOON)
    book.paid(NOON, "fulfilled")
    book.paid(NOON, tenant="globex")
    book.become(book.place(NOON), "reserved", "pays")  # under way
    declined = book.become(book.place(NOON), "reserved", "pays", "payment_failed")
    bank.becomes(declined.payment_id, status="failed")
    gone = book.become(book.place(NOON), "reserved", "pays", "cancelled")
    bank.becomes(gone.payment_id, status="cancelled")
    back = book.paid(NOON, "cancelled", "refunded")
    bank.becomes(back.payment_id, refunded=500)
    book.become(book.place(NOON, amount=0), "reserved", "confirmed")  # costs nothing
    assert reconcile() == Reconciled(
        date="2026-11-19", payments=7, orders=5, differences=0, by_kind={}, report=REPORT
    )
    assert documents.json(REPORT)["found"] == []


def captured_not_confirmed(book: Any, bank: Any) -> Order:
    order: Order = book.become(book.place(NOON), "reserved", "pays")
    bank.becomes(order.payment_id, status="captured")
    return order


def captured_twice(book: Any, bank: Any) -> Order:
    order: Order = book.paid(NOON)
    bank.begins(NOON, order, status="captured")
    return order


def amount_differs(book: Any, bank: Any) -> Order:
    order: Order = book.paid(NOON)
    bank.becomes(order.payment_id, amount=499)
    return order


def currency_differs(book: Any, bank: Any) -> Order:
    order: Order = book.paid(NOON)
    bank.becomes(order.payment_id, currency="USD")
    return order


def not_captured(book: Any, bank: Any) -> Order:
    order: Order = book.paid(NOON, "fulfilled")
    bank.becomes(order.payment_id, status="pending")
    return order


def payment_missing(book: Any, bank: Any) -> Order:
    order: Order = book.paid(NOON)
    del bank.payments[order.payment_id], bank.begun[order.payment_id]
    return order


def paid_without_a_payment(book: Any, _bank: Any) -> Order:
    order: Order = book.become(book.place(NOON), "reserved", "confirmed")
    return order


def refunded_not_cancelled(book: Any, bank: Any) -> Order:
    order: Order = book.paid(NOON, "fulfilled")
    bank.becomes(order.payment_id, refunded=500)
    return order


def partly_refunded(book: Any, bank: Any) -> Order:
    order: Order = book.paid(NOON)
    bank.becomes(order.payment_id, refunded=1)
    return order


def not_refunded(book: Any, _bank: Any) -> Order:
    order: Order = book.paid(NOON, "cancelled")
    return order


def not_refunded_in_whole(book: Any, bank: Any) -> Order:
    order: Order = book.become(book.place(NOON), "reserved", "pays", "payment_failed")
    bank.becomes(order.payment_id, status="captured", refunded=499)
    return order


def refund_not_recorded(book: Any, bank: Any) -> Order:
    order: Order = book.paid(NOON, "cancelled")
    bank.becomes(order.payment_id, refunded=500)
    return order


def unknown_order(book: Any, bank: Any) -> Order:
    order: Order = book.place(NOON)
    stranger = order.model_copy(update={"id": "ord_01JZ0000000000000000000000"})
    bank.begins(NOON, stranger)
    return stranger


def order_of_another_tenant(book: Any, bank: Any) -> Order:
    order: Order = book.place(NOON, tenant="globex")
    bank.begins(NOON, order, tenant="acme", status="captured")
    return order


CASES: dict[Callable[[Any, Any], Order], str] = {
    captured_not_confirmed: "captured_not_confirmed",
    captured_twice: "captured_twice",
    amount_differs: "amount_differs",
    currency_differs: "amount_differs",
    not_captured: "not_captured",
    payment_missing: "payment_missing",
    paid_without_a_payment: "payment_missing",
    refunded_not_cancelled: "refunded_not_cancelled",
    partly_refunded: "refunded_not_cancelled",
    not_refunded: "not_refunded",
    not_refunded_in_whole: "not_refunded",
    refund_not_recorded: "refund_not_recorded",
    unknown_order: "unknown_order",
    order_of_another_tenant: "unknown_order",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_what_does_not_fit_is_reported_once(
    case: Any, *, book: Any, bank: Any, documents: Any, reconcile: Any, logged: Any
) -> None:
    book.paid(NOON)
    order = case(book, bank)
    done = reconcile()
    assert (done.differences, done.by_kind) == (1, {CASES[case]: 1})
    (found,) = documents.json(REPORT)["found"]
    assert (found["kind"], found["tenant"]) == (CASES[case], "acme")
    assert found["order_id"] == order.id
    (line,) = logged
    assert line == {
        "words": "payment difference",
        "kind": CASES[case],
        "tenant_id": "acme",
        "order_id": order.id,
        "payment_id": found["payment_id"],
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_nothing_is_repaired(
    case: Any, *, book: Any, bank: Any, reconcile: Any, commits: Commits
) -> None:
    case(book, bank)
    before, told = dict(bank.payments), list(commits.told)
    reconcile()
    assert (bank.payments, commits.told) == (before, told)


def test_a_second_run_says_what_is_true_then(
    book: Any, bank: Any, documents: Any, reconcile: Any
) -> None:
    order = not_refunded(book, bank)
    first = reconcile()
    assert reconcile() == first
    assert first.differences == 1
    bank.becomes(order.payment_id, refunded=500)
    book.become(order, "refunded")
    assert reconcile(now=NIGHT + timedelta(hours=6)).differences == 0
    report = documents.json(REPORT)
    assert (report["found"], report["made_at"]) == ([], "2026-11-20T08:00:00Z")
    assert documents.keys() == [REPORT]


def test_the_report_says_how_both_stood_and_nothing_of_a_person(
    book: Any, bank: Any, documents: Any, reconcile: Any
) -> None:
    order = book.paid(NOON, "cancelled", payment_method="pm_card_visa")
    reconcile()
    text = documents.text(REPORT)
    assert json.loads(text) == {
        "date": "2026-11-19",
        "payments": 1,
        "orders": 1,
        "differences": 1,
        "by_kind": {"not_refunded": 1},
        "made_at": "2026-11-20T02:00:00Z",
        "found": [
            {
                "kind": "not_refunded",
                "tenant": "acme",
                "order_id": order.id,
                "payment_id": order.payment_id,
                "order": {
                    "status": "cancelled",
                    "total": {"amount": 500, "currency": "EUR"},
                    "payment_id": order.payment_id,
                },
                "payment": {
                    "status": "captured",
                    "amount": 500,
                    "refunded": 0,
                    "currency": "EUR",
                },
            }
        ],
        "left_out": 0,
    }
    assert order.customer_id not in text
    assert "pm_card" not in text


@pytest.mark.parametrize(
    ("tenant", "order_id"),
    [
        (None, None),
        ("acme", None),
        (None, "ord_01JZ0000000000000000000000"),
        ("Ada Lovelace", "ord_01JZ0000000000000000000000"),
        ("acme", "a lamp for ada@example.com"),
        ("acme#ORDER#x", "ord_01JZ0000000000000000000000"),
    ],
)
def test_what_cannot_be_the_name_of_an_order_is_neither_looked_for_nor_repeated(
    tenant: Any, order_id: Any, *, book: Any, bank: Any, documents: Any, reconcile: Any
) -> None:
    order = book.place(NOON)
    bank.begins(NOON, order, status="captured")
    bank.becomes("pi_1", tenant=tenant, order_id=order_id)
    assert reconcile().by_kind == {"unknown_order": 1}
    text = documents.text(REPORT)
    assert json.loads(text)["found"][0] == {
        "kind": "unknown_order",
        "tenant": None,
        "order_id": None,
        "payment_id": "pi_1",
        "order": None,
        "payment": {"status": "captured", "amount": 500, "refunded": 0, "currency": "EUR"},
    }
    assert "ada" not in text.lower()


def test_an_order_that_was_paid_days_after_it_was_placed_is_looked_at_on_the_day_it_was_paid(
    book: Any, bank: Any, reconcile: Any
) -> None:
    order = book.place(NOON - timedelta(days=3))
    order = book.become(order, "reserved", "awaiting_approval", "pays", "confirmed", at=NOON)
    del bank.payments[order.payment_id]
    bank.begun.clear()
    assert reconcile().by_kind == {"payment_missing": 1}
    assert reconcile(DAY - timedelta(days=3)).differences == 0
    assert reconcile(DAY - timedelta(days=1)).differences == 0


def test_a_payment_that_is_not_in_the_days_list_is_asked_for(
    book: Any, bank: Any, reconcile: Any
) -> None:
    order = book.paid(NOON)
    bank.begun[order.payment_id] = NOON - timedelta(days=3)
    assert reconcile().differences == 0
    assert bank.asked == [order.payment_id]
    bank.becomes(order.payment_id, amount=1)
    assert reconcile().by_kind == {"amount_differs": 1}


def test_what_was_begun_late_the_day_before_is_looked_at_again(
    book: Any, bank: Any, reconcile: Any
) -> None:
    order = book.become(book.place(NOON - timedelta(hours=13)), "reserved", "pays")
    assert reconcile(DAY - timedelta(days=1), NIGHT - timedelta(days=1)).differences == 0
    bank.becomes(order.payment_id, status="captured")  # on the next day, and nobody heard
    assert reconcile().by_kind == {"captured_not_confirmed": 1}


def test_more_than_one_page_of_payments(
    book: Any, bank: Any, reconcile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "_BATCH", 3)
    for number in range(10):
        book.paid(NOON + timedelta(seconds=number))
    missing = book.paid(NOON)
    del bank.payments[missing.payment_id], bank.begun[missing.payment_id]
    done = reconcile()
    assert (done.payments, done.orders, done.by_kind) == (10, 11, {"payment_missing": 1})


def test_a_report_holds_some_and_counts_all(
    book: Any, bank: Any, documents: Any, reconcile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "MOST_TOLD", 2)
    for _ in range(5):
        not_refunded(book, bank)
    assert reconcile().differences == 5
    report = documents.json(REPORT)
    assert (len(report["found"]), report["left_out"]) == (2, 3)


@pytest.mark.parametrize("error", [ProviderUnavailable("away"), PaymentRefused("unreadable")])
def test_while_the_provider_does_not_tell_nothing_is_reported(
    error: Exception, *, book: Any, bank: Any, documents: Any, reconcile: Any
) -> None:
    book.paid(NOON)

    def fail() -> None:
        raise error

    bank.trouble = fail
    with pytest.raises(type(error)):
        reconcile()
    bank.begun.clear()
    bank.list = lambda **_: iter(())
    with pytest.raises(type(error)):  # a payment that it does not show is not one that is missing
        reconcile()
    assert documents.keys() == []


def test_the_schedule_counts_the_differences_and_says_where_the_report_is(
    *, book: Any, bank: Any, documents: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    handler = reconcile_payments.handler
    made = Reconciling(bank, Paid.connect(), Placed.connect(), Tenants.connect(), Bucket.connect())
    monkeypatch.setattr(handler._collaborators, "_made", {"reconciling": made})
    yesterday = datetime.now(UTC) - timedelta(days=1)
    day = yesterday.date().isoformat()
    book.paid(yesterday.replace(hour=12), "cancelled")
    clock = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    for event in (clock, {}, {"date": day}):
        assert handler(event, Context()) == {
            "date": day,
            "payments": 1,
            "orders": 1,
            "differences": 1,
            "by_kind": {"not_refunded": 1},
            "report": f"reconciliation/{day}.json",
        }
        assert '"PaymentDifferences":[1.0]' in capsys.readouterr().out.replace(" ", "")
    assert handler({"date": "2020-01-01"}, Context())["differences"] == 0
    assert '"PaymentDifferences":[0.0]' in capsys.readouterr().out.replace(" ", "")
    with pytest.raises(InvalidInput):
        handler({"date": "yesterday"}, Context())
    with pytest.raises(ValueError, match="still to come"):
        handler({"date": "2999-01-01"}, Context())
    assert handler.model is OfDay
