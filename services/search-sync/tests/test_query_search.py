"""The graph's search: what its function answers to the graph's own code, in a caller's name."""

import json
from typing import Any

import pytest

from runtime.testing import Context
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


def test_pages_follow_each_other_to_the_end(full: Any) -> None:
    seen, after = [], None
    while True:
        page = found(first=2, **({"after": after} if after else {}))
        seen.append([edge["node"]["id"] for edge in page["edges"]])
        after = page["pageInfo"]["endCursor"]
        assert page["edges"][-1]["cursor"] == after
        assert page["pageInfo"]["hasNextPage"] == (after is not None)
        if after is None:
            break
    assert seen == [["usr_0", "usr_1"], ["usr_2", "usr_3"], ["usr_4"]]


def test_the_index_is_asked_for_the_caller_s_tenant_and_for_what_was_said(full: Any) -> None:
    assert [e["node"]["id"] for e in found(tenant="globex", q=" Ada ")["edges"]] == ["usr_9"]
    found(q="tea", kind="order", first=7)
    first, second = full.searches
    assert (first.tenant, first.text, first.kind, first.size) == ("globex", "Ada", None, 20)
    assert (second.tenant, second.text, second.kind, second.size) == ("acme", "tea", "order", 7)


def test_nothing_found_is_an_empty_page(index: Any, cursor_secret: None) -> None:
    assert found() == {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}


def test_a_cursor_is_good_for_its_tenant_and_its_search_alone(full: Any) -> None:
    cursor = found(first=1, q="ada")["pageInfo"]["endCursor"]
    assert "data" in ask(after=cursor, q="ada")
    for other in (
        {"tenant": "globex", "q": "ada", "after": cursor},
        {"q": "bob", "after": cursor},
        {"q": "ada", "kind": "user", "after": cursor},
        {"q": "ada", "after": cursor[:-1]},
        {"q": "ada", "after": "x"},
        {"q": "ada", "after": ""},
    ):
        assert ask(**other)["problem"]["type"] == "invalid-cursor"
    assert json.dumps("ada") not in json.dumps(cursor)


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
    ],
    ids="-".join,
)
def test_what_does_not_fit_is_refused(full: Any, arguments: dict[str, Any]) -> None:
    assert ask(**arguments)["problem"]["type"] == "invalid-request"
    assert full.searches == []


def test_an_engine_that_is_down_is_a_problem_that_the_caller_is_told(
    full: Any, caplog: pytest.LogCaptureFixture
) -> None:
    full.down = True
    assert ask(q="ada")["problem"]["type"] == "search-unavailable"
    assert "engine unavailable" in caplog.text
    assert not any("ada" in str(vars(record)) for record in caplog.records)
