"""Each way that an order can go, with what it costs and what it leaves."""

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from orders.api import answer_approval, get_invoice, pay_order
from orders.domain.orders import Order
from orders.domain.terms import unpaid_until
from orders.payments import ProviderLeftAlone, ProviderUnavailable
from orders.payments.provider import Dead, Stuck
from orders.payments.secret import BadSecret
from orders.store import Orders
from runtime.conformance import Response, ask
from runtime.ids import new_id
from runtime.logs import logger

RANDOM = Random(7)  # noqa: S311 - which execution goes on, not a secret
DECLINED = "pm_card_chargeDeclined"


def order(order_id: str) -> Order:
    return Orders.connect().get("acme", order_id)


def free(fulfilling: Any, sku: str = "tea") -> int:
    stock: int = fulfilling.api.product(sku).body["stock"]
    return stock


def answer(order_id: str, approve: Any, **request: Any) -> Response:
    return ask(answer_approval.handler, path={"id": order_id}, body={"approve": approve}, **request)


def invoice(order_id: str, **request: Any) -> Response:
    return ask(get_invoice.handler, path={"id": order_id}, **request)


def test_an_order_goes_from_its_placing_to_its_end(fulfilling: Any, customer: str) -> None:
    placed = fulfilling.order(customer, "tea", "jam")
    fulfilling.run(RANDOM)
    done = order(placed)
    assert [step.status for step in done.steps] == ["reserved", "confirmed", "fulfilled"]
    assert fulfilling.bank.kept(placed) == done.total.amount == 1600
    assert (free(fulfilling, "tea"), free(fulfilling, "jam")) == (7, 7)
    assert fulfilling.told.news == [(placed, "confirmed"), (placed, "fulfilled")]
    page = fulfilling.told.documents[f"invoices/acme/{placed}.html"].decode()
    assert placed in page
    assert "16.00 EUR" in page
    assert fulfilling.told.types == {"text/html; charset=utf-8"}
    assert done.invoiced_at == fulfilling.start
    assert done.dispatch_at is not None
    assert timedelta() < done.dispatch_at - fulfilling.start <= timedelta(hours=1)
    assert done.dispatch_at.timestamp() % 3600 == 0
    assert not fulfilling.parked


def test_an_invoice_is_fetched_by_a_link_for_a_while_and_by_nobody_elses(
    fulfilling: Any, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCUMENTS_BUCKET", "unit-documents")
    placed = fulfilling.order(customer)
    assert invoice(placed).problem == (409, "no-invoice")
    fulfilling.run(RANDOM)
    answer = invoice(placed)
    assert answer.status == 200
    link = urlsplit(answer.body["url"])
    assert link.scheme == "https"
    assert "unit-documents" in link.netloc + link.path
    assert link.path.endswith(f"/invoices/acme/{placed}.html")
    assert parse_qs(link.query)["X-Amz-Expires"] == ["900"]
    left = datetime.fromisoformat(answer.body["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert invoice(placed, tenant="rival").status == 404
    assert invoice(new_id("ord")).status == 404


def test_every_task_tells_its_log_which_order_it_is_about(
    fulfilling: Any, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = fulfilling.order(customer)
    handled: dict[str, list[dict[str, Any]]] = {}
    call = fulfilling.call

    def logged(word: str, given: Any) -> Any:
        before = len(lines)
        result = call(word, given)
        handled[word] = lines[before:]
        return result

    lines: list[dict[str, Any]] = []
    registered: Any = logger.registered_handler
    monkeypatch.setattr(registered, "emit", lambda told: lines.append(loads(registered, told)))
    monkeypatch.setattr(fulfilling, "call", logged)
    fulfilling.run(RANDOM)
    assert len(handled) == 10
    for word, told in handled.items():
        assert told, f"{word} logs nothing"
        for line in told:
            assert (line["order_id"], line["tenant_id"]) == (placed, "acme"), word
            assert line["correlation_id"]
            assert "pm_card" not in json.dumps(line)


def loads(handler: Any, told: Any) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(handler.format(told))
    return line


def test_an_express_order_leaves_at_once_and_another_with_the_next_round(
    fulfilling: Any, customer: str
) -> None:
    express = fulfilling.order(customer, type="EXPRESS")
    standard = fulfilling.order(customer)
    fulfilling.run(RANDOM)
    start = fulfilling.start
    assert order(express).dispatch_at == start
    hour = start.replace(minute=0, second=0, microsecond=0)
    assert order(standard).dispatch_at == hour + timedelta(hours=1)


def test_a_second_event_of_the_same_order_changes_nothing(fulfilling: Any, customer: str) -> None:
    placed = fulfilling.order(customer)
    fulfilling.hear(again=True)
    assert len(fulfilling.executions) == 2
    fulfilling.run(RANDOM)
    ends = sorted(one.entered[-1] for one in fulfilling.executions)
    assert ends == ["Claimed before", "Fulfilled"]
    assert (free(fulfilling), fulfilling.bank.kept(placed)) == (7, 1000)


def test_a_declined_card_rejects_the_order_and_gives_its_goods_back(
    fulfilling: Any, customer: str
) -> None:
    placed = fulfilling.order(customer, payment_method=DECLINED)
    fulfilling.run(RANDOM)
    done = order(placed)
    assert (done.status, done.reason) == ("rejected", "payment_failed")
    assert (free(fulfilling), fulfilling.bank.kept(placed)) == (9, 0)
    assert done.refunded_at is None
    assert fulfilling.told.news == [(placed, "rejected")]
    (execution,) = fulfilling.executions
    assert (execution.outcome, execution.entered[-1]) == ("succeeded", "Rejected")
    assert "HandlePaymentFailure" in execution.entered


def test_what_is_out_of_stock_gives_back_what_was_reserved(fulfilling: Any, customer: str) -> None:
    items = [{"sku": "tea", "quantity": 9}, {"sku": "jam", "quantity": 10}]
    placed = fulfilling.order(customer, items=items)
    fulfilling.run(RANDOM)
    assert (order(placed).status, order(placed).reason) == ("rejected", "out_of_stock")
    assert (free(fulfilling, "tea"), free(fulfilling, "jam")) == (9, 9)
    assert fulfilling.bank.intents == {}


def test_an_order_that_costs_nothing_asks_no_bank(fulfilling: Any, customer: str) -> None:
    fulfilling.api.put("leaflet", amount=0)
    placed = fulfilling.order(customer, "leaflet", payment_method=None)
    fulfilling.run(RANDOM)
    assert order(placed).status == "fulfilled"
    assert fulfilling.bank.intents == {}
    names = [entry["detail-type"] for entry in fulfilling.commits.told]
    assert "PaymentCaptured.v1" not in names


def large(fulfilling: Any, customer: str) -> str:
    """Return a large order, as it waits to be approved."""
    fulfilling.api.put("piano", amount=100_000)
    placed: str = fulfilling.order(customer, items=[{"sku": "piano", "quantity": 1}])
    (execution,) = fulfilling.executions
    while not execution.waits:
        execution.step()
    assert order(placed).status == "awaiting_approval"
    return placed


class TestApproval:
    @pytest.fixture
    def waiting(self, fulfilling: Any, customer: str) -> str:
        return large(fulfilling, customer)

    def test_an_order_that_is_approved_goes_on(self, fulfilling: Any, waiting: str) -> None:
        assert answer(waiting, True).status == 200
        fulfilling.run(RANDOM)
        told = [moment["what"] for moment in fulfilling.api.timeline(waiting).body["items"]]
        assert told == [
            "placed", "reserved", "awaiting_approval", "approved", "confirmed", "invoiced",
            "fulfilled",
        ]  # fmt: skip

    def test_the_time_to_pay_begins_with_the_approval(self, fulfilling: Any, waiting: str) -> None:
        before = unpaid_until(order(waiting))
        assert before == order(waiting).placed_at + timedelta(hours=72 + 24)
        assert answer(waiting, True).status == 200
        fulfilling.run(RANDOM)
        assert unpaid_until(order(waiting)) == fulfilling.start + timedelta(hours=24)

    def test_an_order_that_is_not_approved_is_rejected(self, fulfilling: Any, waiting: str) -> None:
        assert answer(waiting, False).status == 200
        fulfilling.run(RANDOM)
        assert (order(waiting).status, order(waiting).reason) == ("rejected", "not_approved")
        assert free(fulfilling, "piano") == 9

    def test_no_answer_is_a_no(self, fulfilling: Any, waiting: str) -> None:
        fulfilling.run(RANDOM)
        assert (order(waiting).status, order(waiting).reason) == ("rejected", "not_approved")
        assert answer(waiting, True).problem == (409, "approval-answered")

    def test_an_answer_that_woke_nobody_counts_at_the_deadline(
        self, fulfilling: Any, waiting: str
    ) -> None:
        fulfilling.deaf = True
        assert answer(waiting, True).status == 200
        fulfilling.deaf = False
        fulfilling.run(RANDOM)
        assert order(waiting).status == "fulfilled"

    def test_a_second_answer_is_refused_and_wakes_who_was_not_woken(
        self, fulfilling: Any, waiting: str
    ) -> None:
        fulfilling.deaf = True
        assert answer(waiting, True).status == 200
        fulfilling.deaf = False
        for again in (True, False):
            assert answer(waiting, again).problem == (409, "approval-answered")
        (execution,) = fulfilling.executions
        assert not execution.waits
        fulfilling.run(RANDOM)
        assert order(waiting).status == "fulfilled"

    def test_an_answer_after_the_deadline_is_refused(self, fulfilling: Any, customer: str) -> None:
        fulfilling.now -= timedelta(days=30)
        placed = large(fulfilling, customer)
        assert answer(placed, True).problem == (409, "approval-expired")
        fulfilling.run(RANDOM)
        assert order(placed).reason == "not_approved"

    def test_only_an_admin_of_the_tenant_may_answer(self, fulfilling: Any, waiting: str) -> None:
        assert answer(waiting, True, role="member").status == 403
        assert answer(waiting, True, tenant="other").status == 404
        stale = answer(waiting, True, headers={"if-match": '"1"'})
        assert stale.problem == (412, "stale")
        assert answer(waiting, "yes").status == 400

    def test_what_awaits_no_approval_takes_none(self, fulfilling: Any, customer: str) -> None:
        placed = fulfilling.order(customer)
        assert answer(placed, True).problem == (409, "approval-not-awaited")

    def test_the_token_is_never_told(self, fulfilling: Any, waiting: str) -> None:
        (execution,) = fulfilling.executions
        assert execution.waits.startswith("tok_")
        for told in (fulfilling.api.get(waiting), fulfilling.api.timeline(waiting)):
            assert execution.waits not in str(told.body)
        assert execution.waits not in str(fulfilling.commits.told)


class TestWithoutAPaymentMethod:
    @pytest.fixture
    def waiting(self, fulfilling: Any, customer: str) -> str:
        placed: str = fulfilling.order(customer, payment_method=None)
        (execution,) = fulfilling.executions
        while not execution.waits:
            execution.step()
        assert order(placed).status == "reserved"
        return placed

    def pay(self, order_id: str, method: str = "pm_card_visa", **request: Any) -> Response:
        body = {"payment_method": method}
        return ask(pay_order.handler, path={"id": order_id}, body=body, **request)

    def test_the_order_waits_for_one(self, fulfilling: Any, waiting: str) -> None:
        assert self.pay(waiting).status == 200
        assert self.pay(waiting).status == 200
        assert self.pay(waiting, "pm_another").problem == (409, "payment-settled")
        fulfilling.run(RANDOM)
        assert (order(waiting).status, fulfilling.bank.kept(waiting)) == ("fulfilled", 1000)

    def test_an_order_that_nobody_pays_is_rejected(self, fulfilling: Any, waiting: str) -> None:
        fulfilling.run(RANDOM)
        assert (order(waiting).status, order(waiting).reason) == ("rejected", "payment_overdue")
        assert self.pay(waiting).problem == (409, "order-ended")

    def test_one_that_came_before_the_order_waited_is_found(
        self, fulfilling: Any, customer: str
    ) -> None:
        placed = fulfilling.order(customer, payment_method=None)
        fulfilling.until("Reserved")
        assert self.pay(placed).status == 200
        fulfilling.run(RANDOM)
        assert order(placed).status == "fulfilled"

    def test_a_strangers_or_stale_word_changes_nothing(self, fulfilling: Any, waiting: str) -> None:
        assert self.pay(waiting, tenant="other").status == 404
        assert self.pay(new_id("ord")).status == 404
        assert self.pay(waiting, headers={"if-match": '"1"'}).problem == (412, "stale")
        assert self.pay(waiting, "visa 4242").status == 400


@pytest.mark.parametrize("kind", [ProviderUnavailable, ProviderLeftAlone, Dead, Stuck, BadSecret])
class TestWhileTheProviderIsDown:
    @pytest.fixture(autouse=True)
    def down(self, fulfilling: Any, kind: type[Exception]) -> None:
        def trouble() -> None:
            raise kind("it is down")

        fulfilling.bank.trouble = trouble

    def test_the_order_waits_until_it_is_back(self, fulfilling: Any, customer: str) -> None:
        placed = fulfilling.order(customer)
        (execution,) = fulfilling.executions
        while execution.entered.count("Wait for the provider") < 3:
            execution.waits = ""
            execution.step()
        assert order(placed).status == "reserved"
        fulfilling.bank.trouble = lambda: None
        fulfilling.run(RANDOM)
        assert (order(placed).status, fulfilling.bank.kept(placed)) == ("fulfilled", 1000)

    def test_the_order_is_given_up_when_its_time_to_pay_is_over(
        self, fulfilling: Any, customer: str
    ) -> None:
        placed = fulfilling.order(customer, type="EXPRESS")
        fulfilling.run(RANDOM)
        assert (order(placed).status, order(placed).reason) == ("rejected", "payment_overdue")
        assert free(fulfilling) == 9


class TestWhatNobodyForesaw:
    def test_a_fault_after_the_payment_gives_everything_back(
        self, fulfilling: Any, customer: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: Any, **__: Any) -> None:
            raise OSError("the bucket is gone")

        monkeypatch.setattr(fulfilling.told, "put", full, raising=False)
        placed = fulfilling.order(customer)
        fulfilling.run(RANDOM)
        done = order(placed)
        assert (done.status, done.reason) == ("rejected", "processing_failed")
        assert done.refunded_at is not None
        assert (fulfilling.bank.kept(placed), free(fulfilling)) == (0, 9)
        (execution,) = fulfilling.executions
        assert (execution.outcome, execution.entered[-1]) == ("failed", "Failed")

    def test_a_customer_who_cannot_be_told_keeps_nobody_waiting(
        self, fulfilling: Any, customer: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def mute(*_: Any, **__: Any) -> None:
            raise OSError("the topic is gone")

        monkeypatch.setattr(fulfilling.told, "send", mute, raising=False)
        placed = fulfilling.order(customer)
        fulfilling.run(RANDOM)
        assert order(placed).status == "fulfilled"
        assert [one["step"] for one in fulfilling.parked] == ["notify", "notify"]

    def test_a_refund_that_is_refused_is_parked_and_the_goods_go_back(
        self, fulfilling: Any, customer: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fulfilling.bank.refuses = True
        placed = fulfilling.order(customer, payment_method=DECLINED)
        fulfilling.run(RANDOM)
        assert (order(placed).status, free(fulfilling)) == ("rejected", 9)
        (parked,) = fulfilling.parked
        assert (parked["step"], parked["order_id"]) == ("refund", placed)

    def test_a_type_that_nobody_knows_fails_clearly(
        self, fulfilling: Any, customer: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        call = fulfilling.call

        def odd(word: str, given: Any) -> Any:
            result = call(word, given)
            return {**result, "type": "PIGEON"} if word == "validate_order" else result

        monkeypatch.setattr(fulfilling, "call", odd)
        placed = fulfilling.order(customer)
        fulfilling.run(RANDOM)
        assert (order(placed).status, order(placed).reason) == ("rejected", "unknown_type")
        assert fulfilling.executions[0].entered[-1] == "Failed"
        assert free(fulfilling) == 9
