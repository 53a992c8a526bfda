"""Files as people send them: read, or refused with a report that tells them what to do."""

from collections.abc import Iterator

import pytest

from contracts.events.media import ImportedProduct
from media.imports.faults import BadFile
from media.imports.reading import Batch, batches, examine

HEADER = "sku,name,price,currency,stock"
LAMP = "lamp,Lamp,1999,EUR,10"
FILE = f"{HEADER}\n{LAMP}\n"
UTF_8_MARK = b"\xef\xbb\xbf"


def read(data: bytes) -> Batch:
    """Return the only batch of a file."""
    (batch,) = batches(lambda offset: [data[offset:]])
    return batch


def names(batch: Batch) -> list[str]:
    return [row.name for row in batch.rows]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(FILE, [2], id="plain"),
        pytest.param(FILE.rstrip("\n"), [2], id="no end of the last line"),
        pytest.param(FILE.replace("\n", "\r\n"), [2], id="CRLF"),
        pytest.param(FILE.replace("\n", "\r"), [2], id="CR"),
        pytest.param(f"\n\r\n{FILE}\n\n{LAMP}\n\n", [4, 7], id="blank lines"),
        pytest.param(f"{FILE},,,,\n ,\t,,,\n", [2], id="blank rows of a spreadsheet"),
        pytest.param(FILE.replace("sku,name", '"SKU", Name '), [2], id="names of columns"),
        pytest.param(f"{HEADER}\nlamp, Lamp , 1999, EUR, 10\n", [2], id="space after commas"),
        pytest.param("stock,sku,currency,price,name\n10,lamp,EUR,1999,Lamp\n", [2], id="order"),
    ],
)
@pytest.mark.parametrize("mark", [b"", UTF_8_MARK])
def test_a_good_file_is_read_however_it_is_laid_out(
    text: str, lines: list[int], mark: bytes
) -> None:
    batch = read(mark + text.encode())
    assert batch.bad == ()
    assert [row.line for row in batch.rows] == lines
    for row in batch.rows:
        assert isinstance(row, ImportedProduct)
        assert (row.sku, row.name, row.price.amount, row.stock) == ("lamp", "Lamp", 1999, 10)


def test_a_quoted_cell_may_hold_anything() -> None:
    name = '"Lamp; ""warm"",\r\n2 m,\rnew\n"'
    batch = read(f"{HEADER}\nlamp,{name},1,EUR,0\n{LAMP}\nx\n".encode())
    assert names(batch) == ['Lamp; "warm",\r\n2 m,\rnew', "Lamp"]
    assert [row.line for row in batch.rows] == [2, 6]
    assert [row.line for row in batch.bad] == [7]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("lamp,Lamp,1999,EUR", "too few cells: 4, and there are 5 columns"),
        (f"{LAMP},", "too many cells: 6, and there are 5 columns"),
        ("lamp;Lamp;1999;EUR;10", "too few cells: 1, and there are 5 columns"),
        (
            'lamp,"5" lamp",1999,EUR,10',
            'in the wrong place: a quote in a quoted cell is written ""',
        ),
        ('lamp,"a\nb"c,1999,EUR,10', "a quote is in the wrong place in lines 3 to 4:"),
        ("lamp,Lamp,19.99,EUR,10", 'price "19.99" is not a whole number'),
    ],
)
def test_a_bad_row_is_told_by_its_line_and_the_others_are_read(row: str, reason: str) -> None:
    batch = read(f"{FILE}{row}\n{LAMP}\n".encode())
    assert names(batch) == ["Lamp", "Lamp"]
    (bad,) = batch.bad
    assert bad.line == 3
    assert reason in bad.reason


def test_a_quote_in_an_unquoted_cell_is_a_quote() -> None:
    assert names(read(f'{HEADER}\nlamp,5" lamp,1,EUR,0\n'.encode())) == ['5" lamp']


WRONG_LINE_1 = "line 1 must name the columns sku,name,price,currency,stock; missing: "
LATIN_1 = f"{FILE}the,Thé,1,EUR,0\n".encode("latin-1")


@pytest.mark.parametrize(
    ("data", "reason", "detail"),
    [
        pytest.param(b"", "EMPTY", "nothing in the file", id="no bytes"),
        pytest.param(UTF_8_MARK, "EMPTY", "nothing in the file", id="a mark alone"),
        pytest.param(b"\n \r\n,,\n", "EMPTY", "nothing in the file", id="blank lines"),
        pytest.param(HEADER.encode(), "EMPTY", "no row below it", id="a header alone"),
        pytest.param(f"{HEADER}\n,,,,\n".encode(), "EMPTY", "no row below it", id="a blank row"),
        pytest.param(FILE.encode("utf-16"), "WRONG_ENCODING", "UTF-16", id="UTF-16"),
        pytest.param(
            b"\xfe\xff" + FILE.encode("utf-16-be"), "WRONG_ENCODING", "UTF-16", id="UTF-16BE"
        ),
        pytest.param(FILE.encode("utf-32"), "WRONG_ENCODING", "UTF-32", id="UTF-32"),
        pytest.param(FILE.encode("utf-16-le"), "WRONG_ENCODING", "line 1 holds NUL", id="no mark"),
        pytest.param(FILE.encode() + b"a\0b", "WRONG_ENCODING", "line 3 holds NUL", id="NUL"),
        pytest.param(LATIN_1, "WRONG_ENCODING", "line 3 is not UTF-8 (byte 0xe9)", id="Latin-1"),
        pytest.param(b"\xff\xd8\xff\xe0", "WRONG_ENCODING", "not UTF-8", id="a picture"),
        pytest.param(b"PK\x03\x04\x14\0", "NOT_TEXT", ".xlsx", id="a workbook"),
        pytest.param(
            FILE.replace(",", ";").encode(), "WRONG_DELIMITER", "semicolons", id="semicolons"
        ),
        pytest.param(FILE.replace(",", "\t").encode(), "WRONG_DELIMITER", "tabs", id="tabs"),
        pytest.param(FILE.replace(",", "|").encode(), "WRONG_DELIMITER", "bars", id="bars"),
        pytest.param(b'"sku";"name";"price"\n', "WRONG_DELIMITER", "semicolons", id="quoted"),
        pytest.param(f"{LAMP}\n{LAMP}".encode(), "MISSING_COLUMNS", WRONG_LINE_1, id="no header"),
        pytest.param(
            b"sku,name,stock\na,b,1",
            "MISSING_COLUMNS",
            f'{WRONG_LINE_1}"price", "currency"',
            id="two missing",
        ),
        pytest.param(
            FILE.replace("price", "prise").encode(),
            "MISSING_COLUMNS",
            f'{WRONG_LINE_1}"price"; not known: "prise"',
            id="misspelt",
        ),
        pytest.param(
            f"{HEADER},Name,sku\n".encode(),
            "REPEATED_COLUMNS",
            'more than once in the header: "sku", "name"',
            id="repeated",
        ),
        pytest.param(f"{HEADER},color\n".encode(), "UNKNOWN_COLUMNS", '"color"', id="unknown"),
        pytest.param(f"{HEADER},\n".encode(), "UNKNOWN_COLUMNS", '"(no name)"', id="no name"),
        pytest.param(
            f"{HEADER},farbe,größe{',x' * 9}\n".encode(),
            "UNKNOWN_COLUMNS",
            '"farbe", "x", "x", "x", 7 more that cannot be shown',
            id="many unknown",
        ),
        pytest.param(f'"{HEADER}" x\n'.encode(), "BAD_HEADER", "line 1, which names", id="quotes"),
        pytest.param(f'"{HEADER}\n{LAMP}\n'.encode(), "UNCLOSED_QUOTE", "line 1", id="open header"),
        pytest.param(f'{FILE}a,"b\n{LAMP}\n'.encode(), "UNCLOSED_QUOTE", "line 3", id="open quote"),
        pytest.param(
            f'{FILE}a,"b\n{LAMP * 4000}\n'.encode(),
            "ROW_TOO_LONG",
            "the row on line 3 is longer than 65536 bytes",
            id="a quote over many lines",
        ),
        pytest.param(
            f"{FILE}{'x' * 70_000}\n{LAMP}\n".encode(), "ROW_TOO_LONG", "line 3", id="a long line"
        ),
    ],
)
def test_a_file_with_a_fault_is_refused_with_what_to_do(
    data: bytes, reason: str, detail: str
) -> None:
    with pytest.raises(BadFile) as refused:
        read(data)
    assert refused.value.reason == reason
    assert detail in refused.value.detail
    assert len(refused.value.detail) < 400
    assert refused.value.detail.isprintable()


@pytest.mark.parametrize("before", [b"", FILE.encode(), FILE.encode() + b'a,"'])
@pytest.mark.parametrize("filler", [b"x" * 4096, b" " * 4096, b'""' * 2048])
def test_what_does_not_end_is_refused_soon(before: bytes, filler: bytes) -> None:
    taken = 0

    def very_long() -> Iterator[bytes]:
        nonlocal taken
        yield before
        while taken < 2_000_000:  # so that a reader that wants it all comes to an end
            taken += len(filler)
            yield filler

    with pytest.raises(BadFile, match="ROW_TOO_LONG"):
        examine(very_long())
    assert taken < 200_000
