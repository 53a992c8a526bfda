"""Orders that are not paid in time are given up: found, once, and with all that they had."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.money import Money
from orders import deadlines
from orders.cancellation import cancel
from orders.deadlines import Deadlines
from orders.domain.orders import Order
from orders.domain.products import Product
from orders.domain.terms import APPROVAL_WITHIN, PAYMENT_WITHIN
from orders.inventory import Inventory
from orders.payments import ProviderUnavailable
from orders.products import Products
from orders.schedules import clean_up_unpaid
from orders.schedules.clean_up_unpaid import NotAllDone
from orders.unpaid import CleanedUp, CleanUp
from orders.waiting import Waiting
from runtime.changes import Key, Require
from runtime.commits import Commits, Crash
from runtime.schedule import Input
from runtime.table import Table
from runtime.task import InvalidInput
from runtime.testing import NOW, Context, cause

PLACED = datetime(2026, 11, 18, 8, 30, tzinfo=UTC)
DUE = PLACED + PAYMENT_WITHIN["STANDARD"]
LATER = DUE + timedelta(hours=1)
NEVER = NOW + timedelta(days=1)  # the clock of the clean-up stands still at NOW
NOTHING = CleanedUp()


def run(clean_up: CleanUp, now: datetime = LATER) -> CleanedUp:
    return clean_up.run(now=now, until=NEVER)


@pytest.fixture
def tea(book: Any) -> Product:
    price = Money(amount=500, currency="EUR")
    product = Product(sku="tea", name="Tea", price=price, stock=9)
    Products.connect().add("acme", product)
    return product


def free(product: Product) -> int:
    return Inventory.connect().free("acme", product)


def reserved(book: Any, at: datetime = PLACED, **more: Any) -> Order:
    """Write an order that holds a piece of tea."""
    order: Order = book.place(at, **more)
    Inventory.connect().reserve(order.id, "tea", 1, cause=cause(), now=at)
    holding: Order = book.become(order, "reserved")
    return holding


def rejections(commits: Commits) -> list[str]:
    return [d["order_id"] for name, _, d in commits.events() if name == "OrderRejected.v1"]


@pytest.mark.parametrize("status", ["placed", "reserved", "awaiting_approval"])
def test_what_is_not_paid_in_time_is_rejected_and_gives_back_what_it_had(
    *, clean_up: CleanUp, book: Any, tea: Product, told: Any, commits: Commits, status: str
) -> None:
    order = book.place(PLACED)
    Inventory.connect().reserve(order.id, "tea", 1, cause=cause(), now=PLACED)
    if status != "placed":
        order = book.become(order, "reserved")
    if status == "awaiting_approval":
        order = book.become(order, "awaiting_approval")
    assert free(tea) == 8
    late = LATER + APPROVAL_WITHIN
    assert run(clean_up, late) == CleanedUp(rejected=1, compensated=1)
    order = book.now(order)
    assert (order.status, order.reason) == ("rejected", "payment_overdue")
    assert free(tea) == 9
    assert told.news == [(order.id, "rejected")]
    assert rejections(commits) == [order.id]
    assert commits.events()[-1][2]["reason"] == "PAYMENT_OVERDUE"


def test_run_twice_it_does_nothing_more(
    clean_up: CleanUp, book: Any, tea: Product, told: Any, commits: Commits
) -> None:
    reserved(book)
    run(clean_up)
    assert run(clean_up) == NOTHING
    assert (len(told.news), len(rejections(commits)), free(tea)) == (1, 1, 9)


def test_what_still_has_time_is_left_alone(clean_up: CleanUp, book: Any) -> None:
    soon = book.place(PLACED)
    express = book.place(LATER - timedelta(minutes=59), type="EXPRESS")
    over = book.place(LATER - timedelta(minutes=61), type="EXPRESS")
    approved = book.become(book.place(PLACED), "reserved", "awaiting_approval")
    assert run(clean_up, DUE) == CleanedUp(rejected=0)
    assert run(clean_up, LATER).rejected == 2
    statuses = [book.now(order).status for order in (soon, express, over, approved)]
    assert statuses == ["rejected", "placed", "rejected", "awaiting_approval"]


def test_what_is_paid_or_has_ended_is_not_even_looked_at(
    clean_up: CleanUp, book: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.paid(PLACED)
    book.paid(PLACED, "fulfilled")
    book.become(book.place(PLACED), "out_of_stock")
    book.become(book.place(PLACED), "cancelled")
    assert list(Deadlines.connect().over(LATER + timedelta(days=30))) == []
    free_of_charge = book.become(book.place(PLACED, amount=0), "reserved", "confirmed")
    assert run(clean_up) == NOTHING
    assert book.now(free_of_charge).status == "confirmed"


def test_an_order_that_is_open_can_still_be_found_by_its_customer(book: Any) -> None:
    order = book.become(book.place(PLACED), "reserved", "awaiting_approval")
    assert list(book.orders.open_of("acme", order.customer_id)) == [order.id]
    order = book.become(order, "pays", "confirmed")
    assert list(book.orders.open_of("acme", order.customer_id)) == [order.id]
    book.become(order, "fulfilled")
    assert list(book.orders.open_of("acme", order.customer_id)) == []


def test_orders_of_all_tenants_are_found(clean_up: CleanUp, book: Any) -> None:
    ours, theirs = book.place(PLACED), book.place(PLACED, tenant="globex")
    assert run(clean_up).rejected == 2
    assert book.now(ours).status == book.now(theirs, tenant="globex").status == "rejected"


def test_an_order_paid_in_that_very_moment_stays(
    *, clean_up: CleanUp, book: Any, tea: Product, bank: Any, commits: Commits, told: Any
) -> None:
    order = book.become(reserved(book), "pays")

    def pay() -> None:
        bank.becomes(order.payment_id, status="captured")
        book.become(order, "confirmed")

    commits.interrupt(pay, nth=1)  # it was looked at, and is about to be rejected
    assert run(clean_up) == NOTHING
    assert book.now(order).status == "confirmed"
    assert (free(tea), told.news, rejections(commits)) == (8, [], [])
    assert bank.payments[order.payment_id].refunded == 0


def test_an_order_cancelled_in_that_very_moment_is_not_rejected(
    clean_up: CleanUp, book: Any, commits: Commits
) -> None:
    order = book.place(PLACED)

    def stop() -> None:
        cancel(book.orders, order.id, reason="no", now=LATER, cause=cause())

    commits.interrupt(stop, nth=1)
    assert run(clean_up) == NOTHING
    assert book.now(order).status == "cancelled"


def test_money_that_was_taken_and_nobody_heard_of_is_what_was_ordered(
    clean_up: CleanUp, book: Any, tea: Product, bank: Any
) -> None:
    order = book.become(reserved(book), "pays")
    bank.becomes(order.payment_id, status="captured")
    assert run(clean_up) == CleanedUp(paid=1)
    assert book.now(order).status == "confirmed"
    assert free(tea) == 8
    assert run(clean_up) == NOTHING


def test_a_payment_that_was_only_begun_is_undone(clean_up: CleanUp, book: Any, bank: Any) -> None:
    order = book.become(book.place(PLACED), "reserved", "pays")
    assert run(clean_up) == CleanedUp(rejected=1, compensated=1)
    assert bank.payments[order.payment_id].status == "cancelled"


def test_while_the_provider_is_away_an_order_that_may_be_paid_is_kept(
    clean_up: CleanUp, book: Any, bank: Any, tea: Product, logged: Any
) -> None:
    maybe = book.become(reserved(book), "pays")
    never = reserved(book)

    def away() -> None:
        raise ProviderUnavailable("away")

    bank.trouble = away
    assert run(clean_up) == CleanedUp(rejected=1, compensated=1, failed=1)
    assert (book.now(maybe).status, book.now(never).status) == ("reserved", "rejected")
    assert [line["words"] for line in logged] == ["order not cleaned up"]
    bank.trouble = lambda: None
    assert run(clean_up) == CleanedUp(rejected=1, compensated=1)
    assert free(tea) == 9


def test_what_could_not_give_back_what_it_had_does_so_in_a_later_run(
    clean_up: CleanUp, book: Any, bank: Any, tea: Product, told: Any
) -> None:
    order = book.become(reserved(book), "pays")
    find = bank.find

    def away() -> None:
        raise ProviderUnavailable("away")

    def found(payment_id: str) -> Any:
        payment = find(payment_id)
        bank.trouble = away  # from now on
        return payment

    bank.find = found
    assert run(clean_up) == CleanedUp(rejected=1, failed=1)
    assert (book.now(order).status, free(tea), told.news) == ("rejected", 9, [])
    assert bank.payments[order.payment_id].status == "pending"
    bank.trouble, bank.find = (lambda: None), find
    assert run(clean_up) == CleanedUp(compensated=1)
    assert bank.payments[order.payment_id].status == "cancelled"
    assert told.news == [(order.id, "rejected")]
    assert run(clean_up) == NOTHING


@pytest.mark.parametrize("nth", range(1, 5))
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_run_after_a_crash_completes_what_it_left(
    *, clean_up: CleanUp, book: Any, bank: Any, tea: Product, commits: Commits, nth: int, when: Any
) -> None:
    order = book.become(reserved(book), "pays")
    commits.crash(nth=nth, when=when)
    with pytest.raises(Crash):
        run(clean_up)
    run(clean_up)
    assert book.now(order).status == "rejected"
    assert bank.payments[order.payment_id].status == "cancelled"
    assert (free(tea), rejections(commits)) == (9, [order.id])
    assert run(clean_up) == NOTHING


@pytest.mark.parametrize("nth", range(1, 5))
def test_two_runs_at_once_reject_once_and_give_back_once(
    *, clean_up: CleanUp, book: Any, bank: Any, tea: Product, commits: Commits, nth: int
) -> None:
    orders = [book.become(reserved(book), "pays") for _ in range(3)]
    commits.interrupt(lambda: run(clean_up), nth=nth)
    run(clean_up)
    assert Counter(rejections(commits)) == {order.id: 1 for order in orders}
    assert free(tea) == 9
    assert {payment.status for payment in bank.payments.values()} == {"cancelled"}
    assert run(clean_up) == NOTHING


def test_one_that_fails_leaves_the_others_alone(
    clean_up: CleanUp, book: Any, monkeypatch: pytest.MonkeyPatch, logged: Any
) -> None:
    orders = [book.place(PLACED) for _ in range(5)]
    get, bad = book.orders.get, orders[2].id

    def unreadable(tenant: str, order_id: str) -> Order:
        if order_id == bad:
            raise ValueError("unreadable")
        order: Order = get(tenant, order_id)
        return order

    monkeypatch.setattr(book.orders, "get", unreadable)
    assert run(clean_up) == CleanedUp(rejected=4, compensated=4, failed=1)
    monkeypatch.undo()
    assert book.now(orders[2]).status == "placed"


class Clock:
    """A clock on which each look takes a minute."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def timed(clean_up: CleanUp) -> CleanUp:
    return CleanUp(
        clean_up.deadlines,
        clean_up.orders,
        clean_up.paying,
        clean_up.closing,
        Clock(),
    )


def test_when_the_time_is_over_the_next_run_goes_on_where_it_stopped(
    clean_up: CleanUp, book: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "_PAGE", 3)
    orders = [book.place(PLACED + timedelta(seconds=n)) for n in range(20)]
    # Those that cannot be looked at stay where they are, in front of all others.
    get, seen = book.orders.get, []

    def unreadable(_: str, order_id: str) -> Order:
        seen.append(order_id)
        raise ValueError("unreadable")

    monkeypatch.setattr(book.orders, "get", unreadable)
    first = timed(clean_up).run(now=LATER, until=NOW + timedelta(minutes=9))
    assert first == CleanedUp(failed=8, more=True)
    second = timed(clean_up).run(now=LATER, until=NOW + timedelta(minutes=9))
    assert second == CleanedUp(failed=8, more=True)
    assert len(set(seen)) == 16
    monkeypatch.setattr(book.orders, "get", get)
    third = timed(clean_up).run(now=LATER, until=NOW + timedelta(minutes=99))
    assert not third.more
    # From the end of the index it goes on at its beginning, up to what was in front of it.
    assert third.rejected >= 4
    assert third.rejected + run(clean_up).rejected == 20
    assert {book.now(order).status for order in orders} == {"rejected"}


def test_what_was_given_up_earlier_waits_for_a_run_that_has_time(
    clean_up: CleanUp, book: Any, tea: Product, commits: Commits
) -> None:
    orders = [reserved(book) for _ in range(2)]
    for order in orders:
        mark = clean_up.deadlines.given_up("acme", order.id)
        rejected = book.become(order, "payment_overdue")
        Table.connect().commit(mark, Require(key=Key("x", "x"), revision=0))
        assert rejected.status == "rejected"
    done = timed(clean_up).run(now=LATER, until=NOW + timedelta(minutes=2))
    assert done == CleanedUp(compensated=1, more=True)
    assert run(clean_up) == CleanedUp(compensated=1)
    assert free(tea) == 9


def test_two_runs_that_stop_at_once_remember_one_place(
    clean_up: CleanUp, book: Any, commits: Commits
) -> None:
    for number in range(4):
        book.place(PLACED + timedelta(seconds=number))
    places = [due.place for due in clean_up.deadlines.over(LATER)]
    for nth in (1, 2):  # when there is none yet, and when there is one
        commits.interrupt(lambda: clean_up.deadlines.go_on(places[1]), nth=1)
        clean_up.deadlines.go_on(places[2])
        assert clean_up.deadlines._begin() == places[1], nth
    clean_up.deadlines.go_on(None)
    clean_up.deadlines.go_on(None)
    assert [due.place for due in clean_up.deadlines.over(LATER)] == places


def test_a_workflow_that_waits_is_woken(
    clean_up: CleanUp, book: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[tuple[str, str, str]] = []
    monkeypatch.setattr(Waiting, "wake", lambda _, *what: woken.append(what))
    order = book.become(book.place(PLACED), "reserved", "awaiting_approval")
    run(clean_up, LATER + APPROVAL_WITHIN)
    assert woken == [("acme", order.id, "APPROVAL"), ("acme", order.id, "PAYMENT_METHOD")]


def test_the_schedule_says_what_it_did_and_fails_if_something_did(
    clean_up: CleanUp, book: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    handler = clean_up_unpaid.handler
    monkeypatch.setattr(handler._collaborators, "_made", {"clean_up": clean_up})
    book.place(datetime.now(UTC) - timedelta(days=9))
    told = handler({"source": "aws.events", "detail-type": "Scheduled Event"}, Context())
    assert told == {"rejected": 1, "paid": 0, "compensated": 1, "failed": 0, "more": False}
    assert '"OrdersOverdue":[1.0]' in capsys.readouterr().out.replace(" ", "")
    book.place(datetime.now(UTC) - timedelta(days=9))

    def unreadable(*_: str) -> Order:
        raise ValueError("unreadable")

    monkeypatch.setattr(book.orders, "get", unreadable)
    with pytest.raises(NotAllDone, match="failed=1"):
        handler({}, Context())
    with pytest.raises(InvalidInput):
        handler({"date": "2026-11-20"}, Context())
    assert handler.model is Input


def test_a_run_ends_before_its_function_would_be_cut_off(
    clean_up: CleanUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    until: list[datetime] = []

    def run(_: CleanUp, **given: datetime) -> CleanedUp:
        until.append(given["until"])
        return NOTHING

    monkeypatch.setattr(CleanUp, "run", run)
    clean_up_unpaid.clean_up_unpaid(Input(), clean_up, NOW)
    seconds = clean_up_unpaid.handler.capacity.seconds
    assert until == [NOW + timedelta(seconds=seconds - 60)]
