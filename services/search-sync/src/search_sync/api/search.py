"""Search the tenant's users, orders and pictures."""

from typing import Annotated, cast

from pydantic import Field

from contracts.money import Money
from contracts.values import Timestamp
from runtime.cursor import Cursors
from runtime.endpoint import endpoint
from runtime.messages import Listing, Page, Request, View
from runtime.problems import InvalidCursor
from search_sync.domain.highlights import Highlights
from search_sync.domain.query import Facet, Kind
from search_sync.engine import connect_searcher
from search_sync.index import Searcher
from search_sync.outage import SearchUnavailable
from search_sync.paging import page
from search_sync.wanted import Wanted

_FACETS = "(kind|status|date)"


class SearchQuery(Wanted, Page):
    """What to find, and what to count in it."""

    facets: (
        Annotated[
            str,
            Field(
                pattern=f"^{_FACETS}(,{_FACETS}){{0,2}}$",
                description="What to count in all that is found, separated by commas.",
            ),
        ]
        | None
    ) = None


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
    highlights: Annotated[
        Highlights,
        Field(
            description="By field, the texts that have words that were looked for: as HTML, "
            "those words in `<em>`, all else escaped"
        ),
    ] = Field(default_factory=dict)


class Results(Listing[Hit]):
    """Part of what was found, and how many there are of what."""

    facets: Annotated[
        dict[Facet, dict[str, int]] | None,
        Field(description="over all that is found, on whatever page; null if not asked for"),
    ] = None


def search(request: Request[None, SearchQuery], index: Searcher, cursors: Cursors) -> Results:
    """Return the best matches first, of the caller's tenant alone."""
    wanted = request.query
    facets = cast("list[Facet]", wanted.facets.split(",")) if wanted.facets else ()
    asked = wanted.search(request.tenant, size=wanted.limit, facets=facets)
    shown = page(asked, index, cursors, scope=wanted.scope("search"), cursor=wanted.cursor)
    found = shown.found
    return Results(
        items=[
            Hit.model_validate(document | {"highlights": highlights})
            for document, highlights in zip(found.documents, found.highlights, strict=True)
        ],
        next_cursor=shown.following,
        facets=found.facets if wanted.facets else None,
    )


handler = endpoint(
    "GET",
    "/search",
    search,
    problems=[InvalidCursor, SearchUnavailable],
    fresh_seconds=2,
    index=connect_searcher,
    cursors=Cursors.connect,
)
