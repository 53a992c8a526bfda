"""A row: good by the event's own contract, or bad for every reason that it has."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.events.media import ImportedProduct
from contracts.money import MAX_AMOUNT
from media.imports.rows import COLUMNS, BadRow, read_item, read_row

LAMP = {"sku": "lamp", "name": "Lamp", "price": "1999", "currency": "EUR", "stock": "10"}
NUMBER = "is not a whole number"
GOOD_TEXTS = st.sampled_from(
    ["lamp", "a.b_c-1", "EUR", "0", "7", "1999", "0012", " 5 ", "Tea \n x"]
)
ODD_TEXTS = st.text(max_size=12) | st.sampled_from(["", " ", "1" * 20, "-1", "1.5", "x" * 201])


def bad(**cells: str | None) -> str:
    """Return why a lamp with these cells is refused."""
    row = read_row(7, LAMP | cells)
    assert isinstance(row, BadRow)
    assert row.line == 7
    return row.reason


def contract(line: int, texts: dict[str, str]) -> ImportedProduct | None:
    """Return what the contract makes of trimmed cells, with the numbers as Python reads them."""
    cells: dict[str, Any] = {name: text.strip() for name, text in texts.items()}
    for name in ("price", "stock"):
        if not (cells[name].isascii() and cells[name].isdigit()):
            return None
        cells[name] = int(cells[name])
    cells["price"] = {"amount": cells["price"], "currency": cells.pop("currency")}
    try:
        return ImportedProduct(line=line, **cells)
    except ValidationError:
        return None


def test_a_good_row_is_a_product() -> None:
    row = read_row(2, LAMP)
    assert isinstance(row, ImportedProduct)
    assert row.model_dump() == {
        "line": 2,
        "sku": "lamp",
        "name": "Lamp",
        "price": {"amount": 1999, "currency": "EUR"},
        "stock": 10,
    }


def test_space_around_a_cell_is_no_part_of_it() -> None:
    assert read_row(2, {name: f" \t{cell}\n" for name, cell in LAMP.items()}) == read_row(2, LAMP)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("sku", "x" * 64),
        ("sku", "0.a_B-9"),
        ("name", "x" * 200),
        ("name", "é" * 200),
        ("name", "Lamp,\n“warm”\x85"),
        ("price", "0"),
        ("price", "000"),
        ("price", str(MAX_AMOUNT)),
        ("price", "0" * 50 + str(MAX_AMOUNT)),
        ("stock", "0"),
        ("stock", str(10**9)),
    ],
)
def test_the_bounds_are_within(column: str, cell: str) -> None:
    row = read_row(2, LAMP | {column: cell})
    assert isinstance(row, ImportedProduct)
    assert row == contract(2, LAMP | {column: cell})


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("sku", "x" * 65, "sku is not a SKU"),
        ("sku", "a/b", 'sku "a/b" is not a SKU'),
        ("sku", "-a", "is not a SKU"),
        ("sku", "ä", "sku is not a SKU"),
        ("sku", "a b", "is not a SKU"),
        ("name", "x" * 201, "name is longer than 200 characters"),
        ("price", "19.99", 'price "19.99" is not a whole number of minor units'),
        ("price", "1,999", NUMBER),
        ("price", "-1", NUMBER),
        ("price", "+1", NUMBER),
        ("price", "1e3", NUMBER),
        ("price", "1_000", NUMBER),
        ("price", "٣", NUMBER),
        ("price", "²", NUMBER),
        ("price", str(MAX_AMOUNT + 1), f"is more than {MAX_AMOUNT}"),
        ("price", "9" * 60_000, f"price is more than {MAX_AMOUNT}"),
        ("currency", "eur", 'currency "eur" is not an ISO 4217 code'),
        ("currency", "EURO", "is not an ISO 4217 code"),
        ("currency", "€", "currency is not an ISO 4217 code"),
        ("stock", "-3", 'stock "-3" is not a whole number from 0 on'),
        ("stock", "1.0", NUMBER),
        ("stock", str(10**9 + 1), "is more than 1000000000"),
        *[
            (column, cell, f"{column} is missing")
            for column in COLUMNS
            for cell in ("", " \n", None)
        ],
    ],
)
def test_a_bad_cell_is_named_with_what_is_wrong(column: str, cell: str | None, reason: str) -> None:
    told = bad(**{column: cell})
    assert told.startswith(column)
    assert reason in told
    assert ";" not in told


def test_all_problems_of_a_row_are_told_in_the_order_of_the_columns() -> None:
    told = bad(sku="a b", name="", price="x", currency="euro", stock="-1").split("; ")
    assert [problem.split()[0] for problem in told] == [*COLUMNS]


def test_a_row_without_cells_has_all_problems() -> None:
    row = read_row(2, {})
    assert row == BadRow(2, "; ".join(f"{column} is missing" for column in COLUMNS))


@pytest.mark.parametrize("cell", ["x" * 25, "a\x1b[31m", "geheim ü", "a\u202eb"])
def test_what_is_not_harmless_is_not_repeated(cell: str) -> None:
    assert bad(price=cell).startswith("price is not")


def test_a_line_beyond_what_the_contract_counts_is_refused() -> None:
    row = read_row(10**9 + 1, LAMP)
    assert row == BadRow(10**9 + 1, "line is more than 1000000000")


@given(st.fixed_dictionaries(dict.fromkeys(COLUMNS, GOOD_TEXTS | ODD_TEXTS)))
def test_a_row_is_good_exactly_if_the_contract_takes_it(cells: dict[str, str]) -> None:
    row = read_row(3, cells)
    expected = contract(3, cells)
    assert row == expected if expected else isinstance(row, BadRow)
    if isinstance(row, BadRow):
        assert 0 < len(row.reason) < 600
        assert row.reason.isascii()
        assert row.reason.isprintable()


def test_an_item_of_another_reader_is_read_by_its_own_names_of_columns() -> None:
    item = {
        "\ufeffSKU": "lamp",
        " Name": "Lamp",
        "PRICE ": "1999",
        "Currency": "EUR",
        "stock": "10",
    }
    assert read_item(2, item) == read_row(2, LAMP)
    assert read_item(2, item | {"more": "x"}) == read_row(2, LAMP)
    assert read_item(2, {"SKU": "lamp"}) == read_row(2, {"sku": "lamp"})
