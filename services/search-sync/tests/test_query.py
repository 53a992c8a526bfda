"""What the engine is asked."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from search_sync.domain.query import Search, query

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(
    text=texts,
    kind=st.sampled_from([None, "user", "order", "media"]),
    after=st.none() | st.just([1.0, "usr_1"]),
)
def test_every_query_is_bound_to_its_tenant_and_kind(text: str, kind: Any, after: Any) -> None:
    made = query(Search(tenant="acme", text=text, kind=kind, after=after))
    filters = made["query"]["bool"]["filter"]
    assert {"term": {"tenant": "acme"}} in filters
    assert ({"term": {"kind": kind}} in filters) == (kind is not None)
    assert made["query"].keys() == {"bool"}
    # Without this, a `should` beside a filter would match everything.
    assert made["query"]["bool"].get("minimum_should_match") == (1 if text else None)


# Kinds of query that read no operators, wildcards or fields out of a text.
PLAIN = {"bool", "constant_score", "term", "multi_match"}


def kinds(clause: Any) -> set[str]:
    """Return the kinds of query that a clause is made of."""
    ((kind, content),) = clause.items()
    parts = [content["filter"]] if kind == "constant_score" else []
    if kind == "bool":
        parts = [*content["filter"], *content.get("should", [])]
    return {kind}.union(*map(kinds, parts))


@given(text=texts)
def test_no_kind_of_query_has_a_syntax_of_its_own(text: str) -> None:
    made = query(Search(tenant="acme", text=text))
    assert kinds(made["query"]) <= PLAIN
    assert made.keys() == {"query", "sort", "size", "track_total_hits"}


def test_ties_are_broken_so_that_no_page_repeats_or_skips() -> None:
    made = query(Search(tenant="acme", after=[2.5, "usr_7"]))
    assert made["sort"] == [{"_score": "desc"}, {"id": "desc"}]
    assert made["search_after"] == [2.5, "usr_7"]


def test_near_misses_are_not_looked_for_in_long_texts() -> None:
    long, short = (query(Search(tenant="acme", text="x" * n)) for n in (61, 60))
    assert "fuzziness" not in json.dumps(long)
    assert "fuzziness" in json.dumps(short)
