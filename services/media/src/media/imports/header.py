"""The header of an import: which column is where.

Columns that nobody asked for are refused, not skipped: what is not read would be lost without a
word, and of two columns of prices the wrong one might be named ``price``.
"""

import csv
from collections import Counter
from io import StringIO
from typing import cast

from media.imports.faults import BadFile, listed
from media.imports.records import Record
from media.imports.rows import COLUMNS, Column, normal

_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def read_columns(header: Record, text: str) -> tuple[Column, ...]:
    """Return the columns in the order of the file; case and space in their names do not count.

    Parameters
    ----------
    header
        The first record that is not blank.
    text
        As it stands in the file.

    Raises
    ------
    BadFile
        They are not what an import has, each once; or not separated by commas.
    """
    names = [normal(cell) for cell in header.cells]
    _require_commas(names, text)
    if header.fault:
        raise BadFile("BAD_HEADER", f"line {header.line}, which names the columns: {header.fault}")
    missing = [column for column in COLUMNS if column not in names]
    unknown = [name for name in names if name not in COLUMNS]
    if missing:
        others = f"; not known: {listed(unknown)}" if unknown else ""
        raise BadFile(
            "MISSING_COLUMNS",
            f"line {header.line} must name the columns {','.join(COLUMNS)}"
            f"; missing: {listed(missing)}{others}",
        )
    repeated = [name for name, times in Counter(names).items() if times > 1 and name in COLUMNS]
    if repeated:
        raise BadFile("REPEATED_COLUMNS", f"more than once in the header: {listed(repeated)}")
    if unknown:
        raise BadFile(
            "UNKNOWN_COLUMNS", f"no columns of an import, take them out: {listed(unknown)}"
        )
    return cast("tuple[Column, ...]", tuple(names))


def _require_commas(names: list[str], text: str) -> None:
    for delimiter, word in _DELIMITERS.items():
        lines = StringIO(text, newline="")
        others = [normal(cell) for cell in next(csv.reader(lines, delimiter=delimiter))]
        if _known(others) > _known(names):
            raise BadFile("WRONG_DELIMITER", f"the columns are separated by {word}, not by commas")


def _known(names: list[str]) -> int:
    return len({name for name in names if name in COLUMNS})
