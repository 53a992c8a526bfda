"""Names of properties: which a schema speaks of, and which a pattern takes."""

from functools import lru_cache
from typing import Any

from contracts.compat.documents import Node
from contracts.compat.pointers import in_place


@lru_cache(maxsize=65_536)
def matches(pattern: str, text: str) -> bool:
    """Return whether a pattern is found in a text, as a validator has it: in bounded time."""
    return bool(_validator(pattern).is_valid(text))


@lru_cache(maxsize=1024)
def _validator(pattern: str) -> Any:
    import jsonschema_rs  # noqa: PLC0415 - an extra: who compares no schemas needs none

    options = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)
    return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)


def evaluated(node: Node) -> tuple[frozenset[str], frozenset[str], bool]:
    """Return the names and patterns that a schema speaks of, in any of its alternatives.

    Returns
    -------
    names, patterns
        Those that ``unevaluatedProperties`` may pass over.
    all_
        Whether a part of it speaks of all names.
    """
    names: set[str] = set()
    patterns: set[str] = set()
    seen: set[int] = set()
    waiting, everything = [node], False
    while waiting:
        part = waiting.pop()
        schema = part.schema
        if isinstance(schema, bool) or id(schema) in seen:
            continue
        seen.add(id(schema))
        names |= schema.get("properties", {}).keys()
        patterns |= schema.get("patternProperties", {}).keys()
        inner = part is not node and "unevaluatedProperties" in schema
        everything = everything or "additionalProperties" in schema or inner
        waiting += [part.part(item) for item in in_place(schema)]
        if "$ref" in schema:
            waiting.append(part.target)
    return frozenset(names), frozenset(patterns), everything
