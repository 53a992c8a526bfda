"""The part of a body's schema that API Gateway checks before the function is started."""

from typing import Any, Final

from pydantic import BaseModel

from contracts.draft4 import to_draft4

# Of all that it refuses, the gateway names the offending field for these only: a wrong type or
# length is refused without saying where. The function checks the whole schema and names each
# field, so the rest is left to it (docs/decisions/0011).
_NAMED: Final = ("required", "additionalProperties")
_BELOW: Final = ("properties", "definitions")


def request_model(body: type[BaseModel]) -> dict[str, Any]:
    """Return a model for the gateway: draft 4, and everything that it refuses has a name.

    Parameters
    ----------
    body
        The model of the request's body. Whatever it accepts, the result accepts.
    """
    schema, _losses = to_draft4(body.model_json_schema())
    # That the body is no object at all needs no field's name.
    return {"$schema": schema["$schema"], "type": "object"} | _named(schema)


def whole_model(body: type[BaseModel]) -> dict[str, Any]:
    """Return a model of the whole schema, for a route behind which no function answers.

    Parameters
    ----------
    body
        The model of the request's body. Whatever it accepts, the result accepts.
    """
    schema, _losses = to_draft4(body.model_json_schema())
    return schema


def _named(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    kept: dict[str, Any] = {key: schema[key] for key in _NAMED if key in schema}
    for key in _BELOW:
        if key in schema:
            kept[key] = {name: _named(below) for name, below in schema[key].items()}
    if isinstance(schema.get("items"), dict):
        kept["items"] = _named(schema["items"])
    return kept
