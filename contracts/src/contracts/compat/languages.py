"""Regular languages: sets of texts, and what is common to them, beside them and in front of them.

A language is kept as an expression; the texts that may follow a character are again a language, its
derivative. Expressions that are written alike are one object, so that few of them are met on a walk
through all derivatives, and the walk ends. It is bounded all the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

Ranges = tuple[tuple[int, int], ...]
"""Characters, from the first to the last of each range."""

LAST: Final = 0x10FFFF
SURROGATES: Final = (0xD800, 0xDFFF)
_MOST_STATES: Final = 6_000
_MOST_MADE: Final = 100_000
_PLAIN: Final = ((0x61, 0x7A), (0x30, 0x39), (0x41, 0x5A), (0x21, 0x7E))


class TooLarge(Exception):
    """More would have to be looked at than is worth it."""


@dataclass(frozen=True, eq=False, slots=True)
class Language:
    """A set of texts; made by `Languages` alone.

    Attributes
    ----------
    kind
        How it is made of its parts.
    ranges
        Of ``chars``: the characters.
    parts
        The languages that it is made of; the parts of ``either`` and ``all`` have no order.
    times
        Of ``times``: how often at least and at most.
    takes_nothing
        Whether the text without a character is one of them.
    cuts
        Characters that may differ, as the first of a text, from the one before.
    """

    kind: str
    ranges: Ranges = ()
    parts: tuple["Language", ...] = ()
    times: tuple[int, int | None] = (0, None)
    takes_nothing: bool = False
    cuts: frozenset[int] = frozenset()


_Key = tuple[str, Ranges, tuple[Language, ...] | frozenset[Language], tuple[int, int | None]]


class Languages:
    """Makes languages, and walks through them."""

    def __init__(self) -> None:
        self._made: dict[_Key, Language] = {}
        self._derived: dict[tuple[Language, int], Language] = {}
        self.none = self._keep("chars")
        self.nothing = self._keep("then", takes_nothing=True)
        self.all = self._keep("not", parts=(self.none,), takes_nothing=True)

    def _keep(
        self,
        kind: str,
        ranges: Ranges = (),
        parts: Iterable[Language] = (),
        times: tuple[int, int | None] = (0, None),
        *,
        takes_nothing: bool = False,
        cuts: frozenset[int] = frozenset(),
    ) -> Language:
        listed = tuple(parts)
        key = (kind, ranges, frozenset(listed) if kind in ("either", "all") else listed, times)
        if key not in self._made:
            if len(self._made) >= _MOST_MADE:
                raise TooLarge
            self._made[key] = Language(kind, ranges, listed, times, takes_nothing, cuts)
        return self._made[key]

    def chars(self, ranges: Iterable[tuple[int, int]]) -> Language:
        """Return the texts of one character."""
        tidy: list[tuple[int, int]] = []
        for low, high in sorted(ranges):
            if tidy and low <= tidy[-1][1] + 1:
                tidy[-1] = (tidy[-1][0], max(high, tidy[-1][1]))
            else:
                tidy.append((low, high))
        cuts = frozenset(cut for low, high in tidy for cut in (low, high + 1))
        return self._keep("chars", tuple(tidy), cuts=cuts)

    def then(self, *parts: Language) -> Language:
        """Return the texts of one language, followed by those of the next."""
        made = self.nothing
        for part in reversed(parts):
            made = self._pair(part, made)
        return made

    def _pair(self, one: Language, other: Language) -> Language:
        if one is self.none or other is self.none:
            return self.none
        if one is self.nothing:
            return other
        if other is self.nothing:
            return one
        if one.kind == "then":
            return self._pair(one.parts[0], self._pair(one.parts[1], other))
        cuts = one.cuts | other.cuts if one.takes_nothing else one.cuts
        takes_nothing = one.takes_nothing and other.takes_nothing
        return self._keep("then", parts=(one, other), takes_nothing=takes_nothing, cuts=cuts)

    def either(self, parts: Iterable[Language]) -> Language:
        """Return the texts of any of the languages."""
        flat: dict[Language, None] = {}
        ranges: list[tuple[int, int]] = []
        for part in parts:
            if part.kind == "chars":
                ranges += part.ranges
            else:
                flat |= dict.fromkeys(part.parts if part.kind == "either" else (part,))
        # The parts of `either` are made here: at most one of them is of single characters.
        for part in [part for part in flat if part.kind == "chars"]:
            ranges += part.ranges
            del flat[part]
        if ranges:
            flat[self.chars(ranges)] = None
        if self.all in flat:
            return self.all
        if self.nothing in flat and any(p.takes_nothing for p in flat if p is not self.nothing):
            del flat[self.nothing]
        if len(flat) < 2:  # noqa: PLR2004 - of one, it is that one
            return next(iter(flat), self.none)
        takes_nothing = any(part.takes_nothing for part in flat)
        cuts = frozenset[int]().union(*(part.cuts for part in flat))
        return self._keep("either", parts=flat, takes_nothing=takes_nothing, cuts=cuts)

    def both(self, parts: Iterable[Language]) -> Language:
        """Return the texts that all the languages have."""
        flat: dict[Language, None] = {}
        for part in parts:
            flat |= dict.fromkeys(part.parts if part.kind == "all" else (part,))
        flat.pop(self.all, None)
        takes_nothing = all(part.takes_nothing for part in flat)
        if self.none in flat or any(self.but(part) in flat for part in flat):
            return self.none
        if self.nothing in flat:
            return self.nothing if takes_nothing else self.none
        if len(flat) < 2:  # noqa: PLR2004 - of one, it is that one
            return next(iter(flat), self.all)
        cuts = frozenset[int]().union(*(part.cuts for part in flat))
        return self._keep("all", parts=flat, takes_nothing=takes_nothing, cuts=cuts)

    def but(self, part: Language) -> Language:
        """Return all texts but those of the language."""
        if part.kind == "not":
            return part.parts[0]
        return self._keep(
            "not", parts=(part,), takes_nothing=not part.takes_nothing, cuts=part.cuts
        )

    def times(self, part: Language, fewest: int, most: int | None) -> Language:
        """Return texts of the language one after the other, as many as is said."""
        if most == 0 or part is self.nothing:
            return self.nothing
        if part is self.none:
            return self.nothing if fewest == 0 else self.none
        if (fewest, most) == (1, 1):
            return part
        if part.takes_nothing:
            fewest = 0
        if most is None and fewest == 0:
            if part is self.all or part.ranges == ((0, LAST),):
                return self.all
            if part.kind == "times" and part.times == (0, None):
                return part
        return self._keep(
            "times",
            parts=(part,),
            times=(fewest, most),
            takes_nothing=fewest == 0,
            cuts=part.cuts,
        )

    def after(self, language: Language, character: int) -> Language:
        """Return what follows a character in the texts of the language that begin with it."""
        key = (language, character)
        if key not in self._derived:
            if len(self._derived) >= _MOST_MADE:
                raise TooLarge
            self._derived[key] = self._after(language, character)
        return self._derived[key]

    def _after(self, language: Language, character: int) -> Language:
        parts = language.parts
        if language.kind == "chars":
            found = any(low <= character <= high for low, high in language.ranges)
            return self.nothing if found else self.none
        if not parts:
            return self.none
        first = self.after(parts[0], character)
        if language.kind == "then":
            made = self._pair(first, parts[1])
            if parts[0].takes_nothing:
                made = self.either([made, self.after(parts[1], character)])
            return made
        if language.kind == "times":
            fewest, most = language.times
            left = self.times(parts[0], max(fewest - 1, 0), None if most is None else most - 1)
            return self._pair(first, left)
        if language.kind == "not":
            return self.but(first)
        rest = [first, *(self.after(part, character) for part in parts[1:])]
        return self.either(rest) if language.kind == "either" else self.both(rest)

    def shortest(self, language: Language) -> str | None:
        """Return a shortest text of the language, a plain one where there is a choice.

        Raises
        ------
        TooLarge
            It takes too long to find one, or that there is none.
        """
        if language.takes_nothing:
            return ""
        seen, level = {language}, [(language, "")]
        while level:
            after = []
            for state, text in level:
                for character, _width in _letters(state):
                    target = self.after(state, character)
                    if target.takes_nothing:
                        return text + chr(character)
                    if target not in seen and target is not self.none:
                        seen.add(target)
                        after.append((target, text + chr(character)))
                if len(seen) > _MOST_STATES:
                    raise TooLarge
            level = after
        return None

    def texts(self, language: Language, most: int) -> list[str] | None:
        """Return all texts of the language; None if there are more.

        Raises
        ------
        TooLarge
            It takes too long to tell.
        """
        found: list[str] = []
        level = [(language, "")]
        while level:
            after: list[tuple[Language, str]] = []
            for state, text in level:
                if state.takes_nothing:
                    found.append(text)
                for character, width in _letters(state):
                    target = self.after(state, character)
                    if self.shortest(target) is None:
                        continue
                    if width + len(after) + len(found) > most:
                        return None
                    after += [(target, text + chr(character + more)) for more in range(width)]
            level = after
        return found if len(found) <= most else None


def _letters(language: Language) -> Iterator[tuple[int, int]]:
    """Yield a character of each class that the first one may be of, and how many there are."""
    starts = sorted({0, *language.cuts} - {LAST + 1})
    for low, after in zip(starts, [*starts[1:], LAST + 1], strict=True):
        high = after - 1
        if low >= SURROGATES[0] and high <= SURROGATES[1]:
            continue
        yield _plain(low, high), after - low


def _plain(low: int, high: int) -> int:
    """Return a character that people can read, if there is one."""
    for first, last in _PLAIN:
        if low <= last and high >= first:
            return max(low, first)
    return low if low > SURROGATES[1] or low < SURROGATES[0] else SURROGATES[1] + 1
