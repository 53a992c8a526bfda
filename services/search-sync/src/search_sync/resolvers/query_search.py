"""Search by the graph: ids and titles from the index; what they stand for is the table's."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from runtime.cursor import Cursors
from runtime.messages import Limit
from runtime.resolver import Asked, resolver
from search_sync.domain.query import Facet, Kind, Sort
from search_sync.engine import connect_searcher
from search_sync.index import Searcher
from search_sync.paging import page
from search_sync.wanted import Wanted

_LONGEST_CURSOR = 4096
_MOST_FACETS = 3


def _sort(value: object) -> object:
    # No name of a graph begins with a minus.
    return "-amount" if value == "amountDescending" else value


class Arguments(Wanted, Asked):
    """What to find, what to count in it, and which part of it is wanted."""

    model_config = ConfigDict(alias_generator=to_camel)

    sort: Annotated[Sort, BeforeValidator(_sort)] = "relevance"
    facets: Annotated[tuple[Facet, ...], Field(max_length=_MOST_FACETS)] = ()
    first: Limit = 20
    after: Annotated[str, Field(max_length=_LONGEST_CURSOR)] | None = None


class Highlight(BaseModel):
    """Parts of a field with the words that were looked for between ``<em>`` and ``</em>``."""

    field: str
    fragments: tuple[str, ...]


class Hit(BaseModel):
    """What was found."""

    kind: Kind
    id: str
    title: str
    status: str
    highlights: tuple[Highlight, ...]


class Edge(BaseModel):
    """One of what was found, and where to go on after it."""

    cursor: str
    node: Hit


class Count(BaseModel):
    """How many of what is found are of one value."""

    value: str
    count: int


class FacetCounts(BaseModel):
    """How many there are of what."""

    name: Facet
    counts: list[Count]


class PageInfo(BaseModel):
    """Whether there is more, and where."""

    model_config = ConfigDict(
        alias_generator=to_camel, serialize_by_alias=True, validate_by_name=True
    )

    has_next_page: bool
    end_cursor: str | None


class Connection(BaseModel):
    """A page, as the schema has it."""

    model_config = ConfigDict(
        alias_generator=to_camel, serialize_by_alias=True, validate_by_name=True
    )

    edges: list[Edge]
    page_info: PageInfo
    facets: list[FacetCounts]


def search(wanted: Arguments, index: Searcher, cursors: Cursors) -> Connection:
    """Return the best matches first."""
    asked = wanted.search(wanted.tenant, size=wanted.first, facets=wanted.facets)
    shown = page(asked, index, cursors, scope=wanted.scope("graph"), cursor=wanted.after)
    found = shown.found
    edges = []
    for cursor, document, highlights in zip(
        shown.cursors, found.documents, found.highlights, strict=True
    ):
        marked = [Highlight(field=name, fragments=texts) for name, texts in highlights.items()]
        hit = Hit.model_validate(document | {"highlights": marked})
        edges.append(Edge(cursor=cursor, node=hit))
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=found.more, end_cursor=edges[-1].cursor if edges else None
        ),
        facets=[
            FacetCounts(
                name=name, counts=[Count(value=value, count=number) for value, number in of.items()]
            )
            for name, of in found.facets.items()
        ],
    )


handler = resolver(search, index=connect_searcher, cursors=Cursors.connect)
