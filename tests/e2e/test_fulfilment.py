"""Orders on their way, on a stage: whatever happens, they end whole, once."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from infra.journey_steps import Caller, until
from orders.payments.circuit import THRESHOLD
from tests.e2e.client import Tenant, UnderTest, assert_problem

RECOVERY_SECONDS = 3  # of a local stage (services/orders/stack.py)
VISA, DECLINED = "pm_card_visa", "pm_card_chargeDeclined"
LARGE = 100_000
PATIENCE = 600  # seconds, of many orders at once on a busy machine
MOMENTS = ("placed", "reserved", "confirmed", "invoiced")
ENDS = {"fulfilled", "rejected", "cancelled"}


class Sandbox:
    """The payments sandbox of a local stage."""

    def __init__(self, stage: UnderTest) -> None:
        self.url = stage.outputs["payments_sandbox"]
        self._http = stage.http

    def charges(self, *orders: str) -> list[dict[str, Any]]:
        told = self._http.get(f"{self.url}/_ledger").json()["charges"]
        return [one for one in told if one["order_id"] in orders]

    def kept(self, order: str) -> int:
        """Return the money that was taken for an order and not given back."""
        taken = [one for one in self.charges(order) if one["status"] == "succeeded"]
        return sum(one["amount"] - one["refunded"] for one in taken)

    def fault(self, mode: str, **more: Any) -> None:
        answer = self._http.post(f"{self.url}/_faults", json={"mode": mode, "seed": 7} | more)
        assert answer.status_code == 200, answer.text

    def well(self) -> None:
        self._http.delete(f"{self.url}/_faults").raise_for_status()

    def calls(self) -> int:
        calls: dict[str, int] = self._http.get(f"{self.url}/_calls").json()["calls"]
        return sum(calls.values())


@pytest.fixture
def sandbox(stage: UnderTest) -> Iterator[Sandbox]:
    if not stage.stage.local:
        pytest.skip("only a local stage has a payments sandbox")
    made = Sandbox(stage)
    yield made
    made.well()


@pytest.fixture
def customer(tenant: Tenant) -> str:
    tenant.product()
    user: str = tenant.user()["id"]
    return user


def stock(tenant: Tenant, sku: str = "lamp") -> int:
    free: int = tenant.member.product(sku).json()["stock"]
    return free


def until_free(tenant: Tenant, pieces: int, sku: str = "lamp") -> None:
    until(f"{pieces} of {sku} were free", lambda: stock(tenant, sku), lambda n: n == pieces)


def ended(tenant: Tenant, order: str) -> dict[str, Any]:
    return tenant.reached(order, *ENDS, seconds=PATIENCE)


def happened(tenant: Tenant, order: str) -> list[str]:
    answer = tenant.member.send("GET", "orders", f"/orders/{order}/timeline")
    return [moment["what"] for moment in answer.json()["items"]]


def until_happened(tenant: Tenant, order: str, what: str) -> None:
    until(f"{order} was {what}", lambda: happened(tenant, order), lambda told: what in told)


def send(caller: Caller, order: str, what: str, body: Any = None) -> httpx.Response:
    return caller.send("POST", "orders", f"/orders/{order}/{what}", json=body)


def executions(stage: UnderTest, order: str) -> list[dict[str, Any]]:
    """Return the executions that an order's event has started."""
    states = stage.client("stepfunctions")
    name = f":{stage.stage.named('orders-fulfilment')}"
    machines = states.list_state_machines()["stateMachines"]
    (arn,) = [one["stateMachineArn"] for one in machines if one["stateMachineArn"].endswith(name)]
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=arn)
    told = [
        states.describe_execution(executionArn=one["executionArn"])
        for page in pages
        for one in page["executions"]
    ]
    return [one for one in told if order in one["input"]]


class TestAnOrderThatIsPaid:
    def test_is_fulfilled_and_billed(self, tenant: Tenant, customer: str, sandbox: Sandbox) -> None:
        order = tenant.order(customer, quantity=2, payment_method=VISA)
        done = tenant.reached(order["id"], "fulfilled")
        assert done["dispatch_at"] is not None
        assert happened(tenant, order["id"]) == [
            "placed", "reserved", "confirmed", "invoiced", "fulfilled"
        ]  # fmt: skip
        assert sandbox.kept(order["id"]) == order["total"]["amount"]
        until_free(tenant, 8)
        link = tenant.member.send("GET", "orders", f"/orders/{order['id']}/invoice").json()["url"]
        page = httpx.get(link, trust_env=False)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert order["id"] in page.text
        refused = send(tenant.member, order["id"], "cancel")
        assert_problem(refused, 409, "order-ended")

    def test_by_a_card_that_is_declined_is_rejected_and_gives_its_goods_back(
        self, tenant: Tenant, customer: str, sandbox: Sandbox
    ) -> None:
        order = tenant.order(customer, payment_method=DECLINED)
        done = tenant.reached(order["id"], "rejected")
        assert done["reason"] == "payment_failed"
        until_free(tenant, 10)
        assert sandbox.kept(order["id"]) == 0

    def test_for_more_than_there_is_is_rejected(
        self, tenant: Tenant, customer: str, sandbox: Sandbox
    ) -> None:
        order = tenant.order(customer, quantity=11, payment_method=VISA)
        assert tenant.reached(order["id"], "rejected")["reason"] == "out_of_stock"
        assert (stock(tenant), sandbox.charges(order["id"])) == (10, [])

    def test_later_waits_until_then(self, tenant: Tenant, customer: str, sandbox: Sandbox) -> None:
        order = tenant.order(customer)
        tenant.reached(order["id"], "reserved")
        assert send(tenant.member, order["id"], "payment", {"payment_method": VISA}).is_success
        tenant.reached(order["id"], "fulfilled")
        again = send(tenant.member, order["id"], "payment", {"payment_method": DECLINED})
        assert_problem(again, 409, "payment-settled")

    def test_is_not_carried_through_twice_when_its_event_comes_again(
        self, stage: UnderTest, tenant: Tenant, customer: str, sandbox: Sandbox
    ) -> None:
        order = tenant.order(customer, payment_method=VISA)
        (first,) = until("it was started", lambda: executions(stage, order["id"]), bool)
        event = json.loads(first["input"])
        stage.forge(event["source"], event["detail-type"], event["detail"])
        tenant.reached(order["id"], "fulfilled")

        def both_ended() -> bool:
            found = executions(stage, order["id"])
            return len(found) == 2 and all(one["status"] == "SUCCEEDED" for one in found)

        until("both executions had ended", both_ended, bool)
        (charge,) = sandbox.charges(order["id"])
        assert charge["status"] == "succeeded"
        until_free(tenant, 9)


class TestAnOrderThatNeedsApproval:
    @pytest.fixture
    def order(self, tenant: Tenant, customer: str) -> str:
        tenant.product("piano", LARGE)
        placed: str = tenant.order(customer, "piano", payment_method=VISA)["id"]
        tenant.reached(placed, "awaiting_approval")
        return placed

    def test_goes_on_when_it_is_approved(self, tenant: Tenant, order: str) -> None:
        assert send(tenant.member, order, "approval", {"approve": True}).status_code == 403
        assert send(tenant.admin, order, "approval", {"approve": True}).is_success
        again = send(tenant.admin, order, "approval", {"approve": False})
        assert_problem(again, 409, "approval-answered")
        tenant.reached(order, "fulfilled")

    def test_is_rejected_when_it_is_not_approved(
        self, tenant: Tenant, order: str, sandbox: Sandbox
    ) -> None:
        assert send(tenant.admin, order, "approval", {"approve": False}).is_success
        assert tenant.reached(order, "rejected")["reason"] == "not_approved"
        until_free(tenant, 10, "piano")
        assert sandbox.charges(order) == []

    def test_waits_no_longer_when_it_is_cancelled(
        self, stage: UnderTest, tenant: Tenant, order: str
    ) -> None:
        assert send(tenant.member, order, "cancel").is_success
        until_free(tenant, 10, "piano")
        (execution,) = until(
            "its execution had ended",
            lambda: executions(stage, order),
            lambda found: all(one["status"] != "RUNNING" for one in found),
        )
        assert execution["status"] == "SUCCEEDED"
        refused = send(tenant.admin, order, "approval", {"approve": True})
        assert_problem(refused, 409, "order-ended")

    def test_is_a_strangers_to_nobody(self, stage: UnderTest, order: str, tenant: Tenant) -> None:
        stranger = stage.tenant()
        answer = send(stranger.admin, order, "approval", {"approve": True})
        assert_problem(answer, 404, "not-found")


class TestACancellation:
    def test_of_what_is_reserved_gives_the_goods_back(
        self, tenant: Tenant, customer: str, sandbox: Sandbox
    ) -> None:
        order = tenant.order(customer)["id"]
        tenant.reached(order, "reserved")
        assert send(tenant.member, order, "cancel").is_success
        until_free(tenant, 10)
        assert sandbox.charges(order) == []

    def test_of_what_is_paid_gives_the_money_back_too(
        self, tenant: Tenant, customer: str, sandbox: Sandbox
    ) -> None:
        def cancelled_in_time() -> str:
            order: str = tenant.order(customer, payment_method=VISA)["id"]
            tenant.reached(order, "confirmed", *ENDS)
            return order if send(tenant.member, order, "cancel").is_success else ""

        # Between payment and dispatch there are some seconds: on a busy machine it may be missed.
        order = until("an order was cancelled after it was paid", cancelled_in_time, bool)
        until_happened(tenant, order, "refunded")
        assert ended(tenant, order)["status"] == "cancelled"
        (charge,) = sandbox.charges(order)
        assert charge["refunded"] == charge["amount"]

    def test_at_any_moment_ends_in_one_way_or_the_other(
        self, tenant: Tenant, customer: str, sandbox: Sandbox
    ) -> None:
        tenant.product(stock=100)

        def cancelled_once(what: str) -> str:
            order: str = tenant.order(customer, payment_method=VISA)["id"]
            until_happened(tenant, order, what)
            send(tenant.member, order, "cancel")
            return order

        with ThreadPoolExecutor(4) as pool:
            # Each at once: an order that waits for others to be placed is soon out of reach.
            orders = list(pool.map(cancelled_once, MOMENTS * 3))
        ends = {order: ended(tenant, order)["status"] for order in orders}
        assert set(ends.values()) <= {"cancelled", "fulfilled"}
        assert "cancelled" in ends.values()
        until_free(tenant, 100 - list(ends.values()).count("fulfilled"))
        for order, how in ends.items():
            paid = 1999 if how == "fulfilled" else 0
            until(f"{order} had cost {paid}", lambda o=order: sandbox.kept(o), paid.__eq__)


def placed(tenant: Tenant, customer: str, how_many: int) -> list[str]:
    """Place orders, many at a time."""
    known = tenant.order(customer, quantity=10_000)[
        "id"
    ]  # too many: it only waits for the customer
    assert ended(tenant, known)["reason"] == "out_of_stock"
    with ThreadPoolExecutor(50) as pool:
        made = [pool.submit(tenant.order, customer, payment_method=VISA) for _ in range(how_many)]
        return [one.result()["id"] for one in made]


def test_fifty_orders_for_ten_pieces_are_ten_confirmed_and_forty_rejected(
    tenant: Tenant, customer: str, sandbox: Sandbox
) -> None:
    orders = placed(tenant, customer, 50)
    ends = Counter((o["status"], o["reason"]) for o in (ended(tenant, one) for one in orders))
    assert ends == {("fulfilled", None): 10, ("rejected", "out_of_stock"): 40}
    until_free(tenant, 0)
    assert len(sandbox.charges(*orders)) == 10


def test_many_orders_outlive_a_dead_provider_and_pay_an_unsure_one_once(
    request: pytest.FixtureRequest, tenant: Tenant, customer: str, sandbox: Sandbox
) -> None:
    how_many = request.config.getoption("--orders")
    tenant.product(stock=how_many + 1)
    sandbox.fault("error_500")
    before, since = sandbox.calls(), time.monotonic()
    orders = placed(tenant, customer, how_many)
    for order in orders:
        tenant.reached(order, "reserved", seconds=PATIENCE)
    until("the provider was given up", lambda: sandbox.calls() - before, lambda n: n >= THRESHOLD)
    calls, seconds = sandbox.calls() - before, time.monotonic() - since
    assert calls <= THRESHOLD + 1 + seconds / RECOVERY_SECONDS, "more than it takes to notice"
    sandbox.well()
    sandbox.fault("reset_after_charge", rate=0.3)
    assert {ended(tenant, order)["status"] for order in orders} == {"fulfilled"}
    until_free(tenant, 1)
    captured = Counter(one["order_id"] for one in sandbox.charges(*orders))
    assert captured == dict.fromkeys(orders, 1)
    assert all(sandbox.kept(order) == 1999 for order in orders)
