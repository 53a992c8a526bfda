"""Pages of what is found: the place where the next one begins goes out as a signed cursor."""

import json
from dataclasses import replace

from runtime.cursor import Cursors
from search_sync.domain.query import Search
from search_sync.index import Found, Searcher
from search_sync.outage import told


def page(
    search: Search, index: Searcher, cursors: Cursors, *, scope: str, cursor: str | None
) -> tuple[Found, str | None]:
    """Return the page that a cursor asks for, and the cursor of the next one, None at the end.

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
    if found.last is None:
        return found, None
    return found, cursors.issue(search.tenant, scope, json.dumps(found.last))
