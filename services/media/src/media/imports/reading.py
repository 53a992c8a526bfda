"""An import, batch by batch, from any checkpoint on.

A file is looked at as a whole before the first batch: one that has a fault (`BadFile`) is
refused, and nothing of it is imported. A batch depends on nothing but the file and the checkpoint
before it, so whoever dies and goes on from the last checkpoint gets the batches that were to
follow.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.media import ImportedProduct
from media.imports.faults import BadFile
from media.imports.header import read_columns
from media.imports.records import Record, Records
from media.imports.rows import COLUMNS, BadRow, Column, read_row

MAX_ROWS = 200
"""The most good rows of a batch, and the most bad ones: `ProductRowsAccepted` takes so many."""

# A row takes at most 1,5 KB (a name of 200 characters, each escaped), so that the rows of a batch
# stay below 130 KB: the bus takes 256 KB, an item of the table 400 KB with all else that is in it.
_FULL = 128 * 1024


class Checkpoint(BaseModel):
    """Where reading goes on; `model_dump()` is JSON, which `model_validate` reads.

    Attributes
    ----------
    offset, line
        The byte, and the line, at which the next row begins.
    columns
        Their order in this file.
    batch
        The number of the batch that ends here; 0 before the first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    offset: Annotated[int, Field(ge=0)]
    line: Annotated[int, Field(ge=1)]
    columns: tuple[Column, ...]
    batch: Annotated[int, Field(ge=0)] = 0


class Batch(NamedTuple):
    """Part of an import: committed as one, with its checkpoint.

    Attributes
    ----------
    number
        From 1 on.
    rows
        The good ones, at most 200; perhaps none.
    bad
        The others, at most 200.
    checkpoint
        Where reading goes on.
    last
        Whether the file ends here.
    """

    number: int
    rows: tuple[ImportedProduct, ...]
    bad: tuple[BadRow, ...]
    checkpoint: Checkpoint
    last: bool


@dataclass
class Pile:
    """Rows that go into one event."""

    rows: list[ImportedProduct] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    _bytes: int = 0

    @property
    def full(self) -> bool:
        """Whether no row should be added any more."""
        return self._bytes >= _FULL or MAX_ROWS in (len(self.rows), len(self.bad))

    def add(self, row: ImportedProduct | BadRow) -> None:
        """Put a row with those of its kind."""
        if isinstance(row, BadRow):
            self.bad.append(row)
        else:
            self.rows.append(row)
            self._bytes += len(row.model_dump_json().encode())


def piled(rows: Iterable[ImportedProduct | BadRow]) -> Iterator[Pile]:
    """Yield rows that another reader took apart, as many together as an event takes.

    Parameters
    ----------
    rows
        As `media.imports.rows.read_item` makes them.
    """
    pile = Pile()
    for row in rows:
        pile.add(row)
        if pile.full:
            yield pile
            pile = Pile()
    if pile.rows or pile.bad:
        yield pile


def begin(chunks: Iterable[bytes]) -> Checkpoint:
    """Return where the first row is; the file is read no further.

    Parameters
    ----------
    chunks
        The file's bytes.

    Raises
    ------
    BadFile
        There is no header by which it could be read, or no row below it.
    """
    return _begin(Records(chunks))


def examine(chunks: Iterable[bytes]) -> Checkpoint:
    """Read the file to its end, and return where the first row is.

    Parameters
    ----------
    chunks
        The file's bytes.

    Raises
    ------
    BadFile
        It is refused as a whole.
    """
    records = Records(chunks)
    start = _begin(records)
    for _ in records:
        pass
    return start


def batches(
    open_at: Callable[[int], Iterable[bytes]], checkpoint: Checkpoint | None = None
) -> Iterator[Batch]:
    """Yield what follows the checkpoint: nothing, if it is that of the last batch.

    Parameters
    ----------
    open_at
        Opens the file at a byte; always the same version of it. Used twice from the start.
    checkpoint
        That of the last batch that was committed, or None.

    Raises
    ------
    BadFile
        Before the first batch: the file is refused as a whole.
    """
    start = checkpoint or examine(open_at(0))
    columns, number = start.columns, start.batch
    records = _rows(Records(open_at(start.offset), start.offset, start.line))
    record = next(records, None)
    while record:
        pile, number, end = Pile(), number + 1, record
        while record and not pile.full:
            pile.add(_read(record, columns))
            end = record
            record = next(records, None)
        after = Checkpoint(offset=end.offset, line=end.next_line, columns=columns, batch=number)
        yield Batch(number, tuple(pile.rows), tuple(pile.bad), after, last=record is None)


def _begin(records: Records) -> Checkpoint:
    header = next(_rows(records), None)
    if header is None:
        raise BadFile("EMPTY", f"there is nothing in the file: {_WANTED}")
    columns = read_columns(header, records.text)
    if next(_rows(records), None) is None:
        raise BadFile("EMPTY", "there is a header, but no row below it")
    return Checkpoint(offset=header.offset, line=header.next_line, columns=columns)


def _rows(records: Records) -> Iterator[Record]:
    return (record for record in records if not record.blank)


def _read(record: Record, columns: tuple[Column, ...]) -> ImportedProduct | BadRow:
    if record.fault:
        return BadRow(record.line, record.fault)
    if (cells := len(record.cells)) != len(columns):
        few = "few" if cells < len(columns) else "many"
        return BadRow(
            record.line, f"too {few} cells: {cells}, and there are {len(columns)} columns"
        )
    return read_row(record.line, dict(zip(columns, record.cells, strict=True)))


_WANTED = f"it begins with a line that names the columns, {','.join(COLUMNS)}"
