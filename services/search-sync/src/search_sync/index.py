"""The search index as the service's own code sees it; `search_sync.engine` is the real one."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

from search_sync.domain.documents import Document
from search_sync.domain.highlights import Highlights
from search_sync.domain.query import Place, Search, Typed


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
    """Part of what matches.

    Attributes
    ----------
    documents
        What is found.
    places
        Where to go on after each of them.
    more
        Whether there is more after them.
    highlights
        Of each document the words that were looked for, by field.
    facets
        How many documents there are of what, by facet, over all that matches.
    """

    documents: list[Document]
    places: Sequence[Place] = ()
    more: bool = False
    highlights: Sequence[Highlights] = ()
    facets: Mapping[str, dict[str, int]] = MappingProxyType({})

    @property
    def last(self) -> Place | None:
        """Where the next page begins; None at the end."""
        return self.places[-1] if self.more else None


class Unavailable(Exception):
    """The engine cannot do it now."""


class IndexWriter(Protocol):
    """What the service needs of a search engine to keep it up to date."""

    def write(self, writes: Sequence[Write]) -> list[Failure]:
        """Apply the writes and return those that failed; an older version is no failure.

        It never raises because of the engine: if that is down, all writes have failed.
        """


class Searcher(Protocol):
    """What the service needs of a search engine to answer."""

    def search(self, search: Search) -> Found:
        """Return the documents that match.

        Raises
        ------
        Unavailable
            The engine does not answer in time, or is overloaded.
        """

    def suggest(self, typed: Typed) -> list[Document]:
        """Return documents with words that begin as what was typed, the best first.

        Raises
        ------
        Unavailable
            The engine does not answer in time, or is overloaded.
        """
