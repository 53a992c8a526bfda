"""What a client of the deployed APIs sees of its own mistakes: a problem document, always."""

import json
from typing import Any

import httpx
import pytest

from tests.e2e.client import Tenant, UnderTest, assert_problem

USER = {"name": "Ada", "email": "ada@example.com"}
ORDER = {"customer_id": "usr_01J00000000000000000000000", "items": [{"sku": "a", "quantity": 1}]}
PRODUCT = {"name": "Lamp", "price": {"amount": 1, "currency": "EUR"}, "stock": 1}
WRITES = [
    pytest.param("POST", "users", "/users", USER, id="users"),
    pytest.param("POST", "orders", "/orders", ORDER, id="orders"),
    pytest.param("PUT", "orders", "/products/lamp", PRODUCT, id="products"),
]
READS = [
    pytest.param("users", "/users", id="users"),
    pytest.param("orders", "/orders", id="orders"),
    pytest.param("search-sync", "/search", id="search"),
]


@pytest.mark.parametrize(("method", "service", "path", "good"), WRITES)
def test_a_bad_body_is_a_problem(
    tenant: Tenant, method: str, service: str, path: str, good: dict[str, Any]
) -> None:
    def send(text: str, kind: str = "application/json") -> httpx.Response:
        caller = tenant.admin
        return caller.http.request(
            method,
            f"{caller.apis[service]}{path}",
            content=text.encode(),
            headers={"Authorization": f"Bearer {caller.token}", "Content-Type": kind},
            timeout=30,
        )

    assert_problem(send("{"), 400)
    assert_problem(send('"text"'), 400)
    unknown = assert_problem(send(json.dumps(good | {"surprise": 1})), 400)
    assert "surprise" in json.dumps(unknown)
    field = sorted(good)[-1]
    wrong = assert_problem(send(json.dumps(good | {field: {"not": "this"}})), 400)
    assert field in json.dumps(wrong)
    missing = assert_problem(send(json.dumps({k: v for k, v in good.items() if k != field})), 400)
    assert field in json.dumps(missing)
    assert_problem(send(" " * 70_000 + json.dumps(good)), 413)
    assert_problem(send("[" * 1_000 + "]" * 1_000), 400)
    assert_problem(send(json.dumps(good), kind="text/plain"), 415)


@pytest.mark.parametrize(("service", "path"), READS)
def test_a_bad_query_is_a_problem(tenant: Tenant, service: str, path: str) -> None:
    def ask(**query: str) -> httpx.Response:
        return tenant.member.send("GET", service, path, params=query)

    assert "limit" in json.dumps(assert_problem(ask(limit="0"), 400))
    assert_problem(ask(limit="many"), 400)
    assert_problem(ask(limit="101"), 400)
    assert "surprise" in json.dumps(assert_problem(ask(surprise="1"), 400))
    assert_problem(ask(cursor="forged"), 400, "invalid-cursor")


@pytest.mark.parametrize(("service", "path"), READS)
def test_without_a_good_token_nothing_is_told(
    stage: UnderTest, tenant: Tenant, service: str, path: str
) -> None:
    url = f"{stage.apis[service]}{path}"
    head, payload, signature = tenant.member.token.split(".")
    forged = f"{head}.{payload}.{signature[::-1]}"
    for headers in (
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": f"Bearer {forged}"},
        {"Authorization": f"Basic {tenant.member.token}"},
    ):
        answer = tenant.member.http.get(url, headers=headers, timeout=30)
        assert answer.status_code == 401, answer.text


@pytest.mark.parametrize(
    ("method", "service", "path", "body"),
    [
        ("POST", "users", "/users", USER),
        ("PUT", "users", "/users/usr_01J00000000000000000000000", USER),
        ("DELETE", "users", "/users/usr_01J00000000000000000000000", None),
        ("PUT", "orders", "/products/lamp", PRODUCT),
    ],
)
def test_a_member_may_not_do_what_takes_an_admin(
    tenant: Tenant, method: str, service: str, path: str, body: dict[str, Any] | None
) -> None:
    assert_problem(tenant.member.send(method, service, path, json=body), 403, "forbidden")
