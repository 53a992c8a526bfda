"""From JSON Schema 2020-12 to draft 7, of which AsyncAPI's own schemas are a superset."""

from collections.abc import Callable
from typing import Any

from contracts.schema import Schema, subschemas

_UNSAYABLE = (
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "maxContains",
    "minContains",
    "unevaluatedItems",
    "unevaluatedProperties",
)


class CannotSay(ValueError):
    """A schema that draft 7 has no words for."""


def to_draft7(schema: Schema, name: Callable[[str], str]) -> tuple[Schema, dict[str, Schema]]:
    """Return a schema in draft 7, and its definitions apart from it.

    It means the same: what draft 7 cannot say is an error.

    Parameters
    ----------
    schema
        A document of JSON Schema 2020-12, its references local (``#/$defs/NAME``).
    name
        What refers to a definition, given its name: ``#/components/schemas/NAME``.

    Raises
    ------
    CannotSay
        A keyword is of a later draft and has no equal.
    """

    def convert(part: Any) -> Any:
        if not isinstance(part, dict):
            return part
        if unsayable := [keyword for keyword in _UNSAYABLE if keyword in part]:
            raise CannotSay(f"{unsayable[0]} cannot be said in draft 7")
        said = subschemas(part, convert)
        if "prefixItems" in said:
            if "items" in said:
                said["additionalItems"] = said.pop("items")
            said["items"] = said.pop("prefixItems")
        needed = {**said.pop("dependentRequired", {})}
        for key, value in said.pop("dependentSchemas", {}).items():
            also = [{"required": needed[key]}] if key in needed else []
            needed[key] = {"allOf": [value, *also]} if also else value
        if needed:
            said["dependencies"] = needed
        if "$ref" in said:
            said["$ref"] = _reference(said["$ref"], name)
            if len(said) > 1:  # what stands beside a reference is ignored
                said = {"allOf": [{"$ref": said.pop("$ref")}, said]}
        return said

    root = {key: value for key, value in schema.items() if key not in ("$defs", "$schema")}
    definitions = {key: convert(value) for key, value in schema.get("$defs", {}).items()}
    return convert(root), definitions


def _reference(target: str, name: Callable[[str], str]) -> str:
    if not target.startswith("#/$defs/") or "/" in target.removeprefix("#/$defs/"):
        raise CannotSay(f"the reference {target} is not to a definition")
    return name(target.removeprefix("#/$defs/"))
