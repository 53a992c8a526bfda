"""What a caller hears while the search engine does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from runtime.logs import logger
from runtime.problems import Problem
from search_sync.index import Unavailable


class SearchUnavailable(Problem):
    """The search engine does not answer; nothing is lost, and it is being caught up."""

    status, type, title = 503, "search-unavailable", "Search is not available"
    retry_seconds = 5


@contextmanager
def told() -> Iterator[None]:
    """Tell the caller, and the log, if the engine does not answer."""
    try:
        yield
    except Unavailable as unavailable:
        logger.warning("engine unavailable", reason=str(unavailable))
        raise SearchUnavailable(
            "the search engine does not answer at the moment: try again soon"
        ) from unavailable
