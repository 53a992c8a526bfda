"""The one place that builds what the engine is asked: every question is bound to its tenant.

A `Question` is made by `_bound` alone, which adds the tenant's filter, and the engine is asked
nothing that is no `Question`: a query without the filter does not pass the type checker.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, NewType

from pydantic import StringConstraints, TypeAdapter

from contracts.ids import TenantId
from search_sync.domain.highlights import HIGHLIGHTED
from search_sync.domain.matching import Clause, beginnings, begins, marked, ways

Text = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Kind = Literal["user", "order", "media"]
Status = Literal[
    "active", "deactivated", "placed", "confirmed", "fulfilled", "rejected", "cancelled", "ready"
]
Sort = Literal["relevance", "newest", "oldest", "amount", "-amount"]
Facet = Literal["kind", "status", "date"]

Place = Sequence[Any]
"""Where a listing goes on: what the engine sorts by, its point in time, and if near misses count.

It is to be handed back as JSON keeps it.
"""

Question = NewType("Question", Mapping[str, Any])
"""The body of a request, as the engine's query DSL, that finds one tenant's documents alone."""

_TENANT: TypeAdapter[str] = TypeAdapter(TenantId)

# What has no date comes last. A number of our own: the engine does not take back, for the next
# page, the one that it would choose itself.
_BEFORE_ALL, _AFTER_ALL = 0, 253_402_300_799_999
# Ids differ, so that no two documents change places; being ULIDs, they put the newest first.
_ORDERS: dict[Sort, list[Clause]] = {
    "relevance": [{"_score": "desc"}, {"id": "desc"}],
    "newest": [
        {"at": {"order": "desc", "missing": _BEFORE_ALL, "unmapped_type": "date"}},
        {"id": "desc"},
    ],
    "oldest": [
        {"at": {"order": "asc", "missing": _AFTER_ALL, "unmapped_type": "date"}},
        {"id": "asc"},
    ],
    "amount": [{"total.amount": {"order": "asc", "unmapped_type": "long"}}, {"id": "desc"}],
    "-amount": [{"total.amount": {"order": "desc", "unmapped_type": "long"}}, {"id": "desc"}],
}
_COUNTS: dict[Facet, Clause] = {
    "kind": {"terms": {"field": "kind"}},
    "status": {"terms": {"field": "status"}},
    "date": {
        "date_histogram": {
            "field": "at",
            "calendar_interval": "month",
            "format": "yyyy-MM",
            "min_doc_count": 1,
        }
    },
}
_SUGGESTED = ["kind", "id", "title", "name", "email", "products", "texts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search of one tenant's documents.

    Parameters
    ----------
    tenant
        Whose documents; a ValueError if it is none.
    text
        What to find; empty finds all.
    kind, status, customer, currency
        Only documents of this kind, status, customer's id, currency, if given.
    placed_from, placed_to
        Only orders that were placed between these, both inclusive.
    amount_min, amount_max
        Only orders whose total is between these, in minor units, both inclusive.
    sort
        What comes first; `amount` is the smallest, `-amount` the largest.
    facets
        What to count, over all that matches.
    size
        At most so many.
    after
        Where to go on: what `Found.places` said of a document.
    """

    tenant: str
    text: str = ""
    kind: Kind | None = None
    status: Status | None = None
    customer: str | None = None
    placed_from: datetime | None = None
    placed_to: datetime | None = None
    currency: str | None = None
    amount_min: int | None = None
    amount_max: int | None = None
    sort: Sort = "relevance"
    facets: Sequence[Facet] = ()
    size: int = 20
    after: Place | None = None

    def __post_init__(self) -> None:
        """Check that it is somebody's."""
        _TENANT.validate_python(self.tenant)

    @property
    def ranked(self) -> bool:
        """Whether scores, which change as documents do, say what comes first."""
        return bool(self.text) and self.sort == "relevance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The beginning of a search, for which suggestions are wanted.

    Parameters
    ----------
    tenant
        Whose documents; a ValueError if it is none.
    text
        What was typed so far.
    size
        At most so many.
    """

    tenant: str
    text: str
    size: int = 10

    def __post_init__(self) -> None:
        """Check that it is somebody's."""
        _TENANT.validate_python(self.tenant)


def query(search: Search, *, tolerant: bool = False) -> Question:
    """Return what a search asks of the engine.

    Parameters
    ----------
    search
        The search.
    tolerant
        Whether words match near misses as well.
    """
    matching: Clause = {"filter": _filters(search)}
    if search.text:
        # Without a minimum, a `should` beside a filter would match everything.
        matching |= {"should": ways(search.text, tolerant=tolerant), "minimum_should_match": 1}
    shape: Clause = {
        "sort": _order(search),
        # One more than asked for tells whether there is more.
        "size": search.size + 1,
        "track_total_hits": False,
    }
    if search.text:
        words = marked(search.text, tolerant=tolerant)
        shape["highlight"] = HIGHLIGHTED | {"highlight_query": words}
    if search.facets:
        shape["aggs"] = {facet: _COUNTS[facet] for facet in search.facets}
    if search.after is not None:
        shape["search_after"] = list(search.after[0])
    return _bound(search.tenant, matching, shape)


def completion(typed: Typed) -> Question:
    """Return what asks the engine for documents to suggest: more than wanted, as some are alike."""
    matching: Clause = {"filter": [beginnings(typed.text)], "should": [begins(typed.text)]}
    shape: Clause = {
        "sort": _ORDERS["relevance"],
        "size": 3 * typed.size,
        "track_total_hits": False,
        "_source": _SUGGESTED,
    }
    return _bound(typed.tenant, matching, shape)


def _bound(tenant: str, matching: Clause, shape: Clause) -> Question:
    mine = {"term": {"tenant": tenant}}
    bound = matching | {"filter": [mine, *matching["filter"]]}
    return Question({"query": {"bool": bound}} | shape)


def _order(search: Search) -> list[Clause]:
    order = _ORDERS[search.sort]
    # Where nothing is looked for all scores are the same, and need not be asked for.
    return order if search.text else [one for one in order if "_score" not in one]


def _filters(search: Search) -> list[Clause]:
    exact = {
        "kind": search.kind,
        "status": search.status,
        "customer_id": search.customer,
        "total.currency": search.currency,
    }
    filters: list[Clause] = [
        {"term": {field: value}} for field, value in exact.items() if value is not None
    ]
    placed = {"gte": _moment(search.placed_from), "lte": _moment(search.placed_to)}
    amount = {"gte": search.amount_min, "lte": search.amount_max}
    for field, bounds in (("placed_at", placed), ("total.amount", amount)):
        given = {name: bound for name, bound in bounds.items() if bound is not None}
        if given:
            filters.append({"range": {field: given}})
    return filters


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
