"""The projection's table as those read it who compare all of it with the index."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from runtime.changes import Key
from runtime.table import Stored


class Row(NamedTuple):
    """A row as it was read; `stored` is None if it is not in the table's layout."""

    key: Key
    stored: Stored | None


class Part(NamedTuple):
    """Rows of one segment, and the key to go on after (None at its end)."""

    rows: list[Row]
    last: Key | None


class Rows(Protocol):
    """What is needed of the table; every read sees what was acknowledged before it."""

    def part(self, segment: int, segments: int, after: Key | None, prefix: str = "") -> Part:
        """Return the next rows of a segment, only those whose keys begin with `prefix`.

        Parameters
        ----------
        segment, segments
            Which of how many: together they are the whole table, and no row is in two.
        after
            The `last` of the part before.
        prefix
            What `pk` begins with.
        """

    def now(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """Return the rows that there are among some keys."""
