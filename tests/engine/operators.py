"""An operator who rebuilds the index, and what may come between."""

from collections.abc import Callable
from typing import Any

import pytest

from runtime.changes import Key
from search_sync.domain.rows import User
from search_sync.engine.claims import (
    Claims,
)
from search_sync.engine.client import ALIAS
from search_sync.engine.holdings import Holdings
from search_sync.engine.indexes import Indexes
from search_sync.engine.writer import OpenSearchWriter
from search_sync.index import Failure
from search_sync.reindexing import Rebuild
from search_sync.scanning import Part
from search_sync.verifying import Verifier
from tests.engine.builders import Index, refresh, user
from tests.engine.tables import MemoryTable

START = 1_795_293_000.0


class Died(BaseException):
    """The process ended, as by a signal that nothing can catch."""


class Hands:
    """An operator's process, with a clock that waiting moves on."""

    def __init__(self, index: Index, table: MemoryTable) -> None:
        self.index = index
        self.table = table
        self.now = START
        self.meanwhile: Callable[[], None] = lambda: None

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.meanwhile()

    def process(self, table: Any = None) -> Rebuild:
        return Rebuild(
            self.index.client, table or self.table, pause=self.pause, clock=lambda: self.now
        )

    def indexes(self) -> Indexes:
        return Indexes(self.index.client)

    def all_is_right(self, of: str = ALIAS) -> None:
        self.index.client.indices.refresh(index=of)
        verifier = Verifier(self.table, Holdings(self.index.client, of), pause=self.pause)
        assert verifier.verify().findings == []


def people(hands: Hands, number: int = 150) -> list[User]:
    """Let people be there, in the table and in the index."""
    users = [user(f"User {number}") for number in range(number)]
    assert hands.index.write([hands.table.put(one) for one in users]) == []
    refresh(hands.index)
    return users


class Deadly(MemoryTable):
    """A table whose reader dies after so many parts."""

    def __init__(self, of: MemoryTable, parts: int, error: BaseException) -> None:
        super().__init__(rows=of.rows)
        self._parts = parts
        self._error = error

    def part(self, segment: int, segments: int, after: Key | None, prefix: str = "") -> Part:
        if self.parts_read >= self._parts:
            raise self._error
        return super().part(segment, segments, after, prefix)


def killed(hands: Hands, monkeypatch: pytest.MonkeyPatch, parts: int = 4) -> None:
    """Let a reindex end without a last word, when it has read so many parts of the table."""
    process = hands.process(Deadly(hands.table, parts, Died()))
    with monkeypatch.context() as patch:
        patch.setattr(Claims, "leave", lambda *_: None)
        with pytest.raises(Died):
            process.reindex()


class Fickle(OpenSearchWriter):
    """What fills the new index, on an engine that takes nothing so many times."""

    refusals = 0

    def write(self, writes: Any) -> Any:
        if self.refusals:
            self.refusals -= 1
            return [Failure(one, "rejected_execution", permanent=False) for one in writes]
        return super().write(writes)
