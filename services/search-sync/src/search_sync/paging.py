"""Pages of what is found: the places where to go on after it go out as signed cursors."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from runtime.cursor import Cursors
from search_sync.domain.query import Place, Search
from search_sync.index import Found, Searcher
from search_sync.outage import told


@dataclass(frozen=True, slots=True)
class Page:
    """Part of what is found, and the cursors that lead on from it.

    Parameters
    ----------
    found
        The part.
    issue
        Makes a cursor of a place.
    """

    found: Found
    issue: Callable[[Place], str]

    @property
    def following(self) -> str | None:
        """The cursor of the next page; None at the end."""
        return None if self.found.last is None else self.issue(self.found.last)

    @property
    def cursors(self) -> list[str]:
        """Of each document the cursor of what follows it, even if that is nothing."""
        return [self.issue(place) for place in self.found.places]


def page(
    search: Search, index: Searcher, cursors: Cursors, *, scope: str, cursor: str | None
) -> Page:
    """Return the page that a cursor asks for.

    Parameters
    ----------
    search
        What to find, from its beginning.
    index, cursors
        What asks the engine, and what signs.
    scope
        The only list that its cursors are good for.
    cursor
        As a caller sent it, None for the first page.

    Raises
    ------
    runtime.problems.InvalidCursor
        It was not issued for this tenant and list.
    search_sync.outage.SearchUnavailable
        The engine does not answer.
    """
    after = cursors.read(search.tenant, scope, cursor)
    if after is not None:
        search = replace(search, after=json.loads(after))
    with told():
        found = index.search(search)
    return Page(found, lambda place: cursors.issue(search.tenant, scope, json.dumps(place)))
