"""Characters and classes of them, as regular expressions name them."""

from collections.abc import Iterable
from functools import cache
from typing import Final

from contracts.compat.languages import LAST, Ranges

_DIGITS: Final[Ranges] = ((0x30, 0x39),)
_WORD: Final[Ranges] = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_SPACES: Final[Ranges] = (
    (0x09, 0x0D),
    (0x20, 0x20),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x2028, 0x2029),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
)
_WHITE_SPACE: Final[Ranges] = (*_SPACES, (0x85, 0x85))  # as Unicode has it
CLASSES: Final = {"d": _DIGITS, "w": _WORD, "s": (*_SPACES, (0xFEFF, 0xFEFF))}


@cache
def all_alphabets() -> dict[str, Ranges]:
    """Return the classes of characters of an engine that knows every alphabet."""
    found = filter(str.isdecimal, map(chr, range(LAST + 1)))
    return {"d": tuple((ord(digit), ord(digit)) for digit in found), "s": _WHITE_SPACE}


def other(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return all other characters."""
    found, low = [], 0
    for first, last in sorted(ranges):
        if low < first:
            found.append((low, first - 1))
        low = max(low, last + 1)
    if low <= LAST:
        found.append((low, LAST))
    return tuple(found)
