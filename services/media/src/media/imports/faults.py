"""Why a file as a whole is refused: nothing of it is imported."""

from collections.abc import Sequence
from typing import Literal

Reason = Literal[
    "BAD_HEADER",
    "EMPTY",
    "MISSING_COLUMNS",
    "NOT_TEXT",
    "REPEATED_COLUMNS",
    "ROW_TOO_LONG",
    "UNCLOSED_QUOTE",
    "UNKNOWN_COLUMNS",
    "WRONG_DELIMITER",
    "WRONG_ENCODING",
]
"""A word for programs: a `contracts.values.Code`."""

_MOST_SHOWN = 24  # characters of a cell, 5 names of a header: a report is no copy of the file
_MOST_NAMES = 5


class BadFile(Exception):
    """A fault of the file, not of one of its rows.

    Attributes
    ----------
    reason
        Which fault.
    detail
        What is wrong and what to do, in words for the person who made the file.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def shown(text: str) -> str:
    """Return a cell's text in quotes if it is harmless: short, printable ASCII. Else nothing."""
    fine = 0 < len(text) <= _MOST_SHOWN and text.isascii() and text.isprintable()
    return f'"{text}"' if fine else ""


def listed(names: Sequence[str]) -> str:
    """Return the names of columns, quoted; those that are not harmless to show are counted."""
    told = [shown(name or "(no name)") for name in names[:_MOST_NAMES]]
    some = [name for name in told if name]
    rest = len(names) - len(some)
    return ", ".join([*some, f"{rest} more that cannot be shown"] if rest else some)
