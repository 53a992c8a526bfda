"""CSV records from a stream of bytes, each with the offset at which the next begins.

Python's own csv module reads the records: it asks for one line at a time and never for one more
than the record takes, so that whoever hands it the lines knows the byte at which a record ends.
Its limit of a field's size, which is one for the whole process, is neither touched nor reached:
a record is refused before.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from media.imports.faults import BadFile

MAX_RECORD_BYTES = 64 * 1024
"""The longest record: below csv's own limit of a field (131,072 characters)."""

_GATHERED = 64 * 1024
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # UTF-32 begins so too, or holds NUL
_ZIP = b"PK\x03\x04"


class Record(NamedTuple):
    """One record.

    Attributes
    ----------
    line
        On which it begins.
    cells
        What it holds; nothing if it has a fault.
    fault
        Why it cannot be read, or None.
    offset, next_line
        The byte and the line at which the next begins.
    """

    line: int
    cells: list[str]
    fault: str | None
    offset: int
    next_line: int

    @property
    def blank(self) -> bool:
        """Whether there is nothing in it: spreadsheets leave such rows at the end."""
        return self.fault is None and not any(cell.strip() for cell in self.cells)


class Records(Iterator[Record]):
    """The records of a file, in bounded memory whatever the file is.

    Quotes must stand where they mean something (``"a"b`` is a fault of its record), lines may end
    in any of the three ways, and space after a comma is no part of a cell.

    Parameters
    ----------
    chunks
        The file's bytes from `offset` on.
    offset, line
        Where reading begins: the start of a record.

    Raises
    ------
    BadFile
        While iterating: the bytes are not UTF-8 text, or a record is too long or does not end.
    """

    def __init__(self, chunks: Iterable[bytes], offset: int = 0, line: int = 1) -> None:
        self._offset, self._line = offset, line
        self._first = line
        self._text: list[str] = []
        self._size = 0
        self._ended = False
        self._raw = _lines(chunks)
        self._reader = csv.reader(self._lines(), strict=True, skipinitialspace=True)

    @property
    def text(self) -> str:
        """The last record as it stands in the file."""
        return "".join(self._text)

    def __next__(self) -> Record:
        """Return the next record."""
        self._first, self._text, self._size = self._line, [], 0
        fault, cells = None, []
        try:
            cells = next(self._reader)
        except csv.Error:
            if self._ended:
                raise self._unclosed() from None
            last = self._line - 1
            lines = "" if last == self._first else f" in lines {self._first} to {last}"
            fault = f'a quote is in the wrong place{lines}: a quote in a quoted cell is written ""'
        return Record(self._first, cells, fault, self._offset, self._line)

    def _lines(self) -> Iterator[str]:
        for raw in self._raw:
            self._size += len(raw)
            if self._size > MAX_RECORD_BYTES:
                raise self._too_long()
            text = _decoded(raw, self._offset, self._line)
            self._text.append(text)
            self._offset += len(raw)
            self._line += 1
            yield text
        self._ended = True

    def _too_long(self) -> BadFile:
        return BadFile(
            "ROW_TOO_LONG",
            f"the row on line {self._first} is longer than {MAX_RECORD_BYTES} bytes:"
            " is a quote never closed, or is this no CSV file?",
        )

    def _unclosed(self) -> BadFile:
        return BadFile(
            "UNCLOSED_QUOTE",
            f"the file ends within a quote that opens in line {self._first} or later",
        )


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines with their ends; of one that is too long, enough to know that it is."""
    rest = b""
    for chunk in _gathered(chunks):
        data = rest + chunk
        start = 0
        for end in _LINE_END.finditer(data):
            if end.end() == len(data) and end[0] == b"\r":
                break  # its \n may come in the next chunk
            yield data[start : end.end()]
            start = end.end()
        rest = data[start:]
        if len(rest) > MAX_RECORD_BYTES:
            break
    if rest:
        yield rest


def _gathered(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes in chunks that are not small: a line over many would be read many times."""
    gathered = bytearray()
    for chunk in chunks:
        gathered += chunk
        if len(gathered) >= _GATHERED:
            yield bytes(gathered)
            gathered.clear()
    yield bytes(gathered)


def _decoded(raw: bytes, offset: int, line: int) -> str:
    if offset == 0:
        if raw.startswith(_ZIP):
            raise BadFile(
                "NOT_TEXT", "this is an archive, as .xlsx and .ods are: export the table as CSV"
            )
        if raw.startswith(_UTF_16):
            raise BadFile("WRONG_ENCODING", "the file is UTF-16 or UTF-32: save it as UTF-8")
        raw = raw.removeprefix(_BOM)
    if b"\0" in raw:
        raise BadFile(
            "WRONG_ENCODING",
            f"line {line} holds NUL bytes: it is UTF-16 or no text; save it as UTF-8",
        )
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise BadFile(
            "WRONG_ENCODING",
            f"line {line} is not UTF-8 (byte 0x{raw[error.start]:02x}), but perhaps Latin-1 or"
            " Windows-1252: save the file as UTF-8",
        ) from None
