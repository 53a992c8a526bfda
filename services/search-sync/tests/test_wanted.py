"""What may be asked of a search: the same by the HTTP API and by the graph, in each one's words."""

from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from runtime.endpoint import parse
from runtime.problems import InvalidRequest
from search_sync.api.search import SearchQuery
from search_sync.domain.query import Kind, Search, Sort, Status, query
from search_sync.resolvers.query_search import Arguments

ADA = "usr_01JD000000000000000000ADA0"
EVERYTHING = {
    "q": "  green tea ",
    "kind": "order",
    "status": "placed",
    "customer": ADA,
    "placed_from": "2026-11-01",
    "placed_to": "2026-11-20",
    "currency": "EUR",
    "amount_min": "100",
    "amount_max": "2000",
    "sort": "-amount",
}


def in_the_graph(query: dict[str, str]) -> dict[str, Any]:
    """Return the graph's arguments of a query string: by its own names, and numbers as numbers."""
    arguments: dict[str, Any] = {"tenant": "acme"}
    for name, value in query.items():
        arguments[to_camel(name)] = float(value) if name.startswith("amount_") else value
    if arguments.get("sort") == "-amount":
        arguments["sort"] = "amountDescending"
    return arguments


def asked(wanted: SearchQuery | Arguments) -> Search:
    return wanted.search("acme", size=20, facets=())


def refused(model: type[SearchQuery | Arguments], given: dict[str, Any]) -> list[Any]:
    """Return the names of what does not fit a model."""
    with pytest.raises(ValidationError) as error:
        model.model_validate(given)
    return [one["loc"][0] for one in error.value.errors()]


def test_each_filter_is_searched_for() -> None:
    http = SearchQuery.model_validate(EVERYTHING)
    graph = Arguments.model_validate(in_the_graph(EVERYTHING))
    assert asked(http) == asked(graph)
    assert asked(graph) == Search(
        tenant="acme",
        text="green tea",
        kind="order",
        status="placed",
        customer=ADA,
        placed_from=datetime(2026, 11, 1, tzinfo=UTC),
        placed_to=datetime(2026, 11, 20, 23, 59, 59, 999_999, tzinfo=UTC),
        currency="EUR",
        amount_min=100,
        amount_max=2000,
        sort="-amount",
    )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"q": "x" * 201}, "q"),
        ({"kind": "product"}, "kind"),
        ({"kind": ""}, "kind"),
        ({"kind": "user", "status": "placed"}, "status"),
        ({"kind": "media", "status": "active"}, "status"),
        ({"status": "reserved"}, "status"),
        ({"kind": "user", "customer": ADA}, "customer"),
        ({"kind": "media", "placed_from": "2026-11-01"}, "placed_from"),
        ({"kind": "media", "placed_to": "2026-11-01"}, "placed_to"),
        ({"kind": "user", "currency": "EUR"}, "currency"),
        ({"placed_from": "2026-11-02", "placed_to": "2026-11-01"}, "placed_to"),
        ({"placed_from": "2026-02-30"}, "placed_from"),
        ({"placed_from": "yesterday"}, "placed_from"),
        ({"placed_from": "2026-11-01T08:00:00"}, "placed_from"),
        ({"amount_min": "5"}, "amount_min"),
        ({"amount_max": "5"}, "amount_max"),
        ({"currency": "EUR", "amount_min": "5", "amount_max": "4"}, "amount_max"),
        ({"currency": "EUR", "amount_min": "-1"}, "amount_min"),
        ({"currency": "EUR", "amount_max": "1" + "0" * 13}, "amount_max"),
        ({"currency": "EUR", "amount_max": "1.5"}, "amount_max"),
        ({"currency": "eur"}, "currency"),
        ({"customer": "usr_1 OR 1=1"}, "customer"),
        ({"sort": "amount"}, "sort"),
        ({"sort": "-amount"}, "sort"),
        ({"sort": "title"}, "sort"),
    ],
)
def test_what_does_not_fit_together_is_named(query: dict[str, str], field: str) -> None:
    assert refused(SearchQuery, query) == [field]
    assert refused(Arguments, in_the_graph(query)) == [to_camel(field)]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=210)
days = st.sampled_from(["2026-11-01", "2026-11-30", "2026-11-20T08:30:00Z", "2026-02-30"])
amounts = st.integers(-1, 10**13).map(str)
queries = st.fixed_dictionaries(
    {},
    optional={
        "q": texts,
        "kind": st.sampled_from(get_args(Kind)) | texts,
        "status": st.sampled_from(get_args(Status)) | texts,
        "customer": st.just(ADA) | texts,
        "placed_from": days | texts,
        "placed_to": days | texts,
        "currency": st.sampled_from(["EUR", "JPY"]) | texts,
        "amount_min": amounts,
        "amount_max": amounts,
        "sort": st.sampled_from(get_args(Sort)) | texts.filter(lambda text: text[:6] != "amount"),
    },
)


@given(query=queries)
def test_whatever_is_asked_means_the_same_to_both(query: dict[str, str]) -> None:
    try:
        http = SearchQuery.model_validate(query)
    except ValidationError as error:
        fields = [to_camel(str(one["loc"][0])) for one in error.errors()]
        assert refused(Arguments, in_the_graph(query)) == fields
    else:
        graph = Arguments.model_validate(in_the_graph(query))
        assert asked(graph) == asked(http)
        assert graph.scope("list") == http.scope("list")


@given(one=queries, other=queries)
def test_what_is_not_the_same_is_no_list_of_the_same_cursors(
    one: dict[str, str], other: dict[str, str]
) -> None:
    try:
        first, second = (Arguments.model_validate(in_the_graph(query)) for query in (one, other))
    except ValidationError:
        return
    assert (first.scope("list") == second.scope("list")) == (asked(first) == asked(second))
    assert first.scope("list") != first.scope("another")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
names = sorted({to_camel(name) for name in Arguments.model_fields} | {"placed_from", "search"})


@given(arguments=st.dictionaries(st.sampled_from(names), anything, max_size=4))
def test_whatever_a_graph_s_arguments_are_they_fit_or_are_refused(
    arguments: dict[str, Any],
) -> None:
    try:
        wanted = parse(Arguments.model_validate, {"tenant": "acme"} | arguments)
    except InvalidRequest as problem:
        named = {error.field.partition(".")[0] for error in problem.errors}
    else:
        named = set()
        query(wanted.search(wanted.tenant, size=wanted.first, facets=wanted.facets))
    assert named <= arguments.keys()
