"""The graph's search: what its function answers to the graph's own code, in a caller's name."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime import conformance
from runtime.testing import Context
from search_sync.api import search as api_search
from search_sync.domain.query import Search
from search_sync.resolvers import query_search


def ask(tenant: str = "acme", **arguments: Any) -> Any:
    return query_search.handler({"tenant": tenant} | arguments, Context())


def found(**arguments: Any) -> Any:
    return ask(**arguments)["data"]


@pytest.fixture
def full(index: Any, cursor_secret: None) -> Any:
    """An index with five users of acme, and one of globex."""
    for tenant, number in [*[("acme", n) for n in range(5)], ("globex", 9)]:
        index.documents[f"{tenant}:user:{number}"] = {
            "tenant": tenant,
            "kind": "user",
            "id": f"usr_{number}",
            "title": f"Ada {number}",
            "status": "active",
            "revision": 1,
            "email": "ada@example.com",
        }
    return index


def test_what_is_found_has_no_more_than_the_index_has_to_say_of_it(full: Any) -> None:
    page = found(first=1)
    assert page["edges"][0]["node"] == {
        "kind": "user",
        "id": "usr_0",
        "title": "Ada 0",
        "status": "active",
        "highlights": [{"field": "title", "fragments": ["<em>Ada 0</em>"]}],
    }


def ids(page: Any) -> list[str]:
    return [edge["node"]["id"] for edge in page["edges"]]


def test_pages_follow_each_other_to_the_end(full: Any) -> None:
    seen, after = [], None
    while True:
        page = found(first=2, **({"after": after} if after else {}))
        seen.append(ids(page))
        after = page["pageInfo"]["endCursor"]
        assert page["edges"][-1]["cursor"] == after
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == [["usr_0", "usr_1"], ["usr_2", "usr_3"], ["usr_4"]]
    assert ids(found(after=after)) == []


@pytest.mark.parametrize("first", [1, 2, 5, 20])
def test_each_edge_has_a_cursor_that_leads_on_to_what_follows_it(full: Any, first: int) -> None:
    everything = [f"usr_{number}" for number in range(5)]
    for begin, edge in enumerate(found(first=first)["edges"], 1):
        rest = found(first=2, after=edge["cursor"])
        assert ids(rest) == everything[begin : begin + 2]
        assert rest["pageInfo"]["hasNextPage"] == (begin + 2 < len(everything))


def test_the_index_is_asked_for_the_caller_s_tenant_and_for_what_was_said(full: Any) -> None:
    assert [e["node"]["id"] for e in found(tenant="globex", q=" Ada ")["edges"]] == ["usr_9"]
    found(q="tea", kind="order", first=7)
    first, second = full.searches
    assert (first.tenant, first.text, first.kind, first.size) == ("globex", "Ada", None, 20)
    assert (second.tenant, second.text, second.kind, second.size) == ("acme", "tea", "order", 7)


def test_nothing_found_is_an_empty_page(index: Any, cursor_secret: None) -> None:
    end = {"hasNextPage": False, "endCursor": None}
    assert found() == {"edges": [], "pageInfo": end, "facets": []}


EVERYTHING = {
    "q": "green tea",
    "kind": "order",
    "status": "placed",
    "customer": "usr_01JD000000000000000000ADA0",
    "placedFrom": "2026-11-01",
    "placedTo": "2026-11-20T08:30:00Z",
    "currency": "EUR",
    "amountMin": 100,
    "amountMax": 2000.0,  # a graph's numbers that are no Int
    "sort": "amountDescending",
    "facets": ["status", "date"],
    "first": 7,
}


def test_each_argument_reaches_the_index(full: Any) -> None:
    found(**EVERYTHING)
    (asked,) = full.searches
    assert asked == Search(
        tenant="acme",
        text="green tea",
        kind="order",
        status="placed",
        customer="usr_01JD000000000000000000ADA0",
        placed_from=datetime(2026, 11, 1, tzinfo=UTC),
        placed_to=datetime(2026, 11, 20, 8, 30, tzinfo=UTC),
        currency="EUR",
        amount_min=100,
        amount_max=2000,
        sort="-amount",
        facets=("status", "date"),
        size=7,
    )


def test_facets_are_answered_on_each_page_that_asks_for_them(full: Any) -> None:
    first = found(first=2, facets=["kind", "status", "kind"])
    assert first["facets"] == [
        {"name": name, "counts": [{"value": "one", "count": 5}]} for name in ("kind", "status")
    ]
    after = first["pageInfo"]["endCursor"]
    assert found(first=2, after=after, facets=[])["facets"] == []


@pytest.mark.parametrize("edge", [0, 1])
@pytest.mark.parametrize(
    "change",
    [
        {"tenant": "globex"},
        {"q": "bob"},
        {"kind": "user"},
        {"status": "placed"},
        {"customer": "usr_01JD000000000000000000ADA0"},
        {"placedFrom": "2026-11-20"},
        {"currency": "EUR"},
        {"sort": "newest"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_cursor_is_good_for_its_tenant_and_its_search_alone(
    full: Any, change: dict[str, str], edge: int
) -> None:
    cursor = found(first=2, q="ada")["edges"][edge]["cursor"]
    assert "data" in ask(after=cursor, q="ada", facets=["kind"], first=50)
    refused = ask(**{"after": cursor, "q": "ada"} | change)
    assert refused["problem"]["type"] == "invalid-cursor"


def test_a_cursor_says_nothing_of_what_was_looked_for(full: Any) -> None:
    cursor = found(first=1, q="lovelace")["pageInfo"]["endCursor"]
    said = cursor.partition(".")[0]
    assert b"lovelace" not in base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cursor=st.text(st.characters(exclude_categories=["Cs"]), max_size=200), cut=st.integers(0))
def test_whatever_else_comes_as_a_cursor_is_refused(full: Any, cursor: str, cut: int) -> None:
    issued = found(first=1)["pageInfo"]["endCursor"]
    for other in (cursor, issued[: cut % len(issued)], f"{issued}.{cursor}"):
        assert ask(after=other)["problem"]["type"] == "invalid-cursor"


def test_a_cursor_of_the_http_api_is_none_of_the_graph_s(full: Any) -> None:
    answer = conformance.ask(api_search.handler, query={"limit": "1"}, role="member")
    assert ask(after=answer.body["next_cursor"])["problem"]["type"] == "invalid-cursor"


@pytest.mark.parametrize(
    "arguments",
    [
        {"tenant": "Acme"},
        {"tenant": "acme:user"},
        {"first": 0},
        {"first": 101},
        {"q": "x" * 201},
        {"kind": "tenant"},
        {"after": "x" * 4097},
        {"tenants": ["globex"]},
        {"placed_from": "2026-11-20"},
        {"placedTo": "yesterday"},
        {"amountMin": 5},
        {"sort": "-amount"},
        {"facets": ["tenant"]},
        {"facets": ["kind"] * 4},
        {"facets": "kind"},
        {"facets": None},
    ],
    ids="-".join,
)
def test_what_does_not_fit_is_refused_and_named(full: Any, arguments: dict[str, Any]) -> None:
    problem = ask(**arguments)["problem"]
    assert problem["type"] == "invalid-request"
    assert next(iter(arguments)) in problem["detail"]
    assert full.searches == []


def test_an_engine_that_is_down_is_a_problem_that_the_caller_is_told(
    full: Any, caplog: pytest.LogCaptureFixture
) -> None:
    full.down = True
    assert ask(q="ada")["problem"]["type"] == "search-unavailable"
    assert "engine unavailable" in caplog.text
    assert not any("ada" in str(vars(record)) for record in caplog.records)
