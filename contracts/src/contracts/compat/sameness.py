"""Whether two schemas say the same in the same words, wherever their references lead.

Such schemas accept the same documents, whatever the words mean: a proof that needs to understand
none of them, and that ends where taking recursive schemas apart would not.
"""

from typing import Any, Final

from contracts.compat.documents import Node
from contracts.compat.values import NOTES, canonical
from contracts.schema import LISTS, MAPS, SINGLE

_MOST: Final = 5_000  # pairs of schemas that are looked at
_SILENT: Final = NOTES | {"$defs", "$id", "$schema", "definitions"}


class Sameness:
    """Compares schemas, and keeps what it found."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], tuple[bool, Node, Node]] = {}

    def same(self, one: Node, other: Node) -> bool:
        """Return whether it is certain that two schemas say the same."""
        if one.schema is other.schema:
            return True
        if isinstance(one.schema, bool) or isinstance(other.schema, bool):
            return False
        key = (id(one.schema), id(other.schema))
        if key not in self._found:
            # The schemas are kept too: another one's id could not be told from that of one gone.
            self._found[key] = (_same(one, other), one, other)
        return self._found[key][0]


def _same(one: Node, other: Node) -> bool:
    """Look at all pairs: what refers back to a pair that was seen is the same if all others are."""
    waiting, seen = [(one, other)], set[tuple[int, int]]()
    while waiting:
        left, right = (_followed(node) for node in waiting.pop())
        if left.schema is right.schema:
            continue
        if isinstance(left.schema, bool) or isinstance(right.schema, bool):
            return False
        key = (id(left.schema), id(right.schema))
        if key in seen:
            continue
        seen.add(key)
        keywords = left.schema.keys() - _SILENT
        if len(seen) > _MOST or keywords != right.schema.keys() - _SILENT:
            return False
        for keyword in keywords:
            parts = _parts(keyword, left, right)
            if parts is None:
                return False
            waiting += parts
    return True


def _followed(node: Node) -> Node:
    """Return what a schema that is only a reference refers to; no reference leads in a circle."""
    while isinstance(node.schema, dict) and node.schema.keys() - _SILENT == {"$ref"}:
        node = node.target
    return node


def _parts(keyword: str, left: Node, right: Node) -> list[tuple[Node, Node]] | None:
    """Return the pairs of schemas that have to be the same too; None if it differs already."""
    one: Any = left.schema[keyword]
    other: Any = right.schema[keyword]
    if keyword == "$ref":
        return [(left.target, right.target)]
    if keyword in SINGLE:
        return [(left.part(one), right.part(other))]
    if keyword in LISTS:
        pairs = zip(one, other, strict=False)
        return [(left.part(a), right.part(b)) for a, b in pairs] if len(one) == len(other) else None
    if keyword in MAPS:
        named = [(left.part(one[name]), right.part(other[name])) for name in one if name in other]
        return named if one.keys() == other.keys() else None
    return [] if canonical(one) == canonical(other) else None
