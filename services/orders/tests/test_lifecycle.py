"""What becomes of an order: each step once, in an order that makes sense, and told."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import Money
from orders.domain import orders as rules
from orders.domain.orders import ENDED, Line, NotPossible, Order, OrderStatus
from orders.domain.problems import OrderEnded
from orders.store import Orders
from runtime.cause import Cause
from runtime.changes import RevisionConflict
from runtime.commits import Commits
from runtime.testing import NOW

Rule = Callable[[Order], Order]
PRICE = Money(amount=100, currency="EUR")
PLACED = Order(
    id="ord_01JZ0000000000000000000000",
    customer_id="usr_01JZ0000000000000000000000",
    items=(Line(sku="tea", name="Tea", quantity=1, price=PRICE),),
    total=PRICE,
    type="STANDARD",
    placed_at=NOW,
)
RULES: dict[str, Rule] = {
    "reserved": lambda order: rules.reserve(order, at=NOW),
    "awaiting_approval": lambda order: rules.await_approval(order, at=NOW),
    "approved": lambda order: rules.approve(order, at=NOW),
    "paying": lambda order: rules.begin_payment(order, payment_id="pi_1"),
    "confirmed": lambda order: rules.confirm(order, at=NOW),
    "arranged": lambda order: rules.arrange(order, dispatch_at=NOW),
    "fulfilled": lambda order: rules.fulfil(order, at=NOW),
    "rejected": lambda order: rules.reject(order, reason="payment_failed", at=NOW),
    "cancelled": lambda order: rules.cancel(order, reason="changed my mind", at=NOW),
    "refunded": lambda order: rules.refund(order, at=NOW),
}
PATHS: dict[str, list[str]] = {
    "placed": [],
    "reserved": ["reserved"],
    "awaiting_approval": ["reserved", "awaiting_approval"],
    "confirmed": ["reserved", "paying", "confirmed"],
    "fulfilled": ["reserved", "paying", "confirmed", "arranged", "fulfilled"],
    "rejected": ["rejected"],
    "cancelled": ["cancelled"],
}
TOLD = {
    "reserved": [],
    "awaiting_approval": [],
    "paying": [],
    "arranged": [],
    "confirmed": ["PaymentCaptured.v1", "OrderConfirmed.v1"],
    "fulfilled": ["OrderFulfilled.v1"],
    "rejected": ["OrderRejected.v1"],
    "cancelled": ["OrderCancelled.v1"],
}


def at(status: str) -> Order:
    """Return an order that came to a status."""
    order = PLACED
    for step in PATHS[status]:
        order = RULES[step](order)
    return order


def test_every_status_has_its_path_and_its_rule() -> None:
    statuses = set(get_args(OrderStatus))
    assert set(PATHS) == statuses
    assert set(RULES) == (statuses - {"placed"}) | {"approved", "paying", "arranged", "refunded"}
    assert {status: at(status).status for status in PATHS} == {s: s for s in PATHS}


@pytest.mark.parametrize("before", PATHS)
def test_what_ends_it_ends_it_from_wherever_it_makes_sense(before: str) -> None:
    possible = set()
    for status in ("rejected", "cancelled", "fulfilled"):
        with suppress(OrderEnded, NotPossible):
            possible.add(RULES[status](at(before)).status)
    waiting = {"rejected", "cancelled"}
    assert possible == {
        "placed": waiting,
        "reserved": waiting,
        "awaiting_approval": waiting,
        "confirmed": {"cancelled", "fulfilled", "rejected"},
    }.get(before, {before})


@given(st.lists(st.sampled_from([*RULES]), max_size=12))
def test_no_history_has_two_ends_or_a_step_twice(wanted: list[str]) -> None:
    order = PLACED
    for what in wanted:
        before = order
        try:
            order = RULES[what](order)
        except OrderEnded:
            assert before.status in ENDED
        except NotPossible:
            pass
        assert order is before or order.revision == before.revision + 1
        assert RULES[what](order) is order if order is not before else True
    steps = [step.status for step in order.steps]
    assert len(steps) == len(set(steps))
    assert len(ENDED & set(steps)) <= 1
    assert order.status == (steps or ["placed"])[-1]
    assert order.dispatch_at is None or "confirmed" in steps
    if order.refunded_at:
        assert order.status in {"cancelled", "rejected"}


class Walk:
    """An order in the table that becomes one thing after another."""

    def __init__(self, order_id: str) -> None:
        self._orders = Orders.connect()
        self._cause = Cause("acme", "req-1", "evt-1")
        self.order = self._orders.get("acme", order_id)

    def become(self, *what: str) -> "Walk":
        for number, each in enumerate(what):
            new = RULES[each](self.order)
            now = NOW + timedelta(seconds=number)
            self._orders.save(self.order, new, now=now, cause=self._cause)
            self.order = self._orders.get("acme", new.id)
            assert self.order == new
        return self


@pytest.fixture
def walk(api: Any, customer: str, commits: Commits) -> Walk:
    order = api.place(customer).body["id"]
    commits.told.clear()
    return Walk(order)


@pytest.mark.parametrize("status", sorted(TOLD.keys() & PATHS.keys()))
def test_each_step_is_told_with_the_whole_order(
    walk: Walk, commits: Commits, api: Any, status: str
) -> None:
    walk.become(*PATHS[status])
    order = api.get(walk.order.id).body
    assert (order["status"], order["revision"]) == (status, 1 + len(PATHS[status]))
    told = commits.events()
    assert [name for name, _, _ in told] == [e for s in PATHS[status] for e in TOLD[s]]
    for name, metadata, data in told:
        assert metadata["subject"] == data["order_id"] == order["id"]
        if name.startswith("Order"):
            assert (data["items"], data["total"]) == (order["items"], order["total"])
        else:
            assert (data["amount"], data["customer_id"]) == (order["total"], order["customer_id"])


@pytest.mark.parametrize("status", PATHS)
def test_only_what_has_not_ended_is_open(walk: Walk, status: str) -> None:
    walk.become(*PATHS[status])
    still = [*Orders.connect().open_of("acme", walk.order.customer_id)]
    assert still == ([] if status in ENDED else [walk.order.id])


def test_money_that_went_back_is_told(walk: Walk, commits: Commits, api: Any) -> None:
    walk.become("reserved", "paying", "confirmed", "cancelled", "refunded")
    name, metadata, data = commits.events()[-1]
    assert (name, metadata["revision"]) == ("PaymentRefunded.v1", 6)
    assert data["amount"] == api.get(walk.order.id).body["total"]


def test_the_reason_of_a_rejection_is_told_as_a_code(walk: Walk, commits: Commits) -> None:
    walk.become("rejected")
    assert [data["reason"] for _, _, data in commits.events()] == ["PAYMENT_FAILED"]


def test_of_two_steps_at_once_one_is_refused(walk: Walk) -> None:
    other = Walk(walk.order.id)
    walk.become("cancelled")
    with pytest.raises(RevisionConflict):
        other.become("reserved")


@pytest.mark.parametrize("status", ["fulfilled", "rejected"])
def test_what_has_ended_otherwise_cannot_be_cancelled(walk: Walk, api: Any, status: str) -> None:
    walk.become(*PATHS[status])
    answer = api.cancel(walk.order.id)
    assert answer.problem == (409, "order-ended")
    assert status in answer.body["detail"]
    assert api.get(walk.order.id).body["status"] == status


def test_an_order_that_ends_while_its_customer_goes_keeps_its_end(
    walk: Walk, api: Any, bus: Any, commits: Commits
) -> None:
    walk.become("reserved", "confirmed")
    # After the customer was seen to go, and the open order was found.
    commits.interrupt(lambda: walk.become("fulfilled"), nth=2)
    bus.send("UserDeactivated.v2", walk.order.customer_id)
    assert api.get(walk.order.id).body["status"] == "fulfilled"


def test_the_timeline_tells_what_happened_when_and_why(walk: Walk, api: Any) -> None:
    walk.become("reserved", "awaiting_approval", "confirmed", "cancelled", "refunded")
    items = api.timeline(walk.order.id).body["items"]
    assert [(item["what"], item["why"]) for item in items] == [
        ("placed", None),
        ("reserved", None),
        ("awaiting_approval", None),
        ("confirmed", None),
        ("cancelled", "changed my mind"),
        ("refunded", None),
    ]
    assert items[1]["at"] == "2026-11-20T08:30:00Z"


def test_an_order_from_before_steps_were_kept_has_its_cancellation(
    walk: Walk, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk.become("cancelled")
    old = walk.order.model_copy(update={"steps": ()})
    monkeypatch.setattr(Orders, "get", lambda *_: old)
    items = api.timeline(walk.order.id).body["items"]
    assert [item["what"] for item in items] == ["placed", "cancelled"]
    assert items[1]["why"] == "changed my mind"
