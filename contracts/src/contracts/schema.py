"""JSON Schema (2020-12) of events and readers: what the contract is, apart from any code."""

import json
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from contracts.envelope import Metadata
from contracts.event import EventData
from contracts.reader import Reader

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SINGLE = frozenset(
    {
        "additionalProperties",
        "contains",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
"""Keywords whose value is a schema."""

LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
"""Keywords whose value is a list of schemas."""

MAPS = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})
"""Keywords whose value maps names, which are not keywords, to schemas."""


def schema_of(cls: type[EventData] | type[Reader]) -> Schema:
    """Return the JSON Schema of an event's detail, or of the data that a reader reads.

    It says what may be relied on, and nothing else: titles and descriptions are left out, so
    that better words change no contract; and objects are open, because a later minor adds fields
    and consumers ignore what they do not know.
    """
    if issubclass(cls, EventData):
        parts: dict[str, type[BaseModel]] = {"data": cls, "metadata": Metadata}
        refs, definitions = models_json_schema([(part, "validation") for part in parts.values()])
        schema: Schema = {
            "$defs": definitions["$defs"],
            "properties": {name: refs[part, "validation"] for name, part in parts.items()},
            "required": list(parts),
            "type": "object",
        }
        title = f"{cls.event_name} {cls.schema_version}"
    else:
        schema, title = cls.model_json_schema(), cls.detail_type
    return {"$schema": DIALECT, "title": title, **_plain(schema)}


def schema_path(cls: type[EventData]) -> PurePosixPath:
    """Return the path of the event's golden schema: ``users/UserRegistered/1.0.json``."""
    service = cls.source.removeprefix("starling.")
    return PurePosixPath(service, cls.event_name, f"{cls.schema_version}.json")


def dumps(document: Mapping[str, Any]) -> str:
    """Return the one text of a JSON document that goes into the repository."""
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def subschemas(schema: Schema, change: Callable[[Any], Any]) -> Schema:
    """Return `schema` with `change` applied to each schema directly inside it."""
    changed: Schema = {}
    for keyword, value in schema.items():
        if keyword in SINGLE:
            changed[keyword] = change(value)
        elif keyword in LISTS:
            changed[keyword] = [change(item) for item in value]
        elif keyword in MAPS:
            changed[keyword] = {name: change(item) for name, item in value.items()}
        else:
            changed[keyword] = value
    return changed


def _plain(schema: Any) -> Any:
    """Return the schema without its words, with open objects, in an order that means nothing."""
    if not isinstance(schema, dict):
        return schema
    plain = subschemas(schema, _plain)
    for word in ("title", "description"):
        plain.pop(word, None)
    if plain.get("additionalProperties") is False and "patternProperties" not in plain:
        del plain["additionalProperties"]
    if "required" in plain:
        plain["required"] = sorted(plain["required"])
    return plain
