"""The one place that builds what the engine is asked: the tenant's filter is in every query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["user", "order", "media"]

# A word may match near misses and beginnings only in texts up to this length: each such word
# becomes up to `_EXPANSIONS` clauses a field, and the engine takes 1,024 in all (its default).
_FUZZY_LENGTH = 60
_EXPANSIONS = 10

_FIELDS = ["name^2", "email.words", "customer_name", "products", "texts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search of one tenant's documents.

    Parameters
    ----------
    tenant
        Whose documents.
    text
        What to find; empty finds all.
    kind
        Only documents of this kind, if given.
    size
        At most so many.
    after
        Where to go on: the sort values of the last document of the page before.
    """

    tenant: str
    text: str = ""
    kind: Kind | None = None
    size: int = 20
    after: Sequence[Any] | None = None


def query(search: Search) -> dict[str, Any]:
    """Return the search as the engine's query DSL.

    The text only ever stands as a value, in kinds of query that have no syntax of their own.
    """
    filters: list[dict[str, Any]] = [{"term": {"tenant": search.tenant}}]
    if search.kind:
        filters.append({"term": {"kind": search.kind}})
    matching: dict[str, Any] = {"filter": filters}
    if search.text:
        matching |= {"should": _ways(search.text), "minimum_should_match": 1}
    body: dict[str, Any] = {
        "query": {"bool": matching},
        # Scores repeat; ids do not, and being ULIDs they put the newest first.
        "sort": [{"_score": "desc"}, {"id": "desc"}],
        # One more than asked for tells whether there is more.
        "size": search.size + 1,
        "track_total_hits": False,
    }
    if search.after is not None:
        body["search_after"] = list(search.after)
    return body


def _ways(text: str) -> list[dict[str, Any]]:
    """Return how the text may match, the surest first: an id or address beats every word."""
    ways = [
        _exactly("id", text, 1000),
        _exactly("email", text, 500),
        _exactly("skus", text, 200),
        _exactly("customer_id", text, 100),
        _exactly("subject", text, 100),
        # Every word, but each may be in a field of its own: a customer's name and a product's.
        _words(text, type="cross_fields", boost=4),
    ]
    if len(text) <= _FUZZY_LENGTH:
        ways += [
            _words(text, type="bool_prefix", boost=2),
            # The first letter stands: that keeps it fast, and people rarely miss it.
            _words(
                text,
                type="best_fields",
                fuzziness="AUTO",
                prefix_length=1,
                max_expansions=_EXPANSIONS,
            ),
        ]
    return ways


def _exactly(field: str, text: str, boost: int) -> dict[str, Any]:
    return {"constant_score": {"filter": {"term": {field: text}}, "boost": boost}}


def _words(text: str, **options: Any) -> dict[str, Any]:
    return {"multi_match": {"query": text, "fields": _FIELDS, "operator": "and", **options}}
