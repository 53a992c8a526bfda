"""A file in any chunks, from any checkpoint: the same batches; nothing twice, nothing lost."""

import csv
import io
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.event import entry
from contracts.events.media import ImportedProduct, ProductRowsAccepted
from contracts.limits import MAX_ENTRY_BYTES
from media.imports import reading
from media.imports.faults import BadFile
from media.imports.reading import Batch, Checkpoint, batches, begin, examine, piled
from media.imports.records import MAX_RECORD_BYTES, Record, Records
from media.imports.rows import BadRow, read_item
from runtime.testing import NOW

HEADER = b"sku,name,price,currency,stock\n"
LAMP = b"lamp,Lamp,1999,EUR,10\n"

CELLS = st.sampled_from(
    ["lamp", "Lamp, warm", "a\nb", "c\r\nd", "e\rf", 'say "hi"', "é", "", " ", "7"]
)
WRITTEN = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=8)
WILD = st.text(alphabet='a," \r\né\u2028\x85', max_size=60)
CUTS = st.lists(st.integers(0, 400), max_size=12)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read chunks as they are cut, small ones too: a line's end may be in two."""
    monkeypatch.setattr("media.imports.records._GATHERED", 1)


def written(rows: list[list[str]], end: str = "\r\n") -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows(rows)
    return out.getvalue()


def chunked(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return (data[start:end] for start, end in pairwise(places))


def records(data: bytes, cuts: list[int]) -> list[Record] | str:
    """Return the records, or why the file is refused."""
    try:
        return list(Records(chunked(data, cuts)))
    except BadFile as refused:
        return refused.reason


def by_csv(text: str) -> list[list[str] | None] | str:
    """Return what the csv module makes of the whole text; None is a record with a fault."""
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, strict=True, skipinitialspace=True)
    found: list[list[str] | None] = []
    while True:
        try:
            found.append(next(reader))
        except StopIteration:
            return found
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                return "UNCLOSED_QUOTE"
            found.append(None)


@given(text=WILD | WRITTEN.map(written), bom=st.booleans(), cuts=CUTS)
def test_any_text_in_any_chunks_is_read_as_csv_reads_it_whole(
    text: str, bom: bool, cuts: list[int]
) -> None:
    data = text.encode("utf-8-sig" if bom and text else "utf-8")
    found, expected = records(data, cuts), by_csv(text)
    if isinstance(found, str) or isinstance(expected, str):
        assert found == expected
    else:
        assert [None if record.fault else record.cells for record in found] == expected


@given(text=WILD | WRITTEN.map(written), cuts=CUTS)
def test_from_the_end_of_any_record_the_rest_is_read(text: str, cuts: list[int]) -> None:
    data = text.encode()
    whole = records(data, cuts)
    if isinstance(whole, str):
        return
    for number, record in enumerate(whole, start=1):
        rest = Records(chunked(data[record.offset :], cuts), record.offset, record.next_line)
        assert list(rest) == whole[number:]


@given(rows=WRITTEN, end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_line_is_counted_however_it_ends(rows: list[list[str]], end: str) -> None:
    text = written(rows, end)
    found = records(text.encode(), [])
    assert not isinstance(found, str)
    for record in found:
        before = text.encode()[: record.offset].decode()
        assert record.next_line == len([*io.StringIO(before, newline="")]) + 1


PRODUCTS = st.tuples(
    st.sampled_from(["lamp", "tea", "jam"]),
    st.sampled_from(["Lamp", 'A "lamp"', "two\nlines", "two\r\nlines", "Thé"]),
    st.sampled_from(["1", "1999", "1.5"]),
    st.just("EUR"),
    st.sampled_from(["0", "9", ""]),
)
LINES = st.lists(
    PRODUCTS.map(lambda row: written([[*row]], ""))
    | st.sampled_from(["", ",,,,", "a,b", 'x"y', '"x"y']),
    max_size=14,
)


def line(row: ImportedProduct | BadRow) -> int:
    return row.line


class File:
    """A file that is opened at bytes; counts how often."""

    def __init__(self, data: bytes, cuts: list[int] | None = None) -> None:
        self.data = data
        self.cuts = cuts or []
        self.opened: list[int] = []

    def open_at(self, offset: int) -> Iterator[bytes]:
        self.opened.append(offset)
        return chunked(self.data[offset:], self.cuts)


def resumed(file: File, checkpoint: Checkpoint | None) -> list[Batch]:
    """Read on from a checkpoint as it comes out of a table."""
    kept = None if checkpoint is None else checkpoint.model_dump(mode="json")
    return list(batches(file.open_at, None if kept is None else Checkpoint.model_validate(kept)))


@given(lines=LINES, end=st.sampled_from(["\n", "\r\n", "\r"]), cuts=CUTS, size=st.integers(1, 4))
def test_from_any_checkpoint_the_same_batches_follow_and_no_row_is_lost_or_twice(
    lines: list[str], end: str, cuts: list[int], size: int
) -> None:
    data = (end.join(["sku,name,price,currency,stock", *lines]) + end).encode()
    file = File(data, cuts)
    if not any(line.strip(" ,") for line in lines):
        with pytest.raises(BadFile, match="EMPTY"):
            resumed(file, None)
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "MAX_ROWS", size)
        whole = resumed(file, None)
        for number, batch in enumerate(whole, start=1):
            assert resumed(File(data), batch.checkpoint) == whole[number:]
            assert (batch.number, batch.checkpoint.batch) == (number, number)
            assert batch.last is (number == len(whole))
            assert 1 <= max(len(batch.rows), len(batch.bad)) <= size
    expected = [record for record in Records([data]) if not record.blank][1:]
    found = sorted(line(row) for batch in whole for row in (*batch.rows, *batch.bad))
    assert found == [record.line for record in expected]
    good = {row.line: row for batch in whole for row in batch.rows}
    for record in expected:
        if record.line in good:
            row = good[record.line]
            price = [str(row.price.amount), row.price.currency]
            assert [row.sku, row.name, *price, str(row.stock)] == record.cells


def test_a_batch_has_at_most_200_good_and_200_bad_rows() -> None:
    bad = LAMP.replace(b"EUR", b"eur")
    whole = [*batches(File(HEADER + LAMP * 450 + bad * 450).open_at)]
    assert [(len(b.rows), len(b.bad)) for b in whole] == [
        (200, 0),
        (200, 0),
        (50, 200),
        (0, 200),
        (0, 50),
    ]
    assert [b.last for b in whole] == [False] * 4 + [True]


def test_the_largest_batch_fits_into_an_event() -> None:
    # A control character takes six bytes of JSON, more than any other.
    row = f'{"x" * 64},"a{chr(1) * 198}b",{10**12},EUR,{10**9}\n'.encode()
    whole = [*batches(File(HEADER + row * 600).open_at)]
    assert sum(len(batch.rows) for batch in whole) == 600
    for batch in whole:
        payload = ProductRowsAccepted(
            media_id="med_01K9XJ2R8T6Y0V4X3A5C7E9G1H",
            batch=batch.number,
            rows=batch.rows,
            accepted_at=NOW,
        )
        made = entry(
            payload,
            id="01K9XK0000000000000000A008",
            occurred_at=NOW,
            subject="s" * 128,
            revision=2**53 - 1,
            tenant_id="t" * 63,
            correlation_id="c" * 128,
            idempotency_key="k" * 128,
        )
        assert len(made["detail"].encode()) < MAX_ENTRY_BYTES * 3 // 4


@pytest.mark.parametrize("name", ["x", "\x01" * 198 + "x", "é" * 199])
def test_rows_of_another_reader_are_piled_as_an_event_takes_them(name: str) -> None:
    item = {"SKU": "a" * 64, "name": f"y{name}", "price": "1", "currency": "EUR", "stock": "1"}
    rows = [read_item(number + 2, item if number % 3 else {}) for number in range(900)]
    piles = list(piled(iter(rows)))
    taken = [row for pile in piles for row in (*pile.rows, *pile.bad)]
    assert sorted(taken, key=line) == rows
    for pile in piles:
        assert 0 < len(pile.rows) <= 200
        assert len(pile.bad) <= 200
        assert sum(len(row.model_dump_json().encode()) for row in pile.rows) < 130 * 1024
    assert [pile.full for pile in piles[:-1]] == [True] * (len(piles) - 1)


def test_nothing_makes_no_pile() -> None:
    assert list(piled([])) == []


def test_a_file_is_looked_at_as_a_whole_once() -> None:
    file = File(HEADER + LAMP * 201)
    first, _ = batches(file.open_at)
    assert file.opened == [0, len(HEADER)]
    (_,) = batches(file.open_at, first.checkpoint)
    assert file.opened[2:] == [first.checkpoint.offset]


def test_a_fault_at_the_end_of_a_file_comes_before_its_first_batch() -> None:
    with pytest.raises(BadFile, match="WRONG_ENCODING"):
        next(batches(File(HEADER + LAMP * 1000 + "é".encode("latin-1")).open_at))


@pytest.mark.parametrize("extra", [{"columns": ["price", "tax"]}, {"offset": -1}, {"more": 1}])
def test_a_checkpoint_that_is_none_is_not_gone_on_from(extra: dict[str, Any]) -> None:
    kept = begin([HEADER + LAMP]).model_dump(mode="json")
    assert Checkpoint.model_validate(kept).columns == ("sku", "name", "price", "currency", "stock")
    with pytest.raises(ValueError, match="validation error"):
        Checkpoint.model_validate(kept | extra)


def test_the_header_may_be_found_without_reading_the_file() -> None:
    def endless() -> Iterator[bytes]:
        yield HEADER
        while True:
            yield LAMP * 5000

    assert begin(endless()) == examine([HEADER + LAMP])


def test_a_record_may_be_as_long_as_it_takes_and_no_longer() -> None:
    fits = b'"' + b"x" * (MAX_RECORD_BYTES - 3) + b'"\n'
    assert records(fits * 3, []) != "ROW_TOO_LONG"
    assert records(b"a\n" + fits.replace(b"x", b"xx", 1), []) == "ROW_TOO_LONG"
