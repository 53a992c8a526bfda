"""Search the tenant's users, orders and pictures."""

import json
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.money import Money
from contracts.values import Timestamp
from runtime.cursor import Cursors
from runtime.endpoint import endpoint
from runtime.messages import Listing, Page, Request, View
from runtime.problems import InvalidCursor, Problem
from search_sync.domain.query import Kind, Search
from search_sync.index import Searcher, Unavailable, connect_searcher

Text = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]


class Wanted(Page):
    """What to find: `q` in words, empty for all; `kind` narrows it down."""

    q: Text = ""
    kind: Kind | None = None


class Hit(View):
    """A user, an order or a picture that was found; what a kind has not is null."""

    kind: Kind
    id: str
    title: str
    status: str
    revision: Annotated[int, Field(description="of the user, order or picture itself")]
    email: str | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    total: Money | None = None
    placed_at: Timestamp | None = None
    purpose: str | None = None
    subject: str | None = None
    texts: tuple[str, ...] | None = None
    colors: tuple[str, ...] | None = None
    ready_at: Timestamp | None = None


class SearchUnavailable(Problem):
    """The search engine does not answer; nothing is lost, and it is being caught up."""

    status, type, title = 503, "search-unavailable", "Search is not available"


def search(request: Request[None, Wanted], index: Searcher, cursors: Cursors) -> Listing[Hit]:
    """Return the best matches first, of the caller's tenant alone."""
    wanted, tenant = request.query, request.tenant
    scope = json.dumps(["search", wanted.q, wanted.kind])
    after = cursors.read(tenant, scope, wanted.cursor)
    try:
        found = index.search(
            Search(
                tenant=tenant,
                text=wanted.q,
                kind=wanted.kind,
                size=wanted.limit,
                after=None if after is None else json.loads(after),
            )
        )
    except Unavailable as unavailable:
        raise SearchUnavailable(
            "the search engine does not answer at the moment: try again soon"
        ) from unavailable
    last = None if found.last is None else cursors.issue(tenant, scope, json.dumps(found.last))
    return Listing(
        items=[Hit.model_validate(document) for document in found.documents], next_cursor=last
    )


handler = endpoint(
    "GET",
    "/search",
    search,
    problems=[InvalidCursor, SearchUnavailable],
    index=connect_searcher,
    cursors=Cursors.connect,
)
