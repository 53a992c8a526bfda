"""What a reader says of a place in a document, in any of its alternatives: where to look closer."""

from collections.abc import Iterator, Sequence
from typing import Final

from contracts.compat.documents import Node
from contracts.compat.names import matches
from contracts.compat.pointers import in_place

_MOST: Final = 200  # schemas of one place


def said_in_place(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield every schema that is asked of the same value, each an object."""
    waiting, seen = list(reversed(nodes)), set[int]()
    while waiting and len(seen) < _MOST:
        node = waiting.pop()
        schema = node.schema
        if isinstance(schema, bool) or id(schema) in seen:
            continue
        seen.add(id(schema))
        yield node
        waiting += [node.part(part) for part in reversed(in_place(schema))]
        waiting += [node.target] if "$ref" in schema else []


def asked_at_name(said: Sequence[Node], name: str) -> list[Node]:
    """Return what is asked of the property of a name."""
    found = []
    for node in said:
        named = node.schema.get("properties", {})
        patterns = node.schema.get("patternProperties", {})
        like = [part for pattern, part in patterns.items() if matches(pattern, name)]
        if name in named or like:
            found += [node.part(part) for part in ([named[name]] if name in named else []) + like]
        elif "additionalProperties" in node.schema:
            found.append(node.part(node.schema["additionalProperties"]))
    return found


def asked_at_index(said: Sequence[Node], index: int) -> list[Node]:
    """Return what is asked of the item at an index."""
    found = []
    for node in said:
        first = node.schema.get("prefixItems", [])
        if index < len(first):
            found.append(node.part(first[index]))
        elif "items" in node.schema:
            found.append(node.part(node.schema["items"]))
    return found
