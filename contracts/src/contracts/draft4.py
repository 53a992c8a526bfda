"""From JSON Schema 2020-12 to draft 4, in which API Gateway's models are written.

The result is never narrower: what is valid under the original is valid under the result. What
draft 4 cannot say is left out and named.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, unquote

from contracts.schema import Schema

DRAFT4 = "http://json-schema.org/draft-04/schema#"

_SIZES = frozenset({"Items", "Length", "Properties"})
_SIZE_KEYWORDS = frozenset(f"{bound}{size}" for bound in ("min", "max") for size in _SIZES)

_SAME = frozenset({"default", "description", "multipleOf", "pattern", "title", "uniqueItems"})
"""Keywords that mean the same in both."""

_SILENT = frozenset(
    {"$anchor", "$comment", "$defs", "$dynamicAnchor", "$id", "$schema", "$vocabulary"}
    | {"definitions", "else", "maxContains", "minContains", "then"}
)
"""Keywords that say nothing by themselves; others read some of them."""

_CHECKED = frozenset({"$dynamicRef", "format", "unevaluatedItems", "unevaluatedProperties"})
"""Keywords that draft 4 cannot say and that narrow: without them the result is wider.

A format is one of them because 2020-12 only notes it, while a draft 4 validator may check it.
"""


def to_draft4(schema: Schema) -> tuple[Schema, list[str]]:
    """Return `schema` in draft 4, and what got lost.

    Parameters
    ----------
    schema
        A document of JSON Schema 2020-12, its references local (``#/$defs/NAME``).

    Returns
    -------
    The draft 4 document, its references under ``#/definitions``; and the losses, each the JSON
    pointer of a place and the keyword that cannot be said there: ``#/properties/at: format``.
    """
    definitions = _definitions(schema)
    wide: frozenset[str] = frozenset()
    while True:  # a definition may widen what refers to it, and that may be another: until stable
        losses: dict[str, None] = {}
        converter = _Converter(definitions, wide, losses)
        converted = {
            name: converter.exactly(value, at) for at, (name, value) in definitions.items()
        }
        wider = frozenset(at for at, (name, _) in definitions.items() if not converted[name][1])
        if wider == wide:
            break
        wide = wider
    root = converter.convert({key: value for key, value in schema.items() if key != "$id"}, "#")
    if "$ref" in root:  # all that stands beside a reference is ignored, `definitions` too
        root = {"allOf": [root]}
    if converted:
        root["definitions"] = {name: value for name, (value, _) in converted.items()}
    return {"$schema": DRAFT4, **root}, list(losses)


def _definitions(schema: Schema) -> dict[str, tuple[str, Any]]:
    """Return the definitions by the pointer that refers to them: (name in draft 4, schema)."""
    found: dict[str, tuple[str, Any]] = {}
    taken: set[str] = set()
    for keyword in ("$defs", "definitions"):
        for name, value in schema.get(keyword, {}).items():
            free = name
            while free in taken:
                free += "_"
            taken.add(free)
            found[f"#/{keyword}/{_escaped(name)}"] = free, value
    return found


class _Converter:
    """Converts schemas of one document.

    `exact` turns False when a converted schema means more than its original.
    """

    def __init__(
        self,
        definitions: dict[str, tuple[str, Any]],
        wide: frozenset[str],
        losses: dict[str, None],
    ) -> None:
        self.definitions, self.wide, self.losses = definitions, wide, losses
        self.exact = True
        self.handlers: dict[str, Callable[[str, Any, Schema, str], Schema]] = {
            "$ref": self._ref,
            "additionalProperties": self._additional,
            "allOf": self._each,
            "anyOf": self._each,
            "const": self._const,
            "contains": self._contains,
            "dependentRequired": self._dependent,
            "dependentSchemas": self._dependent,
            "enum": self._enum,
            "exclusiveMaximum": self._bound,
            "exclusiveMinimum": self._bound,
            "if": self._if,
            "items": self._items,
            "maximum": self._bound,
            "minimum": self._bound,
            "not": self._not,
            "oneOf": self._one_of,
            "patternProperties": self._map,
            "prefixItems": self._items,
            "properties": self._map,
            "propertyNames": self._names,
            "required": self._required,
            "type": self._type,
        }

    def convert(self, schema: Any, at: str) -> Schema:
        """Return `schema`, which stands at the JSON pointer `at`, in draft 4."""
        if isinstance(schema, bool):
            return {} if schema else {"not": {}}
        if "$id" in schema:  # a document in the document: its references have another root
            return self._lost(at, "$id")
        result: Schema = {}
        beside: list[Schema] = []
        for keyword, value in schema.items():
            said = self._said(keyword, value, schema, at)
            beside += said.pop("allOf", [])
            if result.keys() & said.keys():
                beside.append(said)
            else:
                result |= said
        if "$ref" in result and (beside or len(result) > 1):
            beside.insert(0, {"$ref": result.pop("$ref")})
        return {**result, "allOf": beside} if beside else result

    def exactly(self, schema: Any, at: str) -> tuple[Schema, bool]:
        """Return `schema` in draft 4, and whether it means the same."""
        outer, self.exact = self.exact, True
        converted = self.convert(schema, at)
        exact, self.exact = self.exact, outer
        return converted, exact

    def _said(self, keyword: str, value: Any, schema: Schema, at: str) -> Schema:
        """Return what draft 4 says for one keyword of `schema`."""
        if handler := self.handlers.get(keyword):
            return handler(keyword, value, schema, at)
        if keyword in _SAME:
            return {keyword: value}
        if keyword in _SIZE_KEYWORDS:
            return {keyword: int(value)}
        if keyword in _CHECKED:
            return {} if value is True else self._lost(at, keyword)
        if keyword not in _SILENT:  # an annotation, or unknown: says nothing of what is valid
            self.losses[f"{at}: {keyword}"] = None
        return {}

    def _lost(self, at: str, keyword: str) -> Schema:
        self.exact = False
        self.losses[f"{at}: {keyword}"] = None
        return {}

    def _ref(self, keyword: str, value: str, _: Schema, at: str) -> Schema:
        target = unquote(value)
        if target not in self.definitions:
            return self._lost(at, keyword)
        if target in self.wide:
            self.exact = False
        return {"$ref": f"#/definitions/{quote(_escaped(self.definitions[target][0]), safe='~')}"}

    def _type(self, _: str, value: str | list[str], __: Schema, ___: str) -> Schema:
        names = [value] if isinstance(value, str) else value
        # Draft 4's integer is not 5.0, which 2020-12 takes.
        plain = list(dict.fromkeys("number" if name == "integer" else name for name in names))
        whole = {"multipleOf": 1} if "integer" in names and "number" not in names else {}
        return {"type": plain if len(plain) > 1 else plain[0], **whole}

    def _const(self, _: str, value: Any, __: Schema, ___: str) -> Schema:
        return {"enum": [value]}

    def _enum(self, _: str, value: list[Any], __: Schema, ___: str) -> Schema:
        distinct = {json.dumps(_canonical(item), sort_keys=True): item for item in value}
        return {"enum": list(distinct.values())} if distinct else {"not": {}}

    def _bound(self, keyword: str, value: float, schema: Schema, _: str) -> Schema:
        exclusive = keyword.startswith("exclusive")
        side = keyword[-len("Minimum") :].lower()
        other = schema.get(side if exclusive else f"exclusive{side.capitalize()}")
        tighter = other is None or (value > other if side == "minimum" else value < other)
        if not tighter and not (exclusive and value == other):
            return {}  # the other bound says more
        return {side: value, **({f"exclusive{side.capitalize()}": True} if exclusive else {})}

    def _map(self, keyword: str, value: Schema, _: Schema, at: str) -> Schema:
        place = f"{at}/{keyword}"
        return {
            keyword: {
                name: self.convert(item, f"{place}/{_escaped(name)}")
                for name, item in value.items()
            }
        }

    def _additional(self, keyword: str, value: Any, _: Schema, at: str) -> Schema:
        return {
            keyword: value if isinstance(value, bool) else self.convert(value, f"{at}/{keyword}")
        }

    def _each(self, keyword: str, value: list[Any], _: Schema, at: str) -> Schema:
        return {keyword: [self.convert(item, place) for place, item in _places(value, at, keyword)]}

    def _one_of(self, keyword: str, value: list[Any], _: Schema, at: str) -> Schema:
        branches = [self.exactly(item, place) for place, item in _places(value, at, keyword)]
        converted = [branch for branch, _ in branches]
        if all(exact for _, exact in branches):
            return {keyword: converted}
        self._lost(at, keyword)  # wider branches may overlap: one of them becomes any of them
        return {"allOf": [{"anyOf": converted}]}

    def _not(self, keyword: str, value: Any, _: Schema, at: str) -> Schema:
        converted, exact = self.exactly(value, f"{at}/{keyword}")
        # The opposite of something wider would be narrower.
        return {"not": converted} if exact else self._lost(at, keyword)

    def _if(self, keyword: str, value: Any, schema: Schema, at: str) -> Schema:
        if not schema.keys() & {"then", "else"}:
            return {}
        condition, exact = self.exactly(value, f"{at}/{keyword}")
        if not exact:
            return self._lost(at, keyword)
        branches = []
        if "then" in schema:
            then = self.convert(schema["then"], f"{at}/then")
            branches.append({"anyOf": [{"not": condition}, then]})
        if "else" in schema:
            otherwise = self.convert(schema["else"], f"{at}/else")
            branches.append({"anyOf": [condition, otherwise]})
        return {"allOf": branches}

    def _items(self, keyword: str, value: Any, schema: Schema, at: str) -> Schema:
        place = f"{at}/{keyword}"
        if keyword == "prefixItems":
            return {"items": [self.convert(item, it) for it, item in _places(value, at, keyword)]}
        if "prefixItems" not in schema:
            return {"items": self.convert(value, place)}
        return {"additionalItems": value if isinstance(value, bool) else self.convert(value, place)}

    def _contains(self, keyword: str, value: Any, schema: Schema, at: str) -> Schema:
        least = schema.get("minContains", 1)
        if least > 1:
            self._lost(at, "minContains")
        if "maxContains" in schema:
            self._lost(at, "maxContains")
        if least < 1:
            return {}
        converted = self.convert(value, f"{at}/{keyword}")
        some = {"not": {"items": {"not": converted}}}  # not every item is another
        return {"allOf": [{"anyOf": [{"not": {"type": "array"}}, some]}]}

    def _dependent(self, keyword: str, value: Schema, _: Schema, at: str) -> Schema:
        if keyword == "dependentRequired":
            needed = {name: list(dict.fromkeys(names)) for name, names in value.items() if names}
            return {"dependencies": needed} if needed else {}
        return {"dependencies": self._map(keyword, value, {}, at)[keyword]}

    def _required(self, keyword: str, value: list[str], _: Schema, __: str) -> Schema:
        return {keyword: list(dict.fromkeys(value))} if value else {}

    def _names(self, keyword: str, value: Any, _: Schema, at: str) -> Schema:
        while isinstance(value, dict) and value.keys() == {"$ref"}:
            if value["$ref"] not in self.definitions:
                break
            value = self.definitions[value["$ref"]][1]
        if isinstance(value, bool):
            return {} if value else {"allOf": [{"maxProperties": 0}]}
        says = {key: item for key, item in value.items() if key not in {"title", "description"}}
        if says.get("type") == "string":  # a name always is
            del says["type"]
        match says:
            case {"pattern": pattern} if len(says) == 1:
                named: Schema = {"patternProperties": {pattern: {}}}
            case {"enum": names} if len(says) == 1:
                named = {"properties": {name: {} for name in names if isinstance(name, str)}}
            case _:
                return self._lost(at, keyword) if says else {}
        return {"allOf": [{**named, "additionalProperties": False}]}


def _places(items: list[Any], at: str, keyword: str) -> Iterable[tuple[str, Any]]:
    return ((f"{at}/{keyword}/{index}", item) for index, item in enumerate(items))


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _canonical(value: Any) -> Any:
    """Return `value` so that equal JSON values are equal texts: 1.0 is 1."""
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
