"""What one regular expression says of another: decided by automata, within bounds.

Patterns are ECMA-262's in JSON Schema: they are searched for, not matched from the start. What
lies beyond the bounds, or is not the same in every engine (look-arounds, back references, white
space, anchors in the middle), is not decided.
"""

import re
from functools import lru_cache
from typing import Any

_MAX_LENGTH = 400
_MAX_SIZE = 600  # characters of a pattern with all repetitions written out: bounds the automaton
_MAX_PRODUCT = 40_000  # states of an intersection
_UNDECIDED = re.compile(r"\(\?(?!:)|\\[1-9bBpPkuxcZAQEGKsSWD]|[*+?}]\+|\[\[|&&|--|~~")
_ANY = r"(?:.|\n)*"
# Engines differ on which ends of lines a dot takes: the wider pattern takes all, the narrower few.
_DOT_AT_LEAST = "[^\n\r\u2028\u2029]"
_DOT_AT_MOST = "(?:.|\n)"
_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|.", re.DOTALL)


def includes(wider: str, narrower: frozenset[str]) -> bool | None:
    """Return whether every text with all the patterns `narrower` has `wider`; None: undecided."""
    if wider in narrower:
        return True
    automaton = _automaton(wider, _DOT_AT_LEAST)
    if automaton is None:
        return None
    both = _all_of(narrower)
    if both is None:
        return automaton.everythingbut().empty() or None
    return both.issubset(automaton) or None


def disjoint(patterns: frozenset[str]) -> bool:
    """Return whether no text has all the patterns; False also if that is not decided."""
    both = _all_of(patterns)
    return both is not None and bool(both.empty())


def shortest(patterns: frozenset[str]) -> str | None:
    """Return a shortest text with all the patterns that are understood, None if there is none."""
    both = _all_of(patterns)
    return None if both is None else _shortest(both)


def outside(patterns: frozenset[str], wider: str) -> str | None:
    """Return a shortest text with all the patterns and without `wider`, None if none is found."""
    automaton, both = _automaton(wider, _DOT_AT_MOST), _all_of(patterns)
    if automaton is None:
        return None
    rest = automaton.everythingbut()
    return _shortest(rest if both is None else both & rest)


def _all_of(patterns: frozenset[str]) -> Any | None:
    """Return an automaton that takes every text with all the patterns, and perhaps more."""
    made = None
    for pattern in sorted(patterns):
        automaton = _automaton(pattern, _DOT_AT_MOST)
        if automaton is None:
            continue
        if made is None:
            made = automaton
        elif len(made.states) * len(automaton.states) <= _MAX_PRODUCT:
            made = made & automaton
    return made


def _shortest(automaton: Any) -> str | None:
    """Walk breadth first: the library's own enumeration does not end on an empty language."""
    letters = _letters(automaton)
    seen, level = {automaton.initial}, [(automaton.initial, "")]
    while level:
        after = []
        for state, text in level:
            if state in automaton.finals:
                return text
            for letter, symbol in letters:
                target = automaton.map.get(state, {}).get(letter)
                if target is not None and target not in seen:
                    seen.add(target)
                    after.append((target, text + symbol))
        level = after
    return None


def _letters(automaton: Any) -> list[tuple[Any, str]]:
    """Return a character for each class of the alphabet, a plain one where there is a choice."""
    used = {symbol for symbol in automaton.alphabet if isinstance(symbol, str)}
    letters: dict[Any, str] = {}
    for symbol in sorted(used, key=lambda text: (not text.isalnum(), text)):
        letters.setdefault(automaton.alphabet[symbol], symbol)
    free = next(symbol for symbol in map(chr, range(0x61, 0x3000)) if symbol not in used)
    letters.setdefault(automaton.alphabet[free], free)
    return list(letters.items())


@lru_cache(maxsize=4096)
def _automaton(pattern: str, dot: str) -> Any | None:
    if len(pattern) > _MAX_LENGTH or _UNDECIDED.search(pattern):
        return None
    whole = _whole(pattern, dot)
    if whole is None:
        return None
    import interegular  # noqa: PLC0415 - an extra: who compares no schemas needs none

    try:
        return interegular.parse_pattern(whole).to_fsm()
    except Exception:  # noqa: BLE001 - whatever it cannot parse it does not decide
        return None


def _whole(pattern: str, dot: str) -> str | None:
    """Return the pattern of the whole texts in which `pattern` is found; None if not clear."""
    parts = _PART.findall(pattern)
    starts = parts[:1] == ["^"]
    ends = len(parts) > starts and parts[-1] == "$"
    parts = parts[starts : len(parts) - ends]
    if "^" in parts or "$" in parts or _size(parts) > _MAX_SIZE:
        return None
    level, choice = 0, False
    for part in parts:
        level += (part == "(") - (part == ")")
        choice = choice or (part == "|" and not level)
    if choice and (starts or ends):
        return None  # the anchor is of one alternative alone
    body = "".join(dot if part == "." else part for part in parts)
    return f"{'' if starts else _ANY}(?:{body}){'' if ends else _ANY}"


def _size(parts: list[str]) -> int:
    """Return how many characters the pattern has with its repetitions written out."""
    sizes, last = [0], 0
    for part in parts:
        if part == "(":
            sizes.append(0)
        elif part == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        elif part[0] == "{" and len(part) > 1:
            times = max(int(number) for number in part[1:-1].split(",") if number)
            sizes[-1] += last * max(times - 1, 0)
        else:
            last = 1
            sizes[-1] += 1
    return sum(sizes)
