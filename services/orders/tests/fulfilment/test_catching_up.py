"""What the workflow parks, and a redrive brings to the worker: done once, whatever came before."""

from random import Random
from typing import Any

import pytest

from orders.domain import orders as rules
from orders.store import Orders
from runtime.ids import new_id
from runtime.problems import NotFound
from runtime.queue import Hopeless
from runtime.testing import NOW, cause


def parked(order_id: str, step: str, **more: Any) -> dict[str, Any]:
    origin = {"tenant": "acme", "correlation_id": "req-1", "causation_id": "evt-1"}
    return {"step": step, "order_id": order_id, "caused_by": origin} | more


def twice(fulfilling: Any, message: dict[str, Any]) -> None:
    fulfilling.catch_up(message)
    fulfilling.catch_up(message)


def free(fulfilling: Any) -> int:
    stock: int = fulfilling.api.product("tea").body["stock"]
    return stock


def test_a_rejection_that_could_not_be_written_is_written_and_compensated(
    fulfilling: Any, customer: str
) -> None:
    placed = fulfilling.order(customer)
    fulfilling.until("Wait for dispatch")
    fulfilling.told.news.clear()
    twice(fulfilling, parked(placed, "reject", reason="processing_failed"))
    order = Orders.connect().get("acme", placed)
    assert (order.status, order.reason) == ("rejected", "processing_failed")
    assert (fulfilling.bank.kept(placed), free(fulfilling)) == (0, 9)
    assert fulfilling.told.news == [(placed, "rejected")] * 2


def test_what_left_before_its_rejection_was_written_stays_fulfilled_and_is_taken(
    fulfilling: Any, customer: str
) -> None:
    placed = fulfilling.order(customer)
    fulfilling.until("Take from the stock")
    fulfilling.told.news.clear()
    twice(fulfilling, parked(placed, "reject"))
    assert Orders.connect().get("acme", placed).status == "fulfilled"
    assert (fulfilling.bank.kept(placed), free(fulfilling)) == (1000, 7)
    assert fulfilling.told.news == [(placed, "fulfilled")] * 2
    fulfilling.run(Random(1))  # noqa: S311 - one execution
    assert free(fulfilling) == 7


def test_a_refund_a_release_and_a_notice_are_made_good(fulfilling: Any, customer: str) -> None:
    placed = fulfilling.order(customer)
    fulfilling.until("Wait for dispatch")
    Orders.connect().change(
        placed,
        lambda order: rules.reject(order, reason="processing_failed", at=NOW),
        now=NOW,
        cause=cause(),
    )
    twice(fulfilling, parked(placed, "refund"))
    assert (fulfilling.bank.kept(placed), free(fulfilling)) == (0, 7)
    twice(fulfilling, parked(placed, "release"))
    assert free(fulfilling) == 9
    fulfilling.catch_up(parked(placed, "notify"))
    assert fulfilling.told.news[-1] == (placed, "rejected")


def test_what_has_left_is_taken_from_the_stock_once(fulfilling: Any, customer: str) -> None:
    placed = fulfilling.order(customer)
    fulfilling.run(Random(1))  # noqa: S311 - one execution
    twice(fulfilling, parked(placed, "take"))
    assert free(fulfilling) == 7


@pytest.mark.parametrize("step", ["refund", "release"])
def test_nothing_of_an_order_on_its_way_is_given_back(
    fulfilling: Any, customer: str, step: str
) -> None:
    placed = fulfilling.order(customer)
    with pytest.raises(rules.NotPossible):
        fulfilling.catch_up(parked(placed, step))


@pytest.mark.parametrize(
    "message",
    [None, {}, [], "x", parked("ord_1", "refund"), parked(new_id("ord"), "pay")],
    ids=["null", "empty", "list", "text", "no id", "no step"],
)
def test_what_the_workflow_does_not_park_is_set_aside(fulfilling: Any, message: Any) -> None:
    with pytest.raises(Hopeless):
        fulfilling.catch_up(message)


def test_an_order_that_there_is_not_fails(fulfilling: Any) -> None:
    with pytest.raises(NotFound):
        fulfilling.catch_up(parked(new_id("ord"), "refund"))
