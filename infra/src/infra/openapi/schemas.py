"""The schemas that a document's operations share."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from infra.discovery import titled
from runtime.endpoint import Endpoint
from runtime.queued import Queued

Schema = dict[str, Any]

_PLACE = "#/components/schemas/"

PROBLEM: Schema = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        "type": {"type": "string", "description": "What kind of problem, for programs."},
        "title": {"type": "string", "description": "The same for people."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What is wrong this time."},
        "errors": {
            "type": "array",
            "description": "The fields that are wrong.",
            "items": {
                "type": "object",
                "properties": {
                    "field": {
                        "type": "string",
                        "description": "Its path, like `items.0.sku`; empty for the whole.",
                    },
                    "detail": {"type": "string"},
                },
                "required": ["field", "detail"],
            },
        },
        "correlation_id": {
            "type": "string",
            "description": "The id by which our logs know the request.",
        },
    },
    "required": ["type", "title", "status", "detail", "correlation_id"],
}
MESSAGE: Schema = {
    "type": "object",
    "description": "What an HTTP API's gateway says when it refuses by itself.",
    "properties": {"message": {"type": "string"}},
    "required": ["message"],
}


class _Untitled(GenerateJsonSchema):
    """JSON Schema in which a field's name is its only title."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Leave it out."""
        del schema
        return False


class Schemas:
    """The schemas of a service's models and problems, by name.

    Parameters
    ----------
    endpoints, queued
        Whose bodies and answers they are.
    """

    def __init__(self, endpoints: Sequence[Endpoint], queued: Sequence[Queued[Any]] = ()) -> None:
        models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
        every: list[Endpoint | Queued[Any]] = [*endpoints, *queued]
        for declaration in every:
            if declaration.body:
                models[declaration.body, "validation"] = None
            if declaration.answer:
                models[declaration.answer, "serialization"] = None
        self._refs, made = models_json_schema(
            list(models), ref_template=_PLACE + "{model}", schema_generator=_Untitled
        )
        self._schemas: dict[str, Schema] = made.get("$defs", {})

    def components(self) -> dict[str, Schema]:
        """Return all that was asked for."""
        return self._schemas

    def body(self, model: type[BaseModel]) -> Schema:
        """Return a reference to a request's body."""
        return self._refs[model, "validation"]

    def answer(self, model: type[BaseModel]) -> Schema:
        """Return a reference to an answer."""
        return self._refs[model, "serialization"]

    def query(self, model: type[BaseModel]) -> tuple[dict[str, Schema], set[str]]:
        """Return the schemas of a query's parameters by name, and which must be there."""
        schema = model.model_json_schema(
            ref_template=_PLACE + "{model}", schema_generator=_Untitled
        )
        self._schemas |= schema.get("$defs", {})
        properties = schema.get("properties", {})
        return (
            {name: _said(one) for name, one in properties.items()},
            set(schema.get("required", ())),
        )

    def problems(self, kinds: Iterable[tuple[int, str, str]]) -> Schema:
        """Return the schema of a body that is one of some problems.

        Parameters
        ----------
        kinds
            Status, type and title of each.
        """
        self._schemas["Problem"] = PROBLEM
        refs = [{"$ref": _PLACE + self._problem(*kind)} for kind in kinds]
        return refs[0] if len(refs) == 1 else {"oneOf": refs}

    def message(self) -> Schema:
        """Return the schema of what an HTTP API says by itself."""
        self._schemas["Message"] = MESSAGE
        return {"$ref": _PLACE + "Message"}

    def _problem(self, status: int, kind: str, title: str) -> str:
        name = f"{titled(kind)}Problem"
        self._schemas[name] = {
            "title": title,
            "allOf": [{"$ref": _PLACE + "Problem"}],
            "type": "object",
            "properties": {
                "type": {"const": f"/problems/{kind}"},
                "title": {"const": title},
                "status": {"const": status},
            },
        }
        return name


def _said(schema: Schema) -> Schema:
    """Return a parameter's schema without null: a query string leaves out what is not there."""
    plain = {k: v for k, v in schema.items() if k != "default" or v is not None}
    choices = [one for one in plain.pop("anyOf", ()) if one != {"type": "null"}]
    if len(choices) == 1:
        return dict(choices[0]) | plain
    return plain | ({"anyOf": choices} if choices else {})
