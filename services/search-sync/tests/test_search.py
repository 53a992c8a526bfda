"""GET /search."""

import json
import subprocess
import sys
from typing import Any

import pytest

from runtime.conformance import BadRequest, Response, ask, bad_requests, declared, send
from runtime.testing import Context
from search_sync.api import search

ENDPOINTS = declared("search_sync.api")


def find(**query: str) -> Response:
    return ask(search.handler, query=query or None, role="member")


@pytest.fixture
def full(index: Any, told: Any, cursor_secret: None) -> Any:
    """An index with three users of acme, an order, and a user of globex."""
    for number in range(3):
        index.documents[f"acme:user:{number}"] = {
            "tenant": "acme",
            "kind": "user",
            "id": f"usr_{number}",
            "title": f"Ada {number}",
            "status": "active",
            "revision": 1,
            "name": f"Ada {number}",
            "email": "ada@example.com",
        }
    index.documents["acme:order:1"] = {
        "tenant": "acme",
        "kind": "order",
        "id": "ord_1",
        "title": "2 x Tea",
        "status": "placed",
        "revision": 4,
        "customer_id": "usr_0",
        "customer_name": "Ada 0",
        "products": ["Tea"],
        "skus": ["TEA-1"],
        "total": {"amount": 900, "currency": "EUR"},
        "placed_at": "2026-11-20T08:30:00Z",
    }
    index.documents["globex:user:9"] = index.documents["acme:user:0"] | {
        "tenant": "globex",
        "id": "usr_9",
    }
    return index


def test_a_hit_says_what_it_is(full: Any) -> None:
    *_, order = find().body["items"]
    assert order == {
        "kind": "order",
        "id": "ord_1",
        "title": "2 x Tea",
        "status": "placed",
        "revision": 4,
        "email": None,
        "customer_id": "usr_0",
        "customer_name": "Ada 0",
        "total": {"amount": 900, "currency": "EUR"},
        "placed_at": "2026-11-20T08:30:00Z",
        "purpose": None,
        "subject": None,
        "texts": None,
        "colors": None,
        "ready_at": None,
    }


def test_what_is_asked_is_searched_for_the_callers_tenant(full: Any) -> None:
    find(q="  green tea ", kind="order", limit="7")
    (asked,) = full.searches
    assert (asked.tenant, asked.text, asked.kind, asked.size) == ("acme", "green tea", "order", 7)


def test_pages_follow_each_other_to_the_end(full: Any) -> None:
    seen: list[str] = []
    query = {"limit": "3", "q": "a"}
    first = find(**query).body
    seen += [item["id"] for item in first["items"]]
    second = find(**query, cursor=first["next_cursor"]).body
    seen += [item["id"] for item in second["items"]]
    assert seen == ["usr_0", "usr_1", "usr_2", "ord_1"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("change", [{"q": "b"}, {"kind": "user"}])
def test_a_cursor_is_good_for_its_own_search_alone(full: Any, change: dict[str, str]) -> None:
    query = {"limit": "1", "q": "a"}
    cursor = find(**query).body["next_cursor"]
    response = find(**query | change, cursor=cursor)
    assert response.problem == (400, "invalid-cursor")


def test_a_cursor_is_good_for_its_own_tenant_alone(full: Any) -> None:
    cursor = find(limit="1").body["next_cursor"]
    response = ask(search.handler, tenant="globex", query={"limit": "1", "cursor": cursor})
    assert response.problem == (400, "invalid-cursor")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"q": "x" * 201}, "q"),
        ({"q": "\ud800"}, "q"),
        ({"kind": "product"}, "kind"),
        ({"kind": ""}, "kind"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"tenant": "globex"}, "tenant"),
    ],
)
def test_a_parameter_that_is_not_as_expected_is_named(
    full: Any, query: dict[str, str], field: str
) -> None:
    response = find(**query)
    assert (response.problem, response.fields) == ((400, "invalid-request"), [field])
    assert full.searches == []


def test_while_the_engine_is_down_the_answer_says_so(full: Any) -> None:
    full.down = True
    response = find(q="ada")
    assert response.problem == (503, "search-unavailable")
    assert "try again" in response.body["detail"]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(bad, id=f"{endpoint.name}-{bad.what}")
        for endpoint in ENDPOINTS
        for bad in bad_requests(endpoint)
    ],
)
def test_a_bad_request_gets_its_problem(full: Any, bad: BadRequest) -> None:
    assert send(search.handler, bad.event).problem == bad.problem


def test_it_answers_an_http_api_with_its_own_authorizer(full: Any) -> None:
    claims = {"custom:tenant": "globex", "cognito:username": "hank", "token_use": "id"}
    event = {
        "version": "2.0",
        "headers": {},
        "queryStringParameters": {"q": "ada"},
        "requestContext": {"requestId": "r", "authorizer": {"jwt": {"claims": claims}}},
        "isBase64Encoded": False,
    }
    answer = search.handler(event, Context())
    assert [item["id"] for item in json.loads(answer["body"])["items"]] == ["usr_9"]


def test_reactions_start_without_the_engines_client() -> None:
    code = """
import importlib, pkgutil, sys
import search_sync.reactions as reactions
for module in pkgutil.iter_modules(reactions.__path__, "search_sync.reactions."):
    importlib.import_module(module.name)
sys.exit(any(name.split(".")[0] in {"opensearchpy", "requests"} for name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)  # noqa: S603 - the code above
    assert done.returncode == 0
