"""Brings every dialect of JSON Schema into one: 2020-12, with references within the document."""

import copy
import re
from typing import Any, Final

from contracts.compat.pointers import ALL_MAPS, places, point
from contracts.compat.reading import BadSchema, Schema
from contracts.schema import DIALECT, LISTS, SINGLE

_DIALECTS: Final = (
    DIALECT,
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-04/schema#",
)
_OLD: Final = ("draft-03", "draft-04", "draft-06", "draft-07")


def modern(schema: Schema) -> Schema:
    """Return the schema in the keywords of 2020-12.

    Raises
    ------
    BadSchema
        It is no schema, or refers to elsewhere or to nothing.
    """
    _check(schema)
    return _Modern(schema).made


class _Modern:
    """Rewrites a document in the keywords of 2020-12."""

    def __init__(self, schema: Schema) -> None:
        root = copy.deepcopy(schema)
        dialect = str(root.get("$schema", "")) if isinstance(root, dict) else ""
        self._old = any(draft in dialect for draft in _OLD)
        self._known: dict[str, str] = {}
        self._root = root
        if isinstance(root, dict):
            self._collect(root, "#")
        self.made = self._schema(root)
        if isinstance(self.made, dict):
            self.made.pop("$schema", None)

    def _collect(self, schema: Any, pointer: str) -> None:
        """Note where the names of `$id`, `id` and `$anchor` are."""
        for at, part in places(schema, pointer):
            for keyword in ("$id", "id"):
                if isinstance(part.get(keyword), str):
                    self._known.setdefault(part[keyword].removesuffix("#"), at)
            for keyword in ("$anchor", "$dynamicAnchor"):
                if isinstance(part.get(keyword), str):
                    self._known.setdefault("#" + part[keyword], at)

    def _schema(self, schema: Schema) -> Schema:
        if not isinstance(schema, dict):
            return schema
        if isinstance(schema.get("$ref"), str) and self._old:
            kept = {key: schema[key] for key in ("$defs", "definitions") if key in schema}
            schema = {"$ref": schema["$ref"], **kept}
        made = dict(schema)
        for keyword in ("$id", "id", "$anchor", "$dynamicAnchor", "$vocabulary"):
            if not isinstance(made.get(keyword), dict):
                made.pop(keyword, None)
        if isinstance(made.get("items"), list):
            rest = made.pop("additionalItems", True)
            made["prefixItems"] = made.pop("items")
            if rest is not True:
                made["items"] = rest
        elif self._old:
            made.pop("additionalItems", None)
        self._bounds(made)
        self._dependencies(made)
        for keyword, value in list(made.items()):
            if keyword in ("$ref", "$dynamicRef", "$recursiveRef") and isinstance(value, str):
                made.pop(keyword)
                made["$ref"] = self._reference(value)
            elif keyword in SINGLE:
                made[keyword] = self._schema(value)
            elif keyword in LISTS and isinstance(value, list):
                made[keyword] = [self._schema(item) for item in value]
            elif keyword in ALL_MAPS and isinstance(value, dict):
                made[keyword] = {name: self._schema(item) for name, item in value.items()}
        return made

    @staticmethod
    def _bounds(made: dict[str, Any]) -> None:
        """Draft 4 said beside a bound whether it is exclusive."""
        for bound, exclusive in (
            ("minimum", "exclusiveMinimum"),
            ("maximum", "exclusiveMaximum"),
        ):
            if made.get(exclusive) is True and bound in made:
                made[exclusive] = made.pop(bound)
            elif isinstance(made.get(exclusive), bool):
                del made[exclusive]

    @staticmethod
    def _dependencies(made: dict[str, Any]) -> None:
        dependencies = made.pop("dependencies", {})
        for name, needed in dependencies.items():
            kind = "dependentRequired" if isinstance(needed, list) else "dependentSchemas"
            made[kind] = {**made.get(kind, {}), name: needed}

    def _reference(self, reference: str) -> str:
        known = self._known.get(reference.removesuffix("#") or "#")
        if known is not None:
            return known
        base, _hash, fragment = reference.partition("#")
        if base and base in self._known:
            reference = self._known[base] + fragment
        elif base:
            raise BadSchema(f"$ref {reference!r} leads out of the document: nothing is fetched")
        point(self._root, reference)  # raises if there is nothing
        return reference or "#"


def _check(schema: Schema) -> None:
    import jsonschema_rs  # noqa: PLC0415 - an extra: who compares no schemas needs none

    if not isinstance(schema, dict | bool):
        raise BadSchema("is neither an object nor a boolean")
    if isinstance(schema, bool):
        return
    said = str(schema.get("$schema", DIALECT))
    if not re.match(r"https?://json-schema\.org/", said):
        raise BadSchema(f"is no schema that is known: $schema is {said[:100]!r}")
    wrong: list[str] = []
    # A schema that does not say what it is may be of any dialect that it fits.
    for dialect in [schema.get("$schema")] if "$schema" in schema else _DIALECTS:
        try:
            jsonschema_rs.meta.validate({**schema, "$schema": dialect})
        except jsonschema_rs.ValidationError as error:
            where = "".join(f"/{part}" for part in error.instance_path)
            wrong.append(f"is no schema: #{where}: {error.message[:200]}")
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            wrong.append(f"is no schema that is known: {first_line(error)}")
        else:
            return
    raise BadSchema(wrong[0])


def first_line(error: Exception) -> str:
    """Return an error's message, cut."""
    return str(error).partition("\n")[0][:200]
