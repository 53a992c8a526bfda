"""What every endpoint of the service owes its callers, a new one included."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import orders.api
from orders.api import receive_payment_webhook
from runtime.clients import client
from runtime.conformance import BadRequest, ask, bad_requests, declared, send
from runtime.endpoint import Endpoint
from runtime.table import Table
from runtime.testing import TABLE

ENDPOINTS: list[Endpoint] = declared("orders.api")
USER = "usr_01JZ0000000000000000000000"
VALID = {
    "answer_approval": {"approve": True},
    "pay_order": {"payment_method": "pm_card_visa"},
    "place_order": {"customer_id": USER, "items": [{"sku": "tea", "quantity": 1}]},
    "put_product": {"name": "Tea", "price": {"amount": 1, "currency": "EUR"}, "stock": 1},
}
REFUSED = [
    pytest.param(endpoint, bad, id=f"{endpoint.name}-{bad.what}")
    for endpoint in ENDPOINTS
    for bad in bad_requests(endpoint, VALID.get(endpoint.name))
]
WITH_TOKEN = [e for e in ENDPOINTS if e.token]
# A PUT of a product makes it where it is not: tested on its own below.
OF_ONE = [e for e in ENDPOINTS if "{" in e.path and e.method != "PUT"]


@pytest.fixture(autouse=True)
def webhooks(put_secret: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the endpoint needs that the payment provider calls."""
    put_secret(json.dumps({"api_key": "sk_test_1", "webhook_secrets": ["whsec_1"]}))
    url = client("sqs").create_queue(QueueName="payment-webhooks")["QueueUrl"]
    monkeypatch.setenv("PAYMENT_WEBHOOKS_QUEUE_URL", url)
    monkeypatch.setattr(receive_payment_webhook.handler._collaborators, "_made", None)


@pytest.fixture(autouse=True)
def documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bucket to which links lead; nothing is asked of it."""
    monkeypatch.setenv("DOCUMENTS_BUCKET", "unit-documents")


def items() -> list[dict[str, Any]]:
    return client("dynamodb").scan(TableName=TABLE)["Items"]


def path(endpoint: Endpoint, order_id: str) -> dict[str, str]:
    for name, of in {"sku": "tea", "date": "2026-11-20"}.items():
        if f"{{{name}}}" in endpoint.path:
            return {name: of}
    return {"id": order_id}


@pytest.mark.parametrize(("endpoint", "bad"), REFUSED)
def test_a_bad_request_gets_its_problem_and_changes_nothing(
    api: Any, endpoint: Endpoint, bad: BadRequest
) -> None:
    response = send(endpoint, bad.event)
    assert response.problem == bad.problem
    assert items() == []


@pytest.mark.parametrize("endpoint", OF_ONE, ids=lambda e: e.name)
def test_what_another_tenant_has_is_not_there(api: Any, customer: str, endpoint: Endpoint) -> None:
    order = api.place(customer).body
    before = items()
    body = VALID.get(endpoint.name)
    response = ask(endpoint, tenant="globex", path=path(endpoint, order["id"]), body=body)
    assert response.problem == (404, "not-found")
    assert items() == before


@pytest.mark.parametrize("endpoint", OF_ONE, ids=lambda e: e.name)
def test_what_nobody_made_is_not_there(api: Any, endpoint: Endpoint) -> None:
    there = path(endpoint, "ord_01JZ0000000000000000000000")
    response = ask(endpoint, path=there, body=VALID.get(endpoint.name))
    assert response.problem == (404, "not-found")


def test_a_product_of_another_tenant_is_not_replaced(api: Any) -> None:
    ours = api.put("tea").body
    assert api.put("tea", amount=1, tenant="globex").status == 201
    assert api.product("tea").body == ours


def test_another_tenants_customers_and_products_are_not_known(api: Any, customer: str) -> None:
    api.put("tea", tenant="globex")
    assert api.place(customer, tenant="globex").problem == (409, "unknown-customer")


def test_another_tenants_orders_are_not_listed(api: Any, customer: str) -> None:
    api.place(customer)
    nothing: dict[str, Any] = {"items": [], "next_cursor": None}
    assert api.list(tenant="globex").body == nothing
    assert api.list(tenant="globex", query={"customer_id": customer}).body == nothing


@pytest.mark.parametrize("endpoint", WITH_TOKEN, ids=lambda e: e.name)
def test_a_failure_of_ours_is_a_problem_without_its_cause(
    api: Any, monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    for method in ("get", "get_many", "query", "commit"):
        monkeypatch.setattr(Table, method, fail)
    response = ask(endpoint, path=path(endpoint, "ord_1"), body=VALID.get(endpoint.name))
    assert response.problem == (500, "internal-error")
    assert "secret" not in str(response)


def test_the_function_of_each_module_has_its_name() -> None:
    assert [e.name for e in ENDPOINTS] == [e.function.__module__.split(".")[-1] for e in ENDPOINTS]
    assert {e.function.__module__.rpartition(".")[0] for e in ENDPOINTS} == {orders.api.__name__}
