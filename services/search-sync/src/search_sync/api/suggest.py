"""Suggest how a search that is being typed may go on."""

from typing import Annotated

from pydantic import StringConstraints

from runtime.endpoint import endpoint
from runtime.messages import Query, Request, View
from search_sync.domain.query import Kind, Typed
from search_sync.domain.suggestions import suggestions
from search_sync.engine import connect_searcher
from search_sync.index import Searcher
from search_sync.outage import SearchUnavailable, told

MOST = 10


class Typing(Query):
    """What was typed so far."""

    q: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]


class SuggestionView(View):
    """A text with words that begin as those that were typed, and what it leads to."""

    text: str
    kind: Kind
    id: str


class Suggestions(View):
    """At most ten, those that begin with what was typed first."""

    items: list[SuggestionView]


def suggest(request: Request[None, Typing], index: Searcher) -> Suggestions:
    """Return what the caller's tenant has that goes on like that."""
    text = request.query.q.strip()
    with told():
        documents = index.suggest(Typed(tenant=request.tenant, text=text, size=MOST))
    made = suggestions(documents, text, MOST)
    return Suggestions(items=[SuggestionView(**one._asdict()) for one in made])


handler = endpoint(
    "GET",
    "/suggest",
    suggest,
    problems=[SearchUnavailable],
    fresh_seconds=10,
    index=connect_searcher,
)
