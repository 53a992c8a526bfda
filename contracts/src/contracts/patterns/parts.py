"""The parts of a pattern that the engine can be asked about alone, and what an event has there.

The engine knows a field by its joined name (``detail.metadata.tenant_id``), whatever the nesting,
and looks into arrays as if they were not there. So does everything here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from contracts.patterns.ruler import Pattern

Branch = dict[str, list[Any]]
"""A pattern without ``$or``: what each field must be, by joined name. Is itself a pattern."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def branches(pattern: Pattern) -> list[Branch]:
    """Return the patterns without ``$or`` of which one must match: those that the engine makes.

    As in the engine, a field that is named again replaces what was said of it before.

    Parameters
    ----------
    pattern
        A pattern that the engine takes.
    """
    found: list[Branch] = [{}]
    _expand(pattern, "", found)
    return found


def _expand(part: Pattern, prefix: str, found: list[Branch]) -> None:
    for name, value in part.items():
        if name == "$or":
            before = [dict(branch) for branch in found]
            found.clear()
            for alternative in value:
                forked = [dict(branch) for branch in before]
                _expand(alternative, prefix, forked)
                found += forked
        elif isinstance(value, Mapping):
            _expand(value, f"{prefix}{name}.", found)
        else:
            for branch in found:
                branch[prefix + name] = [*value]


def met(event: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Return what an event has at a field, by JSON path; what is within arrays, item by item."""
    return {path: value for name, path, value in _values(event, "", "$") if name == field}


def _values(value: Any, name: str, path: str) -> Iterator[tuple[str, str, Any]]:
    if isinstance(value, Mapping):
        yield name, path, value
        for key, item in value.items():
            yield from _values(item, f"{name}.{key}" if name else key, path + step(key))
    elif isinstance(value, list):
        if not value:
            yield name, path, value
        for number, item in enumerate(value):
            yield from _values(item, name, f"{path}[{number}]")
    else:
        yield name, path, value


def step(key: str) -> str:
    """Return one step of a JSON path."""
    return f".{key}" if _PLAIN.fullmatch(key) else f"[{json.dumps(key, ensure_ascii=False)}]"


def path_of(field: str) -> str:
    """Return the JSON path of a field's joined name, where no event tells what its steps are."""
    return "$" + "".join(step(key) for key in field.split("."))


def split(alternative: Any) -> list[Any]:
    """Return the conditions that hold together in one alternative: it is that all of them do."""
    match alternative:
        case {"numeric": [_, _, _, _] as bounds}:
            return [{"numeric": bounds[:2]}, {"numeric": bounds[2:]}]
        case {"anything-but": list() as values}:
            return [{"anything-but": value} for value in values]
        case {"anything-but": {**operator}}:
            name, operands = next(iter(operator.items()))
            if isinstance(operands, list):
                return [{"anything-but": {name: operand}} for operand in operands]
    return [alternative]
