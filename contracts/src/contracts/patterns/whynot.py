"""Why an event does not match: the smallest parts of the pattern that fail, and what they met.

The engine says only yes or no. So it is asked about one field alone, then about each condition on
it, and where every field alone matches, about ever fewer of them together.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.patterns import parts
from contracts.patterns.parts import Branch
from contracts.patterns.ruler import Pattern, Ruler

_MAX_BRANCHES = 10  # alternatives of $or that are explained
_MAX_TEXT = 200  # characters of a value that are shown

_PHRASES = {
    "exactly": "is not {}",
    "prefix": "does not start with {}",
    "suffix": "does not end with {}",
    "equals-ignore-case": "is not {} in any case",
    "wildcard": "is not like {}",
    "numeric": "is not a number {}",
    "cidr": "is no address in {}",
    "anything-but": "is excluded by anything-but {}",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of a pattern that fails.

    Attributes
    ----------
    path
        Where, as a JSON path into the event.
    text
        What is there, and what is wrong with it.
    alternative
        Of which alternative of ``$or`` this is said, from 1; 0 where it holds for all.
    """

    path: str
    text: str
    alternative: int = 0

    def __str__(self) -> str:
        said = f"{self.path}: {self.text}"
        return f"alternative {self.alternative} of $or: {said}" if self.alternative else said


def why_not(pattern: Pattern, event: Mapping[str, Any], ruler: Ruler) -> list[Reason]:
    """Return why `event` does not match `pattern`; nothing when it does.

    Where alternatives of ``$or`` fail for one reason in common, only that one is given; else those
    of each alternative, the nearest to matching first.

    Raises
    ------
    contracts.patterns.ruler.InvalidPattern
        The service would refuse the pattern.
    contracts.patterns.ruler.InvalidEvent
        The engine cannot read the event.
    """
    if ruler.matches(pattern, event):
        return []
    asked = _Asked(event, ruler)
    every = parts.branches(pattern)
    if shared := [
        field
        for field, wanted in every[0].items()
        if all(branch.get(field) == wanted for branch in every) and asked.fails(field, wanted)
    ]:
        return [asked.reason(field, every[0][field]) for field in shared]
    if len(every) == 1:
        return asked.reasons(every[0])
    numbered = sorted(
        ((number, asked.reasons(branch)) for number, branch in enumerate(every, start=1)),
        key=lambda explained: len(explained[1]),
    )
    return [
        Reason(reason.path, reason.text, number)
        for number, reasons in numbered[:_MAX_BRANCHES]
        for reason in reasons
    ]


class _Asked:
    """The engine, asked about parts of a pattern and one event."""

    def __init__(self, event: Mapping[str, Any], ruler: Ruler) -> None:
        self._event = event
        self._ruler = ruler
        self._known: dict[str, bool] = {}

    def fails(self, field: str, wanted: list[Any]) -> bool:
        """Return whether a pattern of this field alone does not match."""
        return not self._matches({field: wanted})

    def reasons(self, branch: Branch) -> list[Reason]:
        """Return why a pattern without ``$or`` does not match."""
        failing = [self.reason(*part) for part in branch.items() if self.fails(*part)]
        return failing or [self._together(branch)]

    def reason(self, field: str, wanted: list[Any]) -> Reason:
        """Return why a field alone does not match."""
        found = parts.met(self._event, field)
        values = {
            path: value for path, value in found.items() if not isinstance(value, dict | list)
        }
        if not found:
            return Reason(parts.path_of(field), "is missing")
        if not values:
            path, value = next(iter(found.items()))
            kind = "an object: a pattern reaches only values in it"
            return Reason(path, f"is {kind if isinstance(value, dict) else 'an empty array'}")
        if wanted == [{"exists": False}]:
            return Reason(_path(field, values), f"{_shown(values)} is present, and must not be")
        return Reason(_path(field, values), f"{_shown(values)} {self._phrase(field, wanted)}")

    def _phrase(self, field: str, wanted: list[Any]) -> str:
        if len(wanted) > 1 or not isinstance(wanted[0], dict):
            if any(isinstance(alternative, dict) for alternative in wanted):
                return f"is none of: {', '.join(described(each) for each in wanted)}"
            return f"is none of {_json(wanted)}"
        (alternative,) = wanted
        conditions = parts.split(alternative)
        failing = [condition for condition in conditions if self.fails(field, [condition])]
        return " and ".join(_refused(condition) for condition in failing or [alternative])

    def _together(self, branch: Branch) -> Reason:
        """Return the fewest fields that match alone and not together: in different items."""
        fewest = dict(branch)
        for field in branch:
            fewer = {name: wanted for name, wanted in fewest.items() if name != field}
            if fewer and not self._matches(fewer):
                fewest = fewer
        steps = [field.split(".") for field in fewest]
        common = next(
            (n for n, names in enumerate(zip(*steps, strict=False)) if len(set(names)) > 1),
            min(map(len, steps)),
        )
        wanted = ", ".join(
            f"{'.'.join(name.split('.')[common:])} {_listed(values)}"
            for name, values in fewest.items()
        )
        return Reason(
            parts.path_of(".".join(steps[0][:common])) if common else "$",
            f"no one item of an array has all of: {wanted}",
        )

    def _matches(self, branch: Branch) -> bool:
        key = _json(branch)
        if key not in self._known:
            self._known[key] = self._ruler.matches(branch, self._event)
        return self._known[key]


def described(alternative: Any) -> str:
    """Return one alternative of a field in words: ``"acme"``, ``prefix "ac"``."""
    if not isinstance(alternative, dict):
        return _json(alternative)
    ((operator, value),) = alternative.items()
    return f"{operator} {described(value) if isinstance(value, dict) else _json(value)}"


def _refused(alternative: Any) -> str:
    ((operator, value),) = alternative.items()
    if operator == "numeric":
        pairs = zip(value[::2], value[1::2], strict=True)
        return _PHRASES[operator].format(" and ".join(f"{sign} {_json(to)}" for sign, to in pairs))
    if isinstance(value, dict) and operator != "anything-but":
        return _PHRASES[operator].format(_json(*value.values())) + " in any case"
    return _PHRASES[operator].format(described(value))


def _listed(wanted: list[Any]) -> str:
    return f"[{', '.join(described(alternative) for alternative in wanted)}]"


def _shown(values: Mapping[str, Any]) -> str:
    shown = ", ".join(_json(value) for value in values.values())
    if len(shown) > _MAX_TEXT:
        shown = f"{shown[:_MAX_TEXT]}…"
    return shown if len(values) == 1 else f"each of {shown}"


def _path(field: str, values: Mapping[str, Any]) -> str:
    return next(iter(values)) if len(values) == 1 else parts.path_of(field)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
