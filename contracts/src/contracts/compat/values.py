"""JSON values and types, as JSON Schema has them."""

import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

TYPES: Final = frozenset({"null", "boolean", "integer", "fraction", "string", "array", "object"})
"""JSON's types; numbers are told apart by being whole, however they are written."""

NUMBERS: Final = frozenset({"integer", "fraction"})
ASSERTED: Final = frozenset(
    {"date", "date-time", "duration", "email", "hostname", "idn-email", "idn-hostname", "ipv4"}
    | {"ipv6", "iri", "iri-reference", "json-pointer", "regex", "relative-json-pointer", "time"}
    | {"uri", "uri-reference", "uri-template", "uuid"}
)
"""The formats that are checked; others are notes for people."""
NOTES: Final = frozenset({"$comment", "default", "deprecated", "description", "examples", "title"})
"""Keywords that say nothing of values."""


def types_of(names: str | Sequence[str]) -> frozenset[str]:
    """Return the types that a schema's ``type`` names."""
    listed = [names] if isinstance(names, str) else names
    return frozenset(t for name in listed for t in (NUMBERS if name == "number" else [name]))


def type_of(value: Any) -> str:
    """Return a JSON value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if value == int(value) else "fraction"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def canonical(value: Any) -> str:
    """Return one text for all values that JSON Schema calls equal."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def exact(number: float) -> Fraction:
    """Return the number that a JSON text wrote, not the nearest binary one."""
    return Fraction(Decimal(repr(number)))


def least(one: int | None, other: float | None) -> int | None:
    """Return the smaller of two bounds; None bounds nothing."""
    given = [int(bound) for bound in (one, other) if bound is not None]
    return min(given) if given else None
