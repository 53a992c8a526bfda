"""Where schemas are within a document."""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from contracts.compat.reading import BadSchema, Schema
from contracts.schema import LISTS, MAPS, SINGLE

ALL_MAPS: Final = MAPS | {"dependencies"}


def point(root: Schema, reference: str) -> Schema:
    """Return the schema that a local reference points to; raises BadSchema if there is none."""
    at = root
    for step in reference.removeprefix("#").split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        try:
            at = at[int(name)] if isinstance(at, list) else at[name]
        except (KeyError, IndexError, TypeError, ValueError):
            raise BadSchema(f"$ref {reference!r} points to nothing") from None
    if not isinstance(at, dict | bool):
        raise BadSchema(f"$ref {reference!r} points to what is no schema")
    return at


def renamed(reference: str) -> str:
    """Return where a place of an older dialect is now."""
    reference = re.sub(r"/items/(\d+)", r"/prefixItems/\1", reference)
    return reference.replace("/additionalItems", "/items").replace(
        "/dependencies/", "/dependentSchemas/"
    )


def places(schema: Any, pointer: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema of a document that is an object, with the pointer to it."""
    if not isinstance(schema, dict):
        return
    yield pointer, schema
    for keyword, value in schema.items():
        if keyword in SINGLE and isinstance(value, dict):
            yield from places(value, f"{pointer}/{keyword}")
        elif (keyword in LISTS or keyword == "items") and isinstance(value, list):
            for number, item in enumerate(value):
                yield from places(item, f"{pointer}/{keyword}/{number}")
        elif keyword in ALL_MAPS and isinstance(value, dict):
            for name, item in value.items():
                step = name.replace("~", "~0").replace("/", "~1")
                yield from places(item, f"{pointer}/{keyword}/{step}")


def walk(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema of a document that is an object."""
    yield from (part for _pointer, part in places(schema, "#"))


def in_place(schema: dict[str, object]) -> list[object]:
    """Return the schemas that a schema applies to the same value, but for ``not`` and ``$ref``."""
    found: list[object] = []
    for keyword in ("allOf", "anyOf", "oneOf"):
        listed = schema.get(keyword, [])
        found += listed if isinstance(listed, list) else []
    found += [schema[keyword] for keyword in ("if", "then", "else") if keyword in schema]
    dependent = schema.get("dependentSchemas", {})
    found += dependent.values() if isinstance(dependent, dict) else []
    return found
