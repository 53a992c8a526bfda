"""Compares an index with the table, and repairs what differs.

What changes meanwhile is no difference: whatever looks like one is looked at again until it has
been the same for longer than a change takes on its way, its row unchanged.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from runtime.changes import Key
from search_sync.domain.differences import (
    Difference,
    Held,
    Place,
    Wanted,
    compare,
    difference,
    digest,
    kept_up,
)
from search_sync.domain.documents import Document
from search_sync.index import Failure, IndexWriter, Write
from search_sync.scanning import Row, Rows
from search_sync.store import Unreadable, key_of, rows_of, write_for

# 12 s: the stream collects changes for up to 5 s, and a function that begins takes some more.
LOOKS = 6
PAUSE_SECONDS = 2.0
_MOST_LOOKS = 3 * LOOKS


class Holdings(Protocol):
    """What is needed of an index; `search_sync.engine.holdings` is the real one."""

    def every(self, tenant: str | None = None) -> Iterator[Held]:
        """Yield all documents of a tenant, or of all."""

    def now(self, places: Sequence[Place]) -> dict[Place, Held]:
        """Return the documents that there are at some places, as they are now."""


class Finding(NamedTuple):
    """A difference, and where it was found; the key of its row, if it says."""

    place: Place
    key: Key | None
    difference: Difference


class Verdict(NamedTuple):
    """What differs, and how many documents there are in the index."""

    findings: list[Finding]
    documents: int

    def shown(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "differences": [finding.difference.shown() for finding in self.findings],
            "documents": self.documents,
        }


@dataclass
class _Suspect:
    """What may differ, and for how many looks it has been so with the same row."""

    key: Key | None
    first: int | None = None
    last: int | None = None
    looks: int = -1


class _Look(NamedTuple):
    wanted: Wanted | None
    document: Document | None
    held: Held | None
    unreadable: bool


class Verifier:
    """Compares one index with the table.

    Parameters
    ----------
    rows
        The table.
    holdings
        The index.
    pause
        Waits some seconds.
    """

    def __init__(
        self, rows: Rows, holdings: Holdings, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._rows = rows
        self._holdings = holdings
        self._pause = pause

    def verify(self, tenant: str | None = None) -> Verdict:
        """Compare all documents of a tenant, or of all, with the rows that they are made of."""
        wanted: dict[Place, tuple[Key, Wanted]] = {}
        suspects: dict[Place, Key | None] = {}
        for row in self._every(tenant):
            try:
                place, of_row, _ = _wanted(row)
            except Unreadable:
                suspects[_place_of(row.key)] = row.key
                continue
            wanted[place] = row.key, of_row
        documents = 0
        for held in self._holdings.every(tenant):
            documents += 1
            known = wanted.pop(held.place, None)
            if known is None:
                suspects.setdefault(held.place, key_of(held.document))
            elif compare(known[1], held):
                suspects[held.place] = known[0]
        suspects |= {place: key for place, (key, of_row) in wanted.items() if of_row.content}
        return Verdict(self.settled(suspects), documents)

    def settled(self, suspects: Mapping[Place, Key | None]) -> list[Finding]:
        """Return what differs of some documents, and does not cease to.

        Parameters
        ----------
        suspects
            The documents, each with the key of its row, if that is known.
        """
        waiting = {place: _Suspect(key) for place, key in suspects.items()}
        found: list[Finding] = []
        for number in range(_MOST_LOOKS):
            if not waiting:
                break
            if number:
                self._pause(PAUSE_SECONDS)
            for place, look in self._look(waiting).items():
                suspect = waiting[place]
                finding = _finding(place, suspect.key, look)
                if finding is None:
                    del waiting[place]
                    continue
                version = look.wanted.version if look.wanted else None
                suspect.looks = suspect.looks + 1 if version == suspect.last else 0
                suspect.last = version
                suspect.first = version if suspect.first is None else suspect.first
                if suspect.looks == LOOKS or (
                    number == _MOST_LOOKS - 1
                    and not kept_up(suspect.first or 0, look.wanted, look.held)
                ):
                    del waiting[place]
                    found.append(finding)
        return sorted(found, key=lambda finding: finding.difference[:3])

    def repair(self, index: IndexWriter, findings: Sequence[Finding]) -> list[Failure]:
        """Write documents as their rows are by now, and take out those that have none.

        Parameters
        ----------
        index
            Takes a document of the version that it has, too.
        findings
            What to repair; an unreadable row cannot be.

        Returns
        -------
        list
            The writes that failed.
        """
        writes = []
        looks = self._look({finding.place: _Suspect(finding.key) for finding in findings})
        for place, look in looks.items():
            if look.unreadable or compare(look.wanted, look.held) is None:
                continue
            versions = [one.version for one in (look.wanted, look.held) if one is not None]
            version = look.wanted.version if look.wanted and look.document else max(versions)
            writes.append(Write(place.id, place.routing, version, look.document))
        return index.write(writes)

    def _every(self, tenant: str | None) -> Iterator[Row]:
        prefix = rows_of(tenant) if tenant else ""
        after: Key | None = None
        while True:
            part = self._rows.part(0, 1, after, prefix)
            yield from part.rows
            after = part.last
            if after is None:
                return

    def _look(self, suspects: Mapping[Place, _Suspect]) -> dict[Place, _Look]:
        """Return rows and documents as they are now."""
        rows = self._rows.now([one.key for one in suspects.values() if one.key is not None])
        held = self._holdings.now(list(suspects))
        looks = {}
        for place, suspect in suspects.items():
            row = rows.get(suspect.key) if suspect.key is not None else None
            wanted, document, unreadable = None, None, False
            if row is not None:
                try:
                    where, of_row, content = _wanted(row)
                except Unreadable:
                    unreadable = True
                else:
                    # A document may say that it is made of a row that makes another.
                    wanted, document = (of_row, content) if where == place else (None, None)
            looks[place] = _Look(wanted, document, held.get(place), unreadable)
        return looks


def _wanted(row: Row) -> tuple[Place, Wanted, Document | None]:
    """Return where a row's document is to be, and what it is to be."""
    if row.stored is None:
        raise Unreadable("the row is not in the table's layout")
    write = write_for(row.key, row.stored, row.stored.revision)
    content = digest(write.document) if write.document is not None else None
    return Place(write.id, write.tenant), Wanted(write.version, content), write.document


def _finding(place: Place, key: Key | None, look: _Look) -> Finding | None:
    what = "unreadable" if look.unreadable else compare(look.wanted, look.held)
    if what is None:
        return None
    return Finding(place, key, difference(place, what, look.wanted, look.held))


def _place_of(key: Key) -> Place:
    """Return the place of a row that cannot be read: its document's, if the key says which."""
    try:
        write = write_for(key, None, 1)
    except Unreadable:
        return Place(f"::{key.pk}/{key.sk}", "unknown")
    return Place(write.id, write.tenant)
