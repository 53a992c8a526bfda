"""The service's table in memory, as those read it who read all of it."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from runtime.changes import Key
from runtime.table import Stored
from search_sync.domain.rows import Media, Order, User
from search_sync.index import Write
from search_sync.scanning import Part, Row
from search_sync.store import key_of, write_for

_PART = 20


@dataclass
class MemoryTable:
    """Rows by key; each segment has those whose partition says so."""

    rows: dict[Key, Row] = field(default_factory=dict)
    parts_read: int = 0
    _lock: Any = field(default_factory=Lock)

    def put(self, entity: User | Order | Media, revision: int = 1) -> Write:
        """Keep a row, and return the write that the stream's feed makes of it."""
        key = key_of(entity.model_dump())
        assert key is not None
        stored = Stored(key, entity.model_dump(mode="json"), revision, [], None)
        with self._lock:
            self.rows[key] = Row(key, stored)
        return write_for(key, stored, revision)

    def remove(self, entity: User | Order | Media, revision: int) -> Write:
        """Take a row away, and return the write that the stream's feed makes of that."""
        key = key_of(entity.model_dump())
        assert key is not None
        with self._lock:
            del self.rows[key]
        return write_for(key, None, revision)

    def part(self, segment: int, segments: int, after: Key | None, prefix: str = "") -> Part:
        with self._lock:
            self.parts_read += 1
            mine = sorted(
                row
                for row in self.rows.values()
                if zlib.crc32(row.key.pk.encode()) % segments == segment
                and (after is None or row.key > after)
                and row.key.pk.startswith(prefix)
            )
        part = mine[:_PART]
        return Part(part, part[-1].key if len(mine) > _PART else None)

    def now(self, keys: Sequence[Key]) -> dict[Key, Row]:
        with self._lock:
            return {key: self.rows[key] for key in keys if key in self.rows}
