"""Which texts a schema and an alternative of a pattern both take: as languages, so that it is sure.

A language of a schema or of an operator may have more texts than the real one, and never fewer;
one that ``anything-but`` takes away, never more. So where nothing is left, nothing matches; and a
text that is left is a proposal, which others verify.
"""

import re
from functools import lru_cache
from typing import Any

from contracts.patterns.automata import Condition, Language

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
# What the engine may read as an IP address, and compares as one, however it is written.
_ADDRESS = "[0-9]+([.][0-9]+){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
_FORMATS = {
    "date": _DAY,
    "date-time": f"{_DAY}[Tt ][0-9:.]+([Zz]|[+-][0-9:]+)",
    "ipv4": _ADDRESS,
    "ipv6": _ADDRESS,
    "uuid": "[0-9A-Fa-f-]{36}",
}


def of_schema(part: dict[str, Any]) -> list[Condition]:
    """Return what a schema's own keywords say of a text, its length excepted.

    Raises
    ------
    contracts.patterns.automata.NotReasoned
        Its regular expression has no automaton.
    """
    conditions = []
    if "pattern" in part:
        conditions.append(Condition(_language(part["pattern"], whole=False)))
    if (known := part.get("format")) in _FORMATS:
        conditions.append(Condition(_language(_FORMATS[known], whole=True)))
    return conditions


def of_alternative(alternative: Any) -> list[Condition]:
    """Return what one alternative of a pattern says of a text."""
    match alternative:
        case {"exists": True}:
            return []
        case {"anything-but": {**operator}}:
            ((name, values),) = operator.items()
            excluded: list[Any] = [{name: value} for value in _listed(values)]
        case {"anything-but": values}:
            excluded = [value for value in _listed(values) if isinstance(value, str)]
        case {"cidr": _}:
            return [Condition(_language(_ADDRESS, whole=True))]
        case str() as text if is_address(text):
            return [Condition(_language(_ADDRESS, whole=True))]
        case _:
            return [Condition(_language(_expression(alternative) or ".*", whole=True))]
    surely = [expression for each in excluded if (expression := _expression(each)) is not None]
    return [Condition(_language(each, whole=True), of_it=False) for each in surely]


def is_address(text: str) -> bool:
    """Return whether the engine may read a text as an IP address."""
    return re.fullmatch(_ADDRESS, text) is not None


def _expression(alternative: Any) -> str | None:
    """Return the expression of just the texts that an operator takes; None: case beyond ASCII."""
    match alternative:
        case (str() as text) | {"exactly": str() as text}:
            return re.escape(text)
        case {"equals-ignore-case": str() as text}:
            return "".join(_either_case(char) for char in text) if text.isascii() else None
        case {"prefix": value}:
            inner = re.escape(value) if isinstance(value, str) else _expression(value)
            return None if inner is None else f"{inner}.*"
        case {"suffix": value}:
            inner = re.escape(value) if isinstance(value, str) else _expression(value)
            return None if inner is None else f".*{inner}"
        case {"wildcard": str() as text}:
            return _wildcard(text)
    return None


def _either_case(char: str) -> str:
    return f"[{char.lower()}{char.upper()}]" if char.isalpha() else re.escape(char)


def _wildcard(text: str) -> str:
    made, escaped = "", False
    for char in text:
        if char == "\\" and not escaped:
            escaped = True
            continue
        made += ".*" if char == "*" and not escaped else re.escape(char)
        escaped = False
    return made


def _listed(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]


@lru_cache(maxsize=256)
def _language(expression: str, *, whole: bool) -> Language:
    return Language(expression, whole=whole)
