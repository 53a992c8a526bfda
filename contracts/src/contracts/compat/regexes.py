"""What one regular expression says of another: decided by their languages, within bounds.

What is not the same in every engine (back references, word boundaries, what looks behind) is not
decided. Where engines differ, what is decided holds for each way to read it.
"""

from collections.abc import Iterable
from functools import lru_cache

from contracts.compat.languages import Language, Languages, TooLarge
from contracts.compat.syntax import READINGS, VALIDATOR, Reading, Unclear, read

_CACHED = 4096


@lru_cache(maxsize=_CACHED)
def includes(wider: str, narrower: frozenset[str]) -> bool | None:
    """Return whether every text with all the patterns `narrower` has `wider`; None: undecided."""
    if wider in narrower:
        return True
    for reading in READINGS:
        languages = Languages()
        try:
            denied = languages.but(read(languages, wider, reading))
            if languages.shortest(_with(languages, narrower, reading, denied)) is not None:
                return None
        except (Unclear, TooLarge):
            return None
    return True


@lru_cache(maxsize=_CACHED)
def disjoint(patterns: frozenset[str]) -> bool:
    """Return whether no text has all the patterns; False also if that is not decided."""
    for reading in READINGS:
        languages = Languages()
        try:
            if languages.shortest(_with(languages, patterns, reading)) is not None:
                return False
        except TooLarge:
            return False
    return True


@lru_cache(maxsize=_CACHED)
def shortest(patterns: frozenset[str]) -> str | None:
    """Return a shortest text with all the patterns that are understood, None if there is none."""
    languages = Languages()
    try:
        return languages.shortest(_with(languages, patterns, VALIDATOR))
    except TooLarge:
        return None


@lru_cache(maxsize=_CACHED)
def outside(patterns: frozenset[str], wider: str) -> str | None:
    """Return a shortest text with all the patterns and without `wider`, None if none is found."""
    languages = Languages()
    try:
        denied = languages.but(read(languages, wider, VALIDATOR))
        return languages.shortest(_with(languages, patterns, VALIDATOR, denied))
    except (Unclear, TooLarge):
        return None


@lru_cache(maxsize=_CACHED)
def texts(patterns: frozenset[str], most: int) -> tuple[str, ...] | None:
    """Return all texts with all the patterns; None if there are more, or it is not decided."""
    found: set[str] = set()
    for reading in READINGS:
        languages = Languages()
        try:
            some = languages.texts(_with(languages, patterns, reading), most)
        except TooLarge:
            return None
        if some is None:
            return None
        found |= set(some)
    return tuple(sorted(found))


def counted(fewest: int, most: int | None) -> str:
    """Return the pattern of texts of so many characters."""
    return rf"^[\s\S]{{{fewest},{'' if most is None else most}}}$"


def _with(
    languages: Languages, patterns: Iterable[str], reading: Reading, *also: Language
) -> Language:
    """Return a language of all texts with all the patterns, and perhaps of more."""
    known = list(also)
    for pattern in sorted(patterns):
        try:
            known.append(read(languages, pattern, reading))
        except Unclear:
            continue
    return languages.both(known)
