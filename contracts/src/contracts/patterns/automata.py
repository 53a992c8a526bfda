"""Languages of texts, as automata: what several have in common is found without listing any.

An automaton here may take more texts than its expression where the dialects of regular expressions
differ (what is a digit beyond ASCII), and never fewer.
"""

import re
import string
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined]  # the parser's own names
from re import _parser as parser  # type: ignore[attr-defined]  # the one parser that agrees with re
from typing import Any, NamedTuple

_MAX_STATES = 20_000
_MAX_STEPS = 50_000
_LAST = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_PREFERRED = sorted(map(ord, string.ascii_letters + string.digits + string.punctuation + " "))

_STARTS = ([(op.AT, op.AT_BEGINNING)], [(op.AT, op.AT_BEGINNING_STRING)])
_ENDS = ([(op.AT, op.AT_END)], [(op.AT, op.AT_END_STRING)])

Range = tuple[int, int]

_CATEGORIES: dict[Any, list[Range]] = {
    op.CATEGORY_DIGIT: [(0x30, 0x39), (0x80, _LAST)],
    op.CATEGORY_SPACE: [(0x09, 0x0D), (0x1C, 0x20), (0x80, _LAST)],
    op.CATEGORY_WORD: [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0x80, _LAST)],
    op.CATEGORY_NOT_DIGIT: [(0, 0x2F), (0x3A, _LAST)],
    op.CATEGORY_NOT_SPACE: [(0, 0x08), (0x0E, 0x1B), (0x21, _LAST)],
    op.CATEGORY_NOT_WORD: [(0, 0x2F), (0x3A, 0x40), (0x5B, 0x5E), (0x60, 0x60), (0x7B, _LAST)],
}


class NotReasoned(Exception):
    """What is not reasoned about, or would take too long; the message says what."""


class Language:
    """The texts in which a regular expression is found, or with `whole`, that it matches.

    Parameters
    ----------
    pattern
        The expression, as `re` takes it.
    whole
        Whether it is anchored at both ends, as by ``^`` and ``$``.

    Raises
    ------
    NotReasoned
        It has what no automaton does (a look-around, a back-reference), or is too large.
    """

    def __init__(self, pattern: str, *, whole: bool = False) -> None:
        self.moves: list[list[tuple[list[Range], int]]] = []
        self.skips: list[list[int]] = []
        try:
            parsed = parser.parse(pattern)
        except (re.error, RecursionError, OverflowError):
            raise NotReasoned(f"the expression {pattern}") from None
        if parsed.state.flags & ~re.UNICODE:
            raise NotReasoned(f"the flags of {pattern}")
        self.start = self._state()
        self.final = self._state()
        for branch in _branches(list(parsed)):
            begins, ends = branch[:1] in _STARTS, branch[-1:] in _ENDS
            at = self._state(after=self.start)
            if not (begins or whole):
                self._any(at)
            at = self._sequence(branch[begins : len(branch) - ends], at)
            if not (ends or whole):
                at = self._state(after=at)
                self._any(at)
            self.skips[at].append(self.final)

    def closure(self, states: Sequence[int]) -> frozenset[int]:
        """Return the states that are reached from others without a character."""
        reached, waiting = set(states), list(states)
        while waiting:
            for to in self.skips[waiting.pop()]:
                if to not in reached:
                    reached.add(to)
                    waiting.append(to)
        return frozenset(reached)

    def after(self, states: frozenset[int], char: int) -> frozenset[int]:
        """Return the states that are reached from others with one character."""
        return self.closure(
            [
                to
                for state in states
                for ranges, to in self.moves[state]
                if any(first <= char <= last for first, last in ranges)
            ]
        )

    def _state(self, after: int | None = None) -> int:
        if len(self.moves) >= _MAX_STATES:
            raise NotReasoned(f"an expression of over {_MAX_STATES} states")
        self.moves.append([])
        self.skips.append([])
        if after is not None:
            self.skips[after].append(len(self.moves) - 1)
        return len(self.moves) - 1

    def _any(self, state: int) -> None:
        self.moves[state].append(([(0, _LAST)], state))

    def _sequence(self, items: list[Any], at: int) -> int:
        for item in items:
            at = self._item(item, at)
        return at

    def _item(self, item: Any, at: int) -> int:
        if (ranges := _ranges(item)) is not None:
            return self._move(at, ranges)
        match item:
            case (op.BRANCH, (_, branches)):
                end = self._state()
                for branch in branches:
                    self.skips[self._sequence(list(branch), self._state(after=at))].append(end)
                return end
            case (op.SUBPATTERN, (_, 0, 0, inner)):
                return self._sequence(list(inner), at)
            case ((op.MAX_REPEAT | op.MIN_REPEAT), (least, most, inner)):
                return self._repeat(list(inner), at, least, most)
        raise NotReasoned(f"{str(item[0]).lower()} in an expression")

    def _repeat(self, inner: list[Any], at: int, least: int, most: Any) -> int:
        for _ in range(least):
            at = self._sequence(inner, at)
        if most == op.MAXREPEAT:
            at = self._state(after=at)
            self.skips[self._sequence(inner, at)].append(at)
            return at
        ends = [at]
        for _ in range(most - least):
            ends.append(self._sequence(inner, ends[-1]))
        end = self._state()
        for each in ends:
            self.skips[each].append(end)
        return end

    def _move(self, at: int, ranges: list[Range]) -> int:
        to = self._state()
        self.moves[at].append((ranges, to))
        return to


class Condition(NamedTuple):
    """What a text must be: of a language, or not of it."""

    language: Language
    of_it: bool = True


Node = tuple[frozenset[int], ...]


def shared(conditions: Sequence[Condition], shortest: int, longest: int | None) -> str | None:
    """Return a shortest text that meets all conditions, within bounds of its length; None: none.

    Raises
    ------
    NotReasoned
        There may be one, and looking for it takes too long.
    """
    start = tuple(each.language.closure([each.language.start]) for each in conditions)
    layer: dict[Node, str] = {start: ""}
    seen: set[Node] = set()
    steps = 0
    for length in range(_MAX_STEPS if longest is None else longest + 1):
        if length >= shortest:
            for node, text in layer.items():
                if _accepts(conditions, node):
                    return text
            seen |= layer.keys()
        following: dict[Node, str] = {}
        for node, text in layer.items():
            for char in _representatives(conditions, node):
                steps += 1
                to = _after(conditions, node, char)
                if to is not None and to not in seen and to not in following:
                    following[to] = text + chr(char)
        if not following:
            return None
        if steps > _MAX_STEPS:
            break
        layer = following
    if longest is not None and steps <= _MAX_STEPS:
        return None
    raise NotReasoned("a text that takes too long to find")


def _accepts(conditions: Sequence[Condition], node: Node) -> bool:
    return all(
        (each.language.final in states) == each.of_it
        for each, states in zip(conditions, node, strict=True)
    )


def _after(conditions: Sequence[Condition], node: Node, char: int) -> Node | None:
    reached = []
    for each, states in zip(conditions, node, strict=True):
        reached.append(each.language.after(states, char))
        if each.of_it and not reached[-1]:
            return None
    return tuple(reached)


def _representatives(conditions: Sequence[Condition], node: Node) -> list[int]:
    """Return one character of each set that no state here tells apart, the plain ones first."""
    cuts = {0}
    for each, states in zip(conditions, node, strict=True):
        for state in states:
            for ranges, _ in each.language.moves[state]:
                cuts |= {first for first, _ in ranges} | {last + 1 for _, last in ranges}
    starts = sorted(cut for cut in cuts if cut <= _LAST)
    ends = [*starts[1:], _LAST + 1]
    chars = [_one(first, end - 1) for first, end in zip(starts, ends, strict=True)]
    return sorted(chars, key=lambda char: not chr(char).isalnum())


@lru_cache(maxsize=4096)
def _one(first: int, last: int) -> int:
    """Return a character of a range: a common one if there is any, and no half of one."""
    at = bisect_right(_PREFERRED, first - 1)
    if at < len(_PREFERRED) and _PREFERRED[at] <= last:
        within = [code for code in _PREFERRED[at:] if code <= last]
        return next((code for code in within if chr(code).isalnum()), within[0])
    return _SURROGATES.stop if first in _SURROGATES and last >= _SURROGATES.stop else first


def _branches(parsed: list[Any]) -> list[list[Any]]:
    """Return the alternatives at an expression's top, each with anchors of its own."""
    match parsed:
        case [(op.BRANCH, (_, branches))]:
            return [list(branch) for branch in branches]
    return [parsed]


def _ranges(item: Any) -> list[Range] | None:
    """Return the characters that an item stands for, if it stands for one."""
    match item:
        case (op.LITERAL, code):
            return [(code, code)]
        case (op.NOT_LITERAL, code):
            return _others([(code, code)])
        case (op.ANY, _):
            return [(0, _LAST)]
        case (op.IN, members):
            return _class(members)
    return None


def _class(members: list[Any]) -> list[Range]:
    ranges: list[Range] = []
    for member in members:
        match member:
            case (op.NEGATE, _):
                continue
            case (op.LITERAL, code):
                ranges.append((code, code))
            case (op.RANGE, (first, last)):
                ranges.append((first, last))
            case (op.CATEGORY, category):
                ranges += _CATEGORIES[category]
    if members[0][0] is not op.NEGATE:
        return ranges
    if any(kind is op.CATEGORY for kind, _ in members):
        ranges = [(first, min(last, 0x7F)) for first, last in ranges if first <= 0x7F]  # noqa: PLR2004 - ASCII
    return _others(ranges)


def _others(ranges: list[Range]) -> list[Range]:
    found, at = [], 0
    for first, last in sorted(ranges):
        if at < first:
            found.append((at, first - 1))
        at = max(at, last + 1)
    return [*found, (at, _LAST)] if at <= _LAST else found
