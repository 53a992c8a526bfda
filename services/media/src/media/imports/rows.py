"""A row of an import: a product, or what is wrong with it."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from contracts.events.media import ImportedProduct
from media.imports.faults import shown

Column = Literal["sku", "name", "price", "currency", "stock"]

COLUMNS: tuple[Column, ...] = ("sku", "name", "price", "currency", "stock")
"""The columns of an import; a file may have them in any order."""

_SHAPES = {
    "sku": 'is not a SKU: 1 to 64 letters, digits, ".", "_" or "-", a letter or digit first',
    "price": "is not a whole number of minor units, as 1999 for 19.99",
    "currency": "is not an ISO 4217 code in capitals, as EUR",
    "stock": "is not a whole number from 0 on",
}
_ORDER = ("line", *COLUMNS)
_NUMBERS = ("price", "stock")
# More digits than any bound of the contract has, so that a longer number is still too large;
# int() takes quadratic time.
_MOST_DIGITS = 20


class BadRow(NamedTuple):
    """A row that is refused.

    Attributes
    ----------
    line
        On which it begins; the header is on line 1, if nothing stands above it.
    reason
        All that is wrong with it, for the person who made the file.
    """

    line: int
    reason: str


def read_row(line: int, cells: Mapping[str, str | None]) -> ImportedProduct | BadRow:
    """Return a row as a product, or why it is none.

    Space around a cell is no part of it. What is good is decided by the event's own contract.

    Parameters
    ----------
    line
        On which the row begins.
    cells
        By column, as `COLUMNS` names them; others are not looked at.
    """
    texts: dict[str, str] = {column: (cells.get(column) or "").strip() for column in COLUMNS}
    problems = {column: "is missing" for column, text in texts.items() if not text}
    numbers = dict.fromkeys(_NUMBERS, 0)  # while a problem stands for it
    for column in _NUMBERS:
        text = texts[column]
        if text.isascii() and text.isdigit():
            numbers[column] = int(text.lstrip("0")[:_MOST_DIGITS] or "0")
        else:
            problems.setdefault(column, _SHAPES[column])
    try:
        product = ImportedProduct.model_validate(
            {
                "line": line,
                "sku": texts["sku"],
                "name": texts["name"],
                "price": {"amount": numbers["price"], "currency": texts["currency"]},
                "stock": numbers["stock"],
            }
        )
    except ValidationError as refused:
        for error in refused.errors(include_url=False, include_input=False):
            place = str(error["loc"][-1])
            column = "price" if place == "amount" else place
            if column not in problems:
                problems[column] = _said(column, error["type"], error.get("ctx", {}))
    else:
        if not problems:
            return product
    told = [_told(c, texts.get(c, ""), problems[c]) for c in _ORDER if c in problems]
    return BadRow(line, "; ".join(told))


def read_item(line: int, item: Mapping[str, str | None]) -> ImportedProduct | BadRow:
    """Return a row that another reader took apart, whose columns are named as the file does.

    Parameters
    ----------
    line
        On which the row begins; its number, where the reader does not tell.
    item
        The cells by what the header says, in whatever case, with space or a mark (BOM) around.
    """
    return read_row(line, {normal(name): cell for name, cell in item.items()})


def normal(name: str) -> str:
    """Return a column's name as `COLUMNS` would have it: no space around, in lower case."""
    return name.strip("\ufeff").strip().lower()


def _said(column: str, kind: str, bounds: Mapping[str, Any]) -> str:
    if kind == "string_too_long":
        return f"is longer than {bounds['max_length']} characters"
    if kind == "less_than_equal":
        return f"is more than {bounds['le']}"
    return _SHAPES[column]


def _told(column: str, text: str, problem: str) -> str:
    return " ".join(part for part in (column, shown(text), problem) if part)
