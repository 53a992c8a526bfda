"""POST /orders."""

import json
from typing import Any

import pytest

from orders.store import Customers
from runtime.clients import client
from runtime.commits import Commits, Crash
from runtime.conformance import Response
from runtime.ids import new_id
from runtime.testing import TABLE


def scan() -> list[dict[str, Any]]:
    return client("dynamodb").scan(TableName=TABLE)["Items"]


def _euros(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def test_an_order_is_placed_at_our_prices_and_told(
    api: Any, customer: str, commits: Commits
) -> None:
    body = {
        "items": [{"sku": "tea", "quantity": 3}, {"sku": "jam", "quantity": 1}],
        "type": "EXPRESS",
        "payment_method": "pm_card_visa",
    }
    response = api.place(customer, body=body, role="member", headers={"X-Correlation-Id": "c-1"})
    assert response.status == 201
    order = response.body
    assert order == {
        "id": order["id"],
        "customer_id": customer,
        "items": [
            {"sku": "tea", "name": "A tea", "quantity": 3, "price": _euros(500)},
            {"sku": "jam", "name": "A jam", "quantity": 1, "price": _euros(300)},
        ],
        "total": _euros(1800),
        "type": "EXPRESS",
        "status": "placed",
        "placed_at": order["placed_at"],
        "cancelled_at": None,
        "reason": None,
        "dispatch_at": None,
        "refunded_at": None,
        "revision": 1,
    }
    assert response.headers["ETag"] == '"1"'
    seen = api.get(order["id"], role="member")
    assert (seen.body, seen.headers["ETag"]) == (order, '"1"')
    ((name, metadata, data),) = commits.events()
    assert name == "OrderPlaced.v1"
    told = ("customer_id", "items", "total", "type", "placed_at")
    assert data == {field: order[field] for field in told} | {"order_id": order["id"]}
    assert (metadata["subject"], metadata["revision"]) == (order["id"], 1)
    assert (metadata["tenant_id"], metadata["correlation_id"]) == ("acme", "c-1")


def test_type_and_payment_method_may_be_left_out(api: Any, customer: str) -> None:
    assert api.place(customer).body["type"] == "STANDARD"


def test_the_payment_method_is_kept_and_neither_shown_nor_told(
    api: Any, customer: str, commits: Commits
) -> None:
    body = {"payment_method": "pm_1Abc_secret"}
    response = api.place(customer, body=body, headers={"Idempotency-Key": "k-1"})
    for shown in (response, api.get(response.body["id"]), api.list(), commits.told):
        assert "pm_1Abc" not in str(shown)
    holders = [item for item in scan() if "pm_1Abc" in json.dumps(item)]
    assert [item["sk"]["S"] for item in holders] == ["ORDER"]
    assert holders[0]["data"]["M"]["payment_method"] == {"S": "pm_1Abc_secret"}
    assert "pm_1Abc" not in str(api.cancel(response.body["id"]))


def test_a_later_price_does_not_change_an_order(api: Any, customer: str) -> None:
    order = api.place(customer).body
    api.put("tea", amount=999)
    assert api.get(order["id"]).body == order
    assert api.place(customer).body["total"]["amount"] == 2 * 999


def test_stock_is_not_taken_yet(api: Any, customer: str) -> None:
    body = {"items": [{"sku": "tea", "quantity": 10_000}]}
    assert api.place(customer, body=body).status == 201
    assert api.product("tea").body["stock"] == 9


def test_an_unknown_customer_is_refused(api: Any, customer: str, commits: Commits) -> None:
    response = api.place(new_id("usr"))
    assert response.problem == (409, "unknown-customer")
    assert response.fields == ["customer_id"]
    assert commits.told == []


@pytest.mark.parametrize("status", ["inactive", "erased"])
def test_a_deactivated_customer_is_refused(api: Any, customer: str, status: Any) -> None:
    Customers.connect().project("acme", customer, status, 2)
    response = api.place(customer)
    assert response.problem == (409, "inactive-customer")
    assert response.fields == ["customer_id"]
    assert api.list().body["items"] == []


def test_products_that_are_not_on_sale_are_named(api: Any, customer: str) -> None:
    response = api.place(customer, "tea", "gold", "jam", "silver")
    assert response.problem == (409, "unknown-product")
    assert response.fields == ["items.1.sku", "items.3.sku"]


def test_two_currencies_in_one_order_are_refused(api: Any, customer: str) -> None:
    api.put("gum", body={"price": {"amount": 5, "currency": "USD"}})
    response = api.place(customer, "tea", "gum")
    assert response.problem == (409, "mixed-currencies")
    assert response.fields == ["items.1.sku"]


def test_a_product_on_two_lines_is_refused(api: Any, customer: str) -> None:
    response = api.place(customer, "tea", "jam", "tea", "tea")
    assert response.problem == (400, "invalid-request")
    assert response.fields == ["items.2.sku", "items.3.sku"]


def test_a_total_has_an_end(api: Any, customer: str) -> None:
    api.put("yacht", amount=10**12)
    assert api.place(customer, body={"items": [{"sku": "yacht", "quantity": 1}]}).status == 201
    response = api.place(customer, "yacht")
    assert response.problem == (409, "total-too-large")


def test_the_largest_order_fits(api: Any, customer: str, commits: Commits) -> None:
    skus = [f"{'s' * 60}{n:04}" for n in range(50)]
    for sku in skus:
        api.put(sku, body={"name": "\u0001" * 200})
    response = api.place(customer, *skus)
    assert response.status == 201
    assert api.cancel(response.body["id"]).status == 200


TEA = {"sku": "tea", "quantity": 1}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"customer_id": "ada"}, "customer_id"),
        ({"customer_id": "usr_01jz0000000000000000000000"}, "customer_id"),
        ({"customer_id": None}, "customer_id"),
        ({"items": []}, "items"),
        ({"items": {}}, "items"),
        ({"items": [{**TEA, "sku": f"s{n}"} for n in range(51)]}, "items"),
        ({"items": [{"sku": "tea"}]}, "items.0.quantity"),
        ({"items": [TEA, {"quantity": 1}]}, "items.1.sku"),
        ({"items": [TEA | {"sku": "te a"}]}, "items.0.sku"),
        ({"items": [TEA | {"sku": "x" * 65}]}, "items.0.sku"),
        ({"items": [TEA | {"quantity": 0}]}, "items.0.quantity"),
        ({"items": [TEA | {"quantity": 10_001}]}, "items.0.quantity"),
        ({"items": [TEA | {"quantity": 1.0}]}, "items.0.quantity"),
        ({"items": [TEA | {"quantity": "1"}]}, "items.0.quantity"),
        ({"items": [TEA | {"quantity": True}]}, "items.0.quantity"),
        ({"items": [TEA | {"price": {"amount": 1, "currency": "EUR"}}]}, "items.0.price"),
        ({"type": "express"}, "type"),
        ({"type": None}, "type"),
        ({"payment_method": "visa"}, "payment_method"),
        ({"payment_method": "pm_"}, "payment_method"),
        ({"payment_method": "pm_a-b"}, "payment_method"),
        ({"payment_method": "pm_" + "x" * 121}, "payment_method"),
        ({"total": {"amount": 1, "currency": "EUR"}}, "total"),
        ({"status": "paid"}, "status"),
    ],
)
def test_a_wrong_field_is_named(
    api: Any, customer: str, change: dict[str, Any], field: str
) -> None:
    response = api.place(customer, body=change)
    assert response.problem == (400, "invalid-request")
    assert response.fields == [field]
    assert api.list().body["items"] == []


def test_the_same_key_and_body_give_the_same_answer(
    api: Any, customer: str, commits: Commits
) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = api.place(customer, headers=key)
    api.cancel(first.body["id"])
    api.put("tea", amount=1)
    Customers.connect().project("acme", customer, "inactive", 2)
    again = api.place(customer, headers=key)
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["ETag"] == '"1"'
    assert len(api.list().body["items"]) == 1


def test_the_same_key_with_another_body_is_refused(api: Any, customer: str) -> None:
    api.place(customer, headers={"Idempotency-Key": "k-1"})
    response = api.place(customer, "jam", headers={"Idempotency-Key": "k-1"})
    assert response.problem == (422, "idempotency-key-reused")
    assert len(api.list().body["items"]) == 1


def test_of_the_same_request_twice_at_once_both_get_the_one_answer(
    api: Any, customer: str, commits: Commits
) -> None:
    key = {"Idempotency-Key": "k-1"}
    winners: list[Response] = []
    commits.interrupt(lambda: winners.append(api.place(customer, headers=key)))
    late = api.place(customer, headers=key)
    assert (late.status, late.body) == (201, winners[0].body)
    assert len(commits.told) == 1


def test_of_two_bodies_under_one_key_at_once_one_is_refused(
    api: Any, customer: str, commits: Commits
) -> None:
    key = {"Idempotency-Key": "k-1"}
    commits.interrupt(lambda: api.place(customer, "jam", headers=key))
    assert api.place(customer, headers=key).problem == (422, "idempotency-key-reused")
    assert len(commits.told) == 1


@pytest.mark.parametrize(("when", "left"), [("before", 0), ("after", 1)])
def test_a_crash_is_repaired_by_the_retry(
    api: Any, customer: str, commits: Commits, when: Any, left: int
) -> None:
    key = {"Idempotency-Key": "k-1"}
    commits.crash(when=when)
    with pytest.raises(Crash):
        api.place(customer, headers=key)
    assert len(api.list().body["items"]) == left
    assert api.place(customer, headers=key).status == 201
    assert len(api.list().body["items"]) == 1
    assert len(commits.told) == 1


def test_a_customer_deactivated_at_this_moment_is_refused(
    api: Any, bus: Any, customer: str, commits: Commits
) -> None:
    commits.interrupt(lambda: bus.send("UserDeactivated.v2", customer))
    assert api.place(customer).problem == (409, "inactive-customer")
    assert api.list().body["items"] == []
    assert commits.told == []
