"""The fields of a schema as rows, as people read them, and what is different between two."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from contracts.exports.markdown import span
from contracts.schema import Schema

_DEFINITION = "#/$defs/"
_RANGES = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " items"),
    ("minProperties", "maxProperties", " entries"),
)
_WORDED = frozenset(
    {word for least, most, _ in _RANGES for word in (least, most)}
    | {"$ref", "anyOf", "default", "description", "enum", "const", "format", "items", "pattern"}
    | {"additionalProperties", "properties", "required", "title", "type"}
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field, at whatever depth.

    Attributes
    ----------
    path
        ``data.items[].price.amount``.
    type
        What it is.
    bounds
        What it may be.
    required
        Whether it is always there when that which holds it is.
    place
        The name of the definition that declares it (empty outside of one), and its own name.
    """

    path: str
    type: str
    bounds: str
    required: bool
    place: tuple[str, str]

    @property
    def said(self) -> str:
        """All but its name, in words."""
        parts = [self.type, *([self.bounds] if self.bounds else [])]
        return f"{', '.join(parts)}, {'required' if self.required else 'optional'}"


def fields(schema: Schema, prefix: str = "") -> list[Field]:
    """Return the fields of a document's schema, in its own order.

    A definition that holds itself is followed once.
    """
    return list(_Fields(schema.get("$defs", {})).of(schema, prefix, "", frozenset()))


class _Kind(NamedTuple):
    """One alternative of what a value may be: no reference, no ``anyOf``.

    `owner` is the definition that it stands in, `within` are all around it.
    """

    schema: Schema
    owner: str
    within: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Fields:
    definitions: Mapping[str, Schema]

    def of(self, schema: Any, prefix: str, owner: str, within: frozenset[str]) -> Iterator[Field]:
        for kind in self.kinds(schema, owner, within):
            for name, value in kind.schema.get("properties", {}).items():
                path = f"{prefix}.{name}" if prefix else name
                yield self.field(path, value, kind, name)
                yield from self.of(value, path, kind.owner, kind.within)
            for keyword, step in (("items", "[]"), ("additionalProperties", ".*")):
                if isinstance(inner := kind.schema.get(keyword), dict):
                    yield from self.of(inner, prefix + step, kind.owner, kind.within)

    def kinds(
        self, schema: Any, owner: str = "", within: frozenset[str] = frozenset()
    ) -> Iterator[_Kind]:
        if not isinstance(schema, dict):
            yield _Kind({}, owner, within)
        elif str(schema.get("$ref")).startswith(_DEFINITION):
            name = schema["$ref"].removeprefix(_DEFINITION)
            if name not in within and name in self.definitions:
                yield from self.kinds(self.definitions[name], name, within | {name})
        elif "anyOf" in schema:
            for choice in schema["anyOf"]:
                yield from self.kinds(choice, owner, within)
        else:
            yield _Kind(schema, owner, within)

    def field(self, path: str, schema: Any, parent: _Kind, name: str) -> Field:
        kinds = [kind.schema for kind in self.kinds(schema)]
        types = dict.fromkeys(self.type(kind) for kind in kinds)
        bounds = dict.fromkeys(text for kind in kinds if (text := self.bounds(kind)))
        required = name in parent.schema.get("required", ())
        return Field(path, " or ".join(types), "; ".join(bounds), required, (parent.owner, name))

    def type(self, schema: Schema) -> str:
        if schema.get("type") == "array":
            each = dict.fromkeys(self.type(kind.schema) for kind in self.kinds(schema.get("items")))
            return f"array of {' or '.join(each)}"
        if schema.get("format") == "date-time":
            return "time (RFC 3339)"
        said = schema.get("type", "object" if "properties" in schema else "anything")
        return said if isinstance(said, str) else " or ".join(said)

    def bounds(self, schema: Schema) -> str:
        said = [text for words in _RANGES if (text := _range(schema, *words))]
        if "pattern" in schema:
            said.append(f"matches {span(schema['pattern'])}")
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        if values:
            said.append("one of " + ", ".join(span(str(value)) for value in values))
        if (form := schema.get("format")) not in (None, "date-time"):
            said.append(f"format {form}")
        said += [
            f"{keyword}: {span(str(schema[keyword]))}"
            for keyword in sorted(schema.keys() - _WORDED)
        ]
        for kind in self.kinds(schema["items"]) if "items" in schema else ():
            if each := self.bounds(kind.schema):
                said.append(f"each {each}")
        return ", ".join(said)


def _range(schema: Schema, least: str, most: str, unit: str) -> str:
    match least in schema, most in schema:
        case True, True:
            return f"{schema[least]} to {schema[most]}{unit}"
        case True, False:
            return f"at least {schema[least]}{unit}"
        case False, True:
            return f"at most {schema[most]}{unit}"
    return ""


def leaves(schema: Schema, prefix: str) -> list[str]:
    """Return the paths of the fields that hold no other fields."""
    paths = [field.path for field in fields(schema, prefix)]
    return [
        path
        for path in paths
        if not any(other.startswith((f"{path}.", f"{path}[]")) for other in paths)
    ]


def changes(old: Schema, new: Schema) -> list[str]:
    """Return what is different between the fields of two schemas, a sentence each."""
    before = {field.path: field for field in fields(old)}
    after = {field.path: field for field in fields(new)}
    said = [f"`{path}` is new: {after[path].said}." for path in after if path not in before]
    said += [
        f"`{path}` is gone; it was {before[path].said}." for path in before if path not in after
    ]
    said += [
        f"`{path}` was {before[path].said}; it is {field.said}."
        for path, field in after.items()
        if path in before and before[path].said != field.said
    ]
    return said
