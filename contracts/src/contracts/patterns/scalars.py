"""Values that a schema takes and one alternative of a pattern matches, or why there is none.

Whether a value matches is the engine's word, and whether it is valid the validator's: here values
are only proposed. That there is none is said where types, bounds or languages leave nothing.
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from contracts.patterns import intervals, schemas, texts
from contracts.patterns.automata import NotReasoned, shared
from contracts.patterns.schemas import Part, Schemas
from contracts.patterns.whynot import described

ANYTHING = {"exists": True}
"""The alternative that every value matches."""

_MAX_VALUES = 4
_TEXT_OPERATORS = {"prefix", "suffix", "equals-ignore-case", "wildcard", "cidr", "exactly"}

Matches = Callable[[Any], bool]
"""Whether the engine finds that a value matches."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Values that fit, or why none does.

    Attributes
    ----------
    values
        Values that are valid and match, as far as they were looked for.
    reasons
        Where there is none: why, by JSON path.
    proven
        Where there is none: whether there cannot be one.
    """

    values: list[Any] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    proven: bool = True


class _Proposal(NamedTuple):
    """Values to try, and whether nothing fits if they do not; then why."""

    values: Iterable[Any] = ()
    exhaustive: bool = True
    why: str = ""


def either(fits: Iterable[Fit]) -> Fit:
    """Return what one of several gives: their values; or that none has any."""
    every = list(fits)
    if values := [value for fit in every for value in fit.values]:
        return Fit(values)
    reasons: dict[str, str] = {}
    for path, reason in (item for fit in every for item in fit.reasons.items()):
        said = reasons.get(path, reason)
        reasons[path] = said if reason in said else f"{said}; {reason}"
    return Fit([], reasons, all(fit.proven for fit in every))


def scalar(
    found: Schemas,
    parts: list[Part],
    alternative: Any,
    *,
    matches: Matches,
    example: Any,
    path: str,
) -> Fit:
    """Return single values that fit an alternative other than ``exists: false``.

    Parameters
    ----------
    found
        The schemas' document.
    parts
        What must all hold of the value.
    alternative
        One alternative of a field of a pattern.
    matches
        Whether the engine finds that a value is that alternative.
    example
        A value to keep near to, if it is one of the kind.
    path
        The field, for the reasons.
    """
    types = sorted(schemas.types(parts) - {"array", "object"})
    proposals = [_PROPOSE[name](parts, alternative, example) for name in types]
    values: list[Any] = []
    problem = ""
    for value in (value for proposal in proposals for value in proposal.values):
        if len(values) < _MAX_VALUES and value not in values and matches(value):
            invalid = found.problem(parts, value)
            problem = problem or invalid or ""
            if invalid is None:
                values.append(value)
    if values:
        return Fit(values)
    proven = all(proposal.exhaustive for proposal in proposals)
    why = next((proposal.why for proposal in proposals if proposal.why), "") or problem
    why = why or f"is {kinds(types)}, which is never {described(alternative)}"
    return Fit([], {path: why}, proven)


def kinds(types: Iterable[str]) -> str:
    """Return JSON types in words."""
    named = {"string": "a text", "number": "a number", "boolean": "true or false", "null": "null"}
    return " or ".join(named[name] for name in sorted(types))


def _boolean(_parts: list[Part], _alternative: Any, _example: Any) -> _Proposal:
    return _Proposal([True, False])


def _null(_parts: list[Part], _alternative: Any, _example: Any) -> _Proposal:
    return _Proposal([None])


def _number(parts: list[Part], alternative: Any, example: Any) -> _Proposal:
    allowed = intervals.Interval()
    for part in parts:
        allowed = allowed.within(intervals.of_schema(part))
    match alternative:
        case bool() | str() | None:
            return _Proposal()
        case int() | float():
            return _Proposal([alternative])
        case {"numeric": bounds}:
            allowed = allowed.within(intervals.of_alternative(bounds))
        case {**operator} if operator.keys() & _TEXT_OPERATORS:
            return _Proposal()
    if allowed.empty:
        return _Proposal(why=f"no number that the schema takes matches {described(alternative)}")
    steps = [Fraction(str(part["multipleOf"])) for part in parts if "multipleOf" in part]
    near = [example] if isinstance(example, int | float) else []
    return _Proposal([*near, *allowed.some(steps[0] if steps else None)], exhaustive=False)


def _string(parts: list[Part], alternative: Any, example: Any) -> _Proposal:
    match alternative:
        case bool() | int() | float() | None | {"numeric": _}:
            return _Proposal()
        case str() as text if not texts.is_address(text):
            return _Proposal([text])
    guesses = list(_guesses(alternative, example if isinstance(example, str) else ""))
    shortest = max((part.get("minLength", 0) for part in parts), default=0)
    longest = min((part["maxLength"] for part in parts if "maxLength" in part), default=None)
    try:
        conditions = [each for part in parts for each in texts.of_schema(part)]
        witness = shared([*conditions, *texts.of_alternative(alternative)], shortest, longest)
    except NotReasoned as error:
        return _Proposal(guesses, exhaustive=False, why=f"the schema has {error}")
    if witness is None:
        return _Proposal(why=f"no text of {_rule(parts)} matches {described(alternative)}")
    return _Proposal([*guesses, witness], exhaustive=False)


_PROPOSE: dict[str, Callable[[list[Part], Any, Any], _Proposal]] = {
    "boolean": _boolean,
    "null": _null,
    "number": _number,
    "string": _string,
}


def _guesses(alternative: Any, example: str) -> Iterator[str]:
    """Yield texts near the example that an alternative may match."""
    match alternative:
        case str() as text:
            yield text
        case {"prefix": str() as text}:
            yield text + example[len(text) :]
        case {"suffix": str() as text}:
            yield example[: max(len(example) - len(text), 0)] + text
        case {"wildcard": str() as text} if "\\" not in text:
            before, _, after = text.partition("*")
            middle = example[len(before) : len(example) - len(after)] if "*" not in after else ""
            yield before + middle + after.replace("*", "")
        case {"cidr": str() as network}:
            first = ipaddress.ip_network(network, strict=False).network_address
            yield from (str(first + 1), str(first))
        case {"exactly": str() as text}:
            yield text
        case {"prefix": {"equals-ignore-case": str() as text}}:
            yield from (cased + example[len(text) :] for cased in _cases(text))
        case {"suffix": {"equals-ignore-case": str() as text}}:
            yield from (
                example[: max(len(example) - len(text), 0)] + cased for cased in _cases(text)
            )
        case {"equals-ignore-case": str() as text}:
            yield from _cases(text)
    if example:
        yield example


def _cases(text: str) -> list[str]:
    return [text, text.lower(), text.upper()]


def _rule(parts: list[Part]) -> str:
    """Return what a schema says of a text."""
    said = {
        keyword: part[keyword]
        for part in parts
        for keyword in ("pattern", "format", "minLength", "maxLength")
        if keyword in part
    }
    return ", ".join(f"{keyword} {schemas.shown(value)}" for keyword, value in said.items())
