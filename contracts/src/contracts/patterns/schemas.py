"""A JSON Schema, taken apart: without references and unions, field by field."""

import json
import re
from itertools import product
from typing import Any

from contracts.patterns.automata import NotReasoned

Part = dict[str, Any]
"""A schema without references, ``allOf``, ``anyOf`` and ``oneOf``."""

TYPES = frozenset({"array", "boolean", "null", "number", "object", "string"})

_MAX_OPTIONS = 64
_MAX_REFERENCES = 32
_BACKTRACKS = 100_000  # of one pattern on one text: more is an error, not a longer wait
# Keywords that may name fields, which are not looked into for them.
_NAMING = {"$dynamicRef", "dependentSchemas", "else", "if", "patternProperties", "then",
           "unevaluatedProperties"}  # fmt: skip
_APPLIED = {"$defs", "$ref", "allOf", "anyOf", "oneOf"}


class Schemas:
    """The schemas of one document.

    Parameters
    ----------
    document
        A schema whose references lead to its own ``$defs``.
    """

    def __init__(self, document: Part) -> None:
        self._definitions = document.get("$defs", {})
        self._validators: dict[int, tuple[list[Part], Any]] = {}

    def options(self, schema: Any, references: int = 0) -> list[list[Part]]:
        """Return the lists of parts of which one must hold as a whole.

        A superset of what the schema takes: conditions and ``not`` are left in the parts.

        Raises
        ------
        NotReasoned
            There are too many, or a reference leads round in a circle or elsewhere.
        """
        if isinstance(schema, bool):
            return [[{}]] if schema else []
        own = {key: value for key, value in schema.items() if key not in _APPLIED}
        factors: list[list[list[Part]]] = [[[own]]]
        if "$ref" in schema:
            if references > _MAX_REFERENCES:
                raise NotReasoned("a reference leads round in a circle")
            factors.append(self.options(self._referred(schema["$ref"]), references + 1))
        factors += [self.options(each, references + 1) for each in schema.get("allOf", [])]
        for union in ("anyOf", "oneOf"):
            if union in schema:
                either = [self.options(each, references + 1) for each in schema[union]]
                factors.append([option for options in either for option in options])
        found = []
        for combined in product(*factors):
            found.append([part for parts in combined for part in parts])
            if len(found) > _MAX_OPTIONS:
                raise NotReasoned(f"a union of over {_MAX_OPTIONS} combinations")
        return found

    def problem(self, parts: list[Part], value: Any) -> str | None:
        """Return why a value is not what all parts take, else None."""
        kept = self._validators.get(id(parts))
        if kept is None:
            kept = self._validators[id(parts)] = (parts, self.validator({"allOf": parts}))
        error = next(kept[1].iter_errors(value), None)
        return None if error is None else str(error.message)

    def validator(self, schema: Part) -> Any:
        """Return a validator of a schema of this document; formats count.

        Raises
        ------
        NotReasoned
            A reference leads nowhere, or out of the document.
        """
        import jsonschema_rs  # noqa: PLC0415 - an extra: the checks' alone

        try:
            return jsonschema_rs.Draft202012Validator(
                {"$defs": self._definitions, **schema},
                validate_formats=True,
                retriever=_refuse,
                pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACKS),
            )
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            raise NotReasoned(str(error).partition("\n")[0]) from None

    def _referred(self, reference: str) -> Any:
        name = reference.removeprefix("#/$defs/").replace("~1", "/").replace("~0", "~")
        if not reference.startswith("#/$defs/") or name not in self._definitions:
            raise NotReasoned(f"the reference {reference}")
        return self._definitions[name]


def types(parts: list[Part]) -> set[str]:
    """Return the JSON types that all parts allow; a whole number's is ``number``."""
    allowed = set(TYPES)
    for part in parts:
        if "type" in part:
            named = part["type"] if isinstance(part["type"], list) else [part["type"]]
            allowed &= {"number" if name == "integer" else name for name in named}
    return allowed


def finite(parts: list[Part]) -> list[Any] | None:
    """Return the values of a part that lists them all, else None."""
    for part in parts:
        if "const" in part:
            return [part["const"]]
        if "enum" in part:
            return list(part["enum"])
    return None


def declared(parts: list[Part]) -> set[str] | None:
    """Return the names of the fields that are declared; None: any name may be."""
    if any(_mapped(part) for part in parts):
        return None
    named = [part["properties"] for part in parts if "properties" in part]
    return {name for properties in named for name in properties} if named else None


def field(parts: list[Part], name: str) -> Part:
    """Return the schema of a field: all that the parts say of it."""
    said: list[Any] = []
    for part in parts:
        own = [part["properties"][name]] if name in part.get("properties", {}) else []
        own += [
            schema
            for pattern, schema in part.get("patternProperties", {}).items()
            if re.search(pattern, name)
        ]
        if not own and isinstance(part.get("additionalProperties"), dict | bool):
            own = [part["additionalProperties"]]
        said += own
    return {"allOf": said}


def required(parts: list[Part]) -> set[str]:
    """Return the names of the fields that are never missing."""
    return {name for part in parts for name in part.get("required", [])}


def _refuse(reference: str) -> None:
    raise ValueError(f"the reference {reference}: nothing is fetched")


def _mapped(part: Part) -> bool:
    return part.get("additionalProperties", False) is not False or bool(_NAMING & part.keys())


def shown(value: Any) -> str:
    """Return a value as JSON, for people."""
    return json.dumps(value, ensure_ascii=False)
