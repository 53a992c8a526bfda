"""GET /search."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from runtime.conformance import BadRequest, Response, ask, bad_requests, declared, send
from runtime.testing import Context
from search_sync.api import search
from search_sync.domain.query import Search

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
        "highlights": {"title": ["<em>2 x Tea</em>"]},
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


EVERYTHING = {
    "q": "green tea",
    "kind": "order",
    "status": "placed",
    "customer": "usr_01JD000000000000000000ADA0",
    "placed_from": "2026-11-01",
    "placed_to": "2026-11-20",
    "currency": "EUR",
    "amount_min": "100",
    "amount_max": "2000",
    "sort": "-amount",
    "facets": "status,date",
    "limit": "7",
}


def test_each_filter_reaches_the_index(full: Any) -> None:
    assert find(**EVERYTHING).status == 200
    (asked,) = full.searches
    assert asked == Search(
        tenant="acme",
        text="green tea",
        kind="order",
        status="placed",
        customer="usr_01JD000000000000000000ADA0",
        placed_from=datetime(2026, 11, 1, tzinfo=UTC),
        placed_to=datetime(2026, 11, 20, 23, 59, 59, 999_999, tzinfo=UTC),
        currency="EUR",
        amount_min=100,
        amount_max=2000,
        sort="-amount",
        facets=["status", "date"],
        size=7,
    )


def test_a_moment_is_as_good_as_a_day(full: Any) -> None:
    find(placed_from="2026-11-20T10:00:00+01:00", placed_to="2026-11-20T09:00:00Z")
    (asked,) = full.searches
    assert asked.placed_from == asked.placed_to == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_facets_are_answered_on_each_page_that_asks_for_them(full: Any) -> None:
    first = find(limit="2", facets="kind").body
    assert first["facets"] == {"kind": {"one": 4}}
    second = find(limit="2", cursor=first["next_cursor"]).body
    assert second["facets"] is None
    assert [item["id"] for item in second["items"]] == ["usr_2", "ord_1"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"kind": "user", "status": "placed"}, "status"),
        ({"amount_min": "5"}, "amount_min"),
        ({"currency": "EUR", "amount_max": "many"}, "amount_max"),
        ({"placedFrom": "2026-11-01"}, "placedFrom"),
        ({"facets": "kind,"}, "facets"),
        ({"facets": "tenant"}, "facets"),
        ({"facets": "kind;status"}, "facets"),
        ({"facets": ",".join(["kind"] * 4)}, "facets"),
    ],
)
def test_what_does_not_fit_together_is_named(full: Any, query: dict[str, str], field: str) -> None:
    response = find(**query)
    assert (response.problem, response.fields) == ((400, "invalid-request"), [field])
    assert full.searches == []


@pytest.mark.parametrize("facets", ["kind,kind", "date,status,kind", "date"])
def test_facets_may_be_asked_for_in_any_order(full: Any, facets: str) -> None:
    assert find(facets=facets).body["facets"].keys() == set(facets.split(","))


@pytest.mark.parametrize(
    "change",
    [
        {"q": "b"},
        {"kind": "user"},
        {"status": "placed"},
        {"sort": "newest"},
        {"currency": "EUR"},
        {"placed_to": "2026-11-21"},
    ],
)
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
    assert response.headers["Retry-After"] == "5"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_result_may_be_kept_by_its_caller_and_asked_for_again(full: Any) -> None:
    first = find(limit="2")
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, max-age=2"
    assert first.headers["Vary"] == "Authorization"
    again = ask(search.handler, query={"limit": "2"}, headers={"If-None-Match": tag})
    assert (again.status, again.body, again.headers["ETag"]) == (304, None, tag)
    # The engine's point in time is another each time, and so is the cursor: no news.
    assert find(limit="2").body["next_cursor"] != first.body["next_cursor"]


@pytest.mark.parametrize("change", ["title", "status"])
def test_a_result_that_has_changed_is_sent_again(full: Any, change: str) -> None:
    tag = find().headers["ETag"]
    full.documents["acme:user:0"] |= {change: "another"}
    again = ask(search.handler, headers={"If-None-Match": tag})
    assert again.status == 200
    assert again.headers["ETag"] != tag


def test_another_tenants_tag_tells_nothing(full: Any) -> None:
    tag = find().headers["ETag"]
    other = ask(search.handler, tenant="globex", headers={"If-None-Match": tag})
    assert [item["id"] for item in other.body["items"]] == ["usr_9"]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(bad, id=f"{endpoint.name}-{bad.what}")
        for endpoint in ENDPOINTS
        if endpoint is search.handler
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
