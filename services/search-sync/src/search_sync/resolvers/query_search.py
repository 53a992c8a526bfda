"""Search by the graph: ids and titles from the index; what they stand for is the table's."""

import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from runtime.cursor import Cursors
from runtime.messages import Limit
from runtime.resolver import Asked, resolver
from search_sync.domain.query import Kind, Search, Text
from search_sync.engine import connect_searcher
from search_sync.index import Searcher
from search_sync.paging import page

_LONGEST_CURSOR = 4096


class Wanted(Asked):
    """What to find: `q` in words, empty for all; `kind` narrows it down."""

    q: Text = ""
    kind: Kind | None = None
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
    """One of what was found, and where to go on after it: the last of a page alone knows."""

    cursor: str | None = None
    node: Hit


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


def search(wanted: Wanted, index: Searcher, cursors: Cursors) -> Connection:
    """Return the best matches first."""
    scope = json.dumps(["graph", wanted.q, wanted.kind])
    asked = Search(
        tenant=wanted.tenant,
        text=wanted.q,
        kind=wanted.kind,
        size=wanted.first,
    )
    found, last = page(asked, index, cursors, scope=scope, cursor=wanted.after)
    edges = []
    for document, highlights in zip(found.documents, found.highlights, strict=True):
        shown = [Highlight(field=name, fragments=texts) for name, texts in highlights.items()]
        edges.append(Edge(node=Hit.model_validate(document | {"highlights": shown})))
    if last is not None:
        edges[-1].cursor = last
    info = PageInfo(has_next_page=last is not None, end_cursor=last)
    return Connection(edges=edges, page_info=info)


handler = resolver(search, index=connect_searcher, cursors=Cursors.connect)
