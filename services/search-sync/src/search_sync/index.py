"""The search index as the service's own code sees it; `search_sync.opensearch` is the real one."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from search_sync.domain.documents import Document
from search_sync.domain.query import Search


class Write(NamedTuple):
    """A document to be put into the index, or taken out of it.

    Attributes
    ----------
    id
        The document's.
    tenant
        Whose document: it lies beside the tenant's others.
    version
        The row's revision: the index keeps the highest, whatever the order of writes.
    document
        None takes the document out.
    """

    id: str
    tenant: str
    version: int
    document: Document | None


class Failure(NamedTuple):
    """A write that the index did not take.

    Attributes
    ----------
    reason
        The engine's, without the document's values.
    permanent
        Whether the same write can never succeed.
    """

    write: Write
    reason: str
    permanent: bool


class Found(NamedTuple):
    """Part of what matches: documents, and where to go on after them (None at the end)."""

    documents: list[Document]
    last: list[Any] | None


class Unavailable(Exception):
    """The engine cannot do it now."""


class SearchIndex(Protocol):
    """What the service needs of a search engine."""

    def write(self, writes: Sequence[Write]) -> list[Failure]:
        """Apply the writes and return those that failed; an older version is no failure.

        It never raises because of the engine: if that is down, all writes have failed.
        """

    def search(self, search: Search) -> Found:
        """Return the documents that match.

        Raises
        ------
        Unavailable
            The engine does not answer, or is overloaded.
        """


def connect() -> SearchIndex:
    """Return the index on the engine that the function's environment names."""
    # Who only reads a declaration, as the deployment does, need not import the engine's client.
    from search_sync.opensearch import OpenSearchIndex  # noqa: PLC0415 - see above

    return OpenSearchIndex.connect()
