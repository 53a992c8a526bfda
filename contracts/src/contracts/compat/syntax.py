"""Regular expressions as JSON Schema has them, ECMA-262's, read as languages.

They are searched for, not matched from the start: read are the whole texts in which they are found.
Look-aheads and anchors say something of what follows, and what follows is known when they are read.
What is not the same in every engine, or not regular, is not read.
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

from contracts.compat.characters import CLASSES, all_alphabets, other
from contracts.compat.languages import LAST, SURROGATES, Language, Languages, Ranges

_MAX_LENGTH: Final = 2_000
_MAX_TIMES: Final = 20_000
_MAX_DEPTH: Final = 60
_UNROLLED: Final = 3  # repetitions of what looks ahead
_COUNT: Final = re.compile(r"\{(\d{1,6})(?:(,)(\d{0,6}))?\}")
_CONTROLS: Final = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}
_HEX: Final = {"x": re.compile("[0-9a-fA-F]{2}"), "u": re.compile("[0-9a-fA-F]{4}")}
_NAME: Final = re.compile(r"\?(?::|P?<[A-Za-z_][A-Za-z0-9_]*>)")
_AHEAD: Final = re.compile(r"\(\?[=!]")
_WORDS: Final = re.compile(r"\\[wW]")
_SET_OPERATIONS: Final = ("[", "&&", "--", "~~")
_QUANTIFIERS: Final = {"*": (0, None), "+": (1, None), "?": (0, 1)}

_LINE_FEED: Final[Ranges] = ((0x0A, 0x0A),)
_ENDS_OF_LINES: Final[Ranges] = (*_LINE_FEED, (0x0D, 0x0D), (0x2028, 0x2029))

_Rest = Callable[[bool], Language]  # what may follow; asked whether nothing is before it
_Part = Callable[[bool, _Rest], Language]  # what it is, in front of what may follow


class Reading(NamedTuple):
    """How an engine reads what not all engines read in the same way.

    Attributes
    ----------
    ends_of_lines
        What a dot does not take.
    all_alphabets_ahead
        Whether there are digits and spaces of every alphabet in a pattern that looks ahead: the
        validator hands such patterns to another engine.
    """

    ends_of_lines: Ranges
    all_alphabets_ahead: bool


VALIDATOR: Final = Reading(_LINE_FEED, all_alphabets_ahead=True)
READINGS: Final = (VALIDATOR, Reading(_ENDS_OF_LINES, all_alphabets_ahead=False))
"""What is true of patterns has to be true for each: the validator's, and the standard's."""


class Unclear(Exception):
    """The pattern is not understood, or not by every engine in the same way."""


class _Piece(NamedTuple):
    """A piece of a pattern: its language, if it does not look at what is around it."""

    part: _Part
    plain: Language | None = None


def read(languages: Languages, pattern: str, reading: Reading) -> Language:
    """Return the texts in which a pattern is found.

    Raises
    ------
    Unclear
        It is not understood.
    """
    ahead = _AHEAD.search(pattern)
    if len(pattern) > _MAX_LENGTH or (ahead and _WORDS.search(pattern)):
        raise Unclear
    classes = all_alphabets() if ahead and reading.all_alphabets_ahead else CLASSES
    part = _Reader(languages, pattern, reading.ends_of_lines, classes).read()
    anything = languages.all
    something = languages.then(languages.chars([(0, LAST)]), anything)
    first = part(True, lambda _start: anything)
    later = part(False, lambda _start: anything)
    return languages.either([first, languages.then(something, later)])


class _Reader:
    """Reads one pattern, from its first character to its last."""

    def __init__(
        self, languages: Languages, pattern: str, ends_of_lines: Ranges, classes: dict[str, Ranges]
    ) -> None:
        self._languages = languages
        self._left = pattern
        self._any = other(ends_of_lines)
        self._classes = classes
        self._depth = 0

    def read(self) -> _Part:
        part = self._either().part
        if self._left:
            raise Unclear
        return part

    def _take(self, text: str) -> bool:
        """Take a text if it comes next."""
        if self._left.startswith(text):
            self._left = self._left[len(text) :]
            return True
        return False

    def _next(self) -> str:
        if not self._left:
            raise Unclear
        taken, self._left = self._left[0], self._left[1:]
        return taken

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise Unclear

    def _either(self) -> _Piece:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise Unclear
        pieces = [self._sequence()]
        while self._take("|"):
            pieces.append(self._sequence())
        self._depth -= 1
        either = self._languages.either
        plain = [piece.plain for piece in pieces if piece.plain is not None]
        if len(plain) == len(pieces):
            return self._said(either(plain))
        return _Piece(lambda start, rest: either(piece.part(start, rest) for piece in pieces))

    def _sequence(self) -> _Piece:
        pieces: list[_Piece] = [self._said(self._languages.nothing)]
        while self._left and self._left[0] not in "|)":
            piece, before = self._repeated(), pieces[-1].plain
            if piece.plain is not None and before is not None:
                pieces[-1] = self._said(self._languages.then(before, piece.plain))
            else:
                pieces.append(piece)

        def part(start: bool, rest: _Rest, index: int = 0) -> Language:
            if index == len(pieces):
                return rest(start)
            after = cache(lambda begun: part(begun, rest, index + 1))
            return pieces[index].part(start, after)

        return pieces[0] if len(pieces) == 1 else _Piece(part)

    def _repeated(self) -> _Piece:
        anchor = self._anchor()
        piece = anchor or self._atom()
        times = self._times()
        if times is None:
            return piece
        if anchor or self._times() is not None:
            raise Unclear
        return self._again(piece, *times)

    def _times(self) -> tuple[int, int | None] | None:
        """Take how often; a question mark behind it does not change what is found."""
        counted = _COUNT.match(self._left)
        if counted:
            self._left = self._left[counted.end() :]
            fewest = int(counted[1])
            most = fewest if counted[2] is None else int(counted[3]) if counted[3] else None
            if max(fewest, most or 0) > _MAX_TIMES or (most is not None and most < fewest):
                raise Unclear
        elif self._left and self._left[0] in _QUANTIFIERS:
            fewest, most = _QUANTIFIERS[self._next()]
        else:
            return None
        self._take("?")
        return fewest, most

    def _again(self, piece: _Piece, fewest: int, most: int | None) -> _Piece:
        languages = self._languages
        if piece.plain is not None:
            return self._said(languages.times(piece.plain, fewest, most))
        if most is None or most > _UNROLLED:
            raise Unclear

        def again(start: bool, rest: _Rest, done: int = 0) -> Language:
            found = [] if done < fewest else [rest(start)]
            if done < most:
                found.append(piece.part(start, lambda begun: again(begun, rest, done + 1)))
            return languages.either(found)

        return _Piece(again)

    def _said(self, language: Language) -> _Piece:
        """Return a piece that is a language, whatever is around it."""
        languages = self._languages

        def part(start: bool, rest: _Rest) -> Language:
            now, later = rest(start), rest(False)
            if now is later or not language.takes_nothing:
                return languages.then(language, later)
            some = languages.both([language, languages.but(languages.nothing)])
            return languages.either([now, languages.then(some, later)])

        return _Piece(part, language)

    def _anchor(self) -> _Piece | None:
        """Read what takes no characters but looks at what is around it."""
        languages = self._languages
        if self._take("^"):
            return _Piece(lambda start, rest: rest(start) if start else languages.none)
        if self._take("$"):
            return _Piece(lambda start, rest: languages.both([rest(start), languages.nothing]))
        for said, denied in (("(?=", False), ("(?!", True)):
            if self._take(said):
                return self._ahead(denied=denied)
        return None

    def _ahead(self, *, denied: bool) -> _Piece:
        languages = self._languages
        inner = self._either().part
        self._expect(")")

        def part(start: bool, rest: _Rest) -> Language:
            seen = inner(start, lambda _begun: languages.all)
            return languages.both([rest(start), languages.but(seen) if denied else seen])

        return _Piece(part)

    def _atom(self) -> _Piece:
        if self._take("("):
            named = _NAME.match(self._left)
            if named:
                self._left = self._left[named.end() :]
            elif self._left.startswith("?"):
                raise Unclear
            inner = self._either()
            self._expect(")")
            return inner
        if self._take("["):
            return self._said(self._languages.chars(self._class()))
        character = self._next()
        if character == ".":
            return self._said(self._languages.chars(self._any))
        if character == "\\":
            return self._said(self._languages.chars(self._escaped()))
        if character in "*+?{}[]":
            raise Unclear
        return self._said(self._languages.chars(_one(ord(character))))

    def _escaped(self) -> Ranges:
        """Read what is behind a backslash."""
        character = self._next()
        if character.lower() in self._classes:
            ranges = self._classes[character.lower()]
            return ranges if character.islower() else other(ranges)
        if character in _CONTROLS:
            return _one(_CONTROLS[character])
        if character in ("x", "u"):
            digits = _HEX[character].match(self._left)
            if digits is None or SURROGATES[0] <= int(digits[0], 16) <= SURROGATES[1]:
                raise Unclear
            self._left = self._left[digits.end() :]
            return _one(int(digits[0], 16))
        if character.isalnum() or character == "_":
            raise Unclear
        return _one(ord(character))

    def _class(self) -> Ranges:
        denied = self._take("^")
        ranges: list[tuple[int, int]] = []
        while not self._take("]"):
            low = self._member()
            if self._left.startswith("-") and not self._left.startswith("-]"):
                self._next()
                high = self._member()
                if not (_single(low) and _single(high) and low <= high):
                    raise Unclear
                ranges.append((low[0][0], high[0][0]))
            else:
                ranges += low
        if not ranges:
            raise Unclear
        return other(ranges) if denied else tuple(ranges)

    def _member(self) -> Ranges:
        """Read a character of a class, or a class within it."""
        if self._left.startswith(_SET_OPERATIONS):
            raise Unclear
        character = self._next()
        return self._escaped() if character == "\\" else _one(ord(character))


def _one(character: int) -> Ranges:
    return ((character, character),)


def _single(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]
