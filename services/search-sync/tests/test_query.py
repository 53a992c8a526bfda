"""What the engine is asked."""

import json
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from search_sync.domain.matching import may_be_mistyped
from search_sync.domain.query import Facet, Kind, Search, Sort, Status, Typed, completion, query

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
moments = st.datetimes(timezones=st.just(UTC))
searches = st.fixed_dictionaries(
    {},
    optional={
        "text": texts,
        "kind": st.sampled_from(get_args(Kind)),
        "status": st.sampled_from(get_args(Status)),
        "customer": texts,
        "placed_from": moments,
        "placed_to": moments,
        "currency": texts,
        "amount_min": st.integers(),
        "amount_max": st.integers(),
        "sort": st.sampled_from(get_args(Sort)),
        "facets": st.lists(st.sampled_from(get_args(Facet)), max_size=4),
        "after": st.just([[1.0, "usr_1"], None, False]),
    },
)
MINE = {"term": {"tenant": "acme"}}


@given(asked=searches, tolerant=st.booleans())
def test_whatever_is_asked_it_is_bound_to_its_tenant(asked: dict[str, Any], tolerant: bool) -> None:
    made = dict(query(Search(tenant="acme", **asked), tolerant=tolerant))
    assert made["query"].keys() == {"bool"}
    must = made["query"]["bool"]
    assert MINE in must["filter"]
    assert must.keys() <= {"filter", "should", "minimum_should_match"}
    # Without this, a `should` beside a filter would match everything.
    assert must.get("minimum_should_match") == (1 if asked.get("text") else None)
    # A filter after the counting, or a count over all documents, would be of other tenants too.
    assert "post_filter" not in made
    assert not any("global" in count for count in made.get("aggs", {}).values())


@given(text=texts)
def test_whatever_is_typed_it_is_bound_to_its_tenant(text: str) -> None:
    assert MINE in completion(Typed(tenant="acme", text=text))["query"]["bool"]["filter"]


@pytest.mark.parametrize("tenant", ["", "*", "acme,globex", "Acme", "acme\n", None, ["acme"]])
def test_there_is_no_search_of_nobody(tenant: Any) -> None:
    with pytest.raises(ValidationError):
        Search(tenant=tenant)
    with pytest.raises(ValidationError):
        Typed(tenant=tenant, text="a")


def test_a_search_without_a_tenant_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="tenant"):
        Search(text="a")  # type: ignore[call-arg]  # what is tested


# Kinds of query that read no operators, wildcards or fields out of a text.
PLAIN = {"bool", "constant_score", "dis_max", "match", "multi_match", "prefix", "range", "term"}
PARTS = ("filter", "should", "must", "queries")


def kinds(clause: Any) -> set[str]:
    """Return the kinds of query that a clause is made of."""
    ((kind, content),) = clause.items()
    parts: list[Any] = []
    if kind in ("bool", "constant_score", "dis_max"):
        for name in PARTS:
            found = content.get(name, [])
            parts += found if isinstance(found, list) else [found]
    return {kind}.union(*map(kinds, parts))


@given(asked=searches, tolerant=st.booleans())
def test_no_kind_of_query_has_a_syntax_of_its_own(asked: dict[str, Any], tolerant: bool) -> None:
    made = dict(query(Search(tenant="acme", **asked), tolerant=tolerant))
    assert kinds(made["query"]) <= PLAIN
    if "highlight" in made:
        assert kinds(made["highlight"]["highlight_query"]) <= PLAIN
    always = {"query", "sort", "size", "track_total_hits"}
    assert always <= made.keys() <= always | {"highlight", "aggs", "search_after"}


@given(text=texts)
def test_neither_has_a_suggestion(text: str) -> None:
    assert kinds(completion(Typed(tenant="acme", text=text))["query"]) <= PLAIN


@pytest.mark.parametrize("sort", get_args(Sort))
def test_ties_are_broken_so_that_no_page_repeats_or_skips(sort: Any) -> None:
    after = [[2.5, "usr_7"], "a point in time", False]
    made = query(Search(tenant="acme", text="a", sort=sort, after=after))
    assert made["sort"][-1].keys() == {"id"}
    assert len(made["sort"]) == len(made["search_after"])
    assert made["search_after"] == [2.5, "usr_7"]


def test_without_a_text_nothing_is_scored() -> None:
    assert query(Search(tenant="acme"))["sort"] == [{"id": "desc"}]


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("x" * 60, True),
        ("x" * 61, False),
        ("o'connor", True),
        ("mug 2", True),
        ("ord_01JD000000000000000000TEA0", False),
        ("ada@example.com", False),
        ("4711", False),
        ("", False),
    ],
)
def test_near_misses_are_looked_for_in_words_and_not_in_long_texts(
    text: str, possible: bool
) -> None:
    assert may_be_mistyped(text) == possible
    asked = Search(tenant="acme", text=text)
    assert ("fuzziness" in json.dumps(query(asked, tolerant=True))) == possible
    assert "fuzziness" not in json.dumps(query(asked))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shoes for the trail", ["shoes", "trail"]),
        ("The Who", ["Who"]),
        ("tea & - mug", ["tea", "mug"]),
        ("*", ["*"]),
        ("to the", ["to", "the"]),
        ("the", ["the"]),
        (" \t", []),
    ],
)
def test_words_that_say_nothing_need_not_match(text: str, words: list[str]) -> None:
    must = query(Search(tenant="acme", text=text))["query"]["bool"]["should"][-1]["bool"]["must"]
    found = [one["dis_max"]["queries"][0]["multi_match"]["query"] for one in must]
    assert found == words


def test_the_filters_are_as_they_are_asked() -> None:
    asked = Search(
        tenant="acme",
        status="placed",
        customer="usr_1",
        placed_from=datetime(2026, 11, 1, tzinfo=UTC),
        currency="EUR",
        amount_min=0,
        amount_max=5,
    )
    assert query(asked)["query"]["bool"]["filter"] == [
        MINE,
        {"term": {"status": "placed"}},
        {"term": {"customer_id": "usr_1"}},
        {"term": {"total.currency": "EUR"}},
        {"range": {"placed_at": {"gte": "2026-11-01T00:00:00+00:00"}}},
        {"range": {"total.amount": {"gte": 0, "lte": 5}}},
    ]
