"""Parts of numbers, texts and arrays: cut where one of several alternatives begins or ends."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Final

from contracts.compat.documents import Node
from contracts.compat.facts import Facts, Items
from contracts.compat.pointers import in_place
from contracts.compat.values import NUMBERS, exact

_MOST: Final = 400  # schemas that are looked at


def split(facts: Facts, parts: Sequence[Node]) -> list[Facts]:
    """Return two parts that make up the whole; none if no alternative ends within."""
    made: list[Facts] = []
    if facts.types <= NUMBERS:
        made = _numbers(facts, parts)
    elif facts.types == {"string"}:
        made = _counted(facts, parts, ("shortest", "longest"), ("minLength", "maxLength"))
    elif facts.types == {"array"}:
        made = _counted(facts, parts, ("least_items", "most_items"), ("minItems", "maxItems"))
        made = made or _items(facts)
    for part in made:
        part.settle()
    return [part for part in made if part.types]


def _schemas(parts: Sequence[Node]) -> Iterator[dict[str, Any]]:
    """Yield what the alternatives say of the value itself, wherever they say it."""
    waiting = list(parts)
    for _ in range(_MOST):
        if not waiting:
            return
        node = waiting.pop()
        if isinstance(node.schema, dict):
            yield node.schema
            waiting += [node.part(part) for part in in_place(node.schema)]
            waiting += [node.target] if "$ref" in node.schema else []


def _numbers(facts: Facts, parts: Sequence[Node]) -> list[Facts]:
    for bound, included in _bounds(parts):
        # What is up to the bound, with or without it, and what is beyond.
        below, above = facts.copy(), facts.copy()
        below.high, above.low = (bound, not included), (bound, included)
        high_is_less = facts.high is not None and (
            facts.high[0] < bound or (facts.high[0] == bound and (facts.high[1] or included))
        )
        low_is_more = facts.low is not None and (
            facts.low[0] > bound or (facts.low[0] == bound and (facts.low[1] or not included))
        )
        if not (high_is_less or low_is_more):
            return [below, above]
    return []


def _bounds(parts: Sequence[Node]) -> Iterator[tuple[Fraction, bool]]:
    """Yield where to cut, and whether the bound belongs to what is below."""
    for schema in _schemas(parts):
        for keyword, included in (
            ("minimum", False),
            ("exclusiveMinimum", True),
            ("maximum", True),
            ("exclusiveMaximum", False),
        ):
            if keyword in schema:
                yield exact(schema[keyword]), included
        for value in [*schema.get("enum", []), schema.get("const")]:
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield exact(value), True
                yield exact(value), False


def _counted(
    facts: Facts, parts: Sequence[Node], known: tuple[str, str], keywords: tuple[str, str]
) -> list[Facts]:
    fewest, most = getattr(facts, known[0]), getattr(facts, known[1])
    for schema in _schemas(parts):
        for keyword, more in zip(keywords, (0, 1), strict=True):
            if keyword in schema:
                cut = int(schema[keyword]) + more  # from here on it is the other part
                if fewest < cut and (most is None or cut <= most):
                    below, above = facts.copy(), facts.copy()
                    setattr(below, known[1], cut - 1)
                    setattr(above, known[0], cut)
                    return [below, above]
    return []


def _items(facts: Facts) -> list[Facts]:
    """Return the arrays by the kind of an item that is certainly there."""
    for index in range(min(facts.least_items, facts.tuple_length)):
        for node in facts.at_index(index):
            kinds = kinds_of(node)
            if len(kinds) > 1 and not any(kind in facts.at_index(index) for kind in kinds):
                made = []
                for kind in kinds:
                    part = facts.copy()
                    before = (node.part(True),) * index
                    part.items = (*part.items, Items((*before, kind), None))
                    made.append(part)
                return made
    return []


def kinds_of(node: Node) -> list[Node]:
    """Return the alternatives of a schema, if it has some."""
    at = node
    while isinstance(at.schema, dict) and "$ref" in at.schema:
        at = at.target
    if isinstance(at.schema, bool):
        return []
    for keyword in ("anyOf", "oneOf"):
        if keyword in at.schema:
            return [at.part(part) for part in at.schema[keyword]]
    if isinstance(at.schema.get("type"), list):
        return [at.part({"type": kind}) for kind in at.schema["type"]]
    return []
