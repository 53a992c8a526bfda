"""One operation of a document: what an endpoint takes, and everything that it may answer."""

import sys
from collections.abc import Iterator
from typing import Any, get_origin, get_type_hints

from infra.openapi.answers import CORRELATED, JSON, Gateway, refused, response
from infra.openapi.examples import Example
from infra.openapi.schemas import Schema, Schemas
from runtime.conditional import NOT_MODIFIED
from runtime.endpoint import Endpoint
from runtime.idempotency import KEY_PATTERN
from runtime.messages import Answer
from runtime.paths import ENTITY_TAG, PARAMETER
from runtime.problems import (
    InternalError,
    InvalidRequest,
    Stale,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)
from runtime.queued import FORWARDED, Queued
from runtime.refusals import refusals
from runtime.signed import Signed

Operation = dict[str, Any]

_KEY = "Idempotency-Key"
_ONCE = "Of the caller's choosing: the same request under the same key takes effect once."
_KEPT = {
    "ETag": {
        "description": "Of the answer, for `If-None-Match`; a cursor is no part of it.",
        "schema": {"type": "string"},
    },
    "Cache-Control": {
        "description": "How long the caller alone may keep the answer without asking again.",
        "schema": {"type": "string"},
    },
}
_OF_A_QUEUE = (Unauthenticated, InvalidRequest, TooLarge, UnsupportedMediaType, InternalError)
"""What the gateway refuses where no function answers."""


def of_endpoint(
    endpoint: Endpoint, gateway: Gateway, schemas: Schemas, example: Example
) -> Operation:
    """Return an endpoint's operation.

    Parameters
    ----------
    endpoint
        The declaration.
    gateway
        The kind of API in front of it.
    schemas
        Where the schemas go that it refers to.
    example
        Of what it takes and gives.
    """
    made = _operation(
        endpoint.function.__module__,
        endpoint.name,
        endpoint.path,
        endpoint.function.__doc__,
        example,
    )
    if endpoint.role == "admin":
        # The role, as OpenAPI 3.1 allows to name it for tokens of any kind.
        made["security"] = [{"token": ["admin"]}]
    made["parameters"] += _parameters(endpoint, schemas)
    if endpoint.body:
        made["requestBody"] = _body(schemas.body(endpoint.body), example)
    made["responses"] = _successes(endpoint, schemas, example) | refused(
        refusals(endpoint), gateway, schemas
    )
    if isinstance(endpoint, Signed):
        _sign(made, endpoint)
    return made


def _sign(made: Operation, endpoint: Signed) -> None:
    """Say of an operation that no token is asked for, but a signature of what is sent."""
    made["security"] = []
    what = "Proves who sent the body, as the sender documents it."
    made["parameters"].append(_header(endpoint.header, what) | {"required": True})
    # Whatever its caller says, which is no contract of ours.
    made["requestBody"] = {"required": True, "content": {JSON: {"schema": {"type": "object"}}}}
    made["responses"][str(Unauthenticated.status)]["description"] = "No good signature"


def of_queued(module: str, route: Queued[Any], schemas: Schemas, example: Example) -> Operation:
    """Return the operation of an endpoint that is no function: the gateway alone answers.

    Parameters
    ----------
    module
        That declares it.
    route
        The declaration.
    schemas
        Where the schemas go that it refers to.
    example
        Of what it takes and gives.
    """
    made = _operation(module, route.name, route.path, route.body.__doc__, example)
    if _KEY in FORWARDED:
        # The gateway looks at no header: one that is no key is refused when the rest is done.
        made["parameters"].append(_header(_KEY, _ONCE))
    made["requestBody"] = _body(schemas.body(route.body), example)
    content = {JSON: _content(schemas.answer(route.answer), example)}
    wait = {"description": "Seconds until it may be asked for.", "schema": {"type": "integer"}}
    accepted = response(route.status, content, {"Retry-After": wait})
    made["responses"] = {str(route.status): accepted} | refused(_OF_A_QUEUE, "rest", schemas)
    return made


def _operation(
    module: str, name: str, path: str, description: str | None, example: Example
) -> Operation:
    summary = (sys.modules[module].__doc__ or "").split("\n")[0]
    return {
        "operationId": name,
        "summary": summary.rstrip("."),
        "description": description or "",
        "tags": [path.split("/")[1]],
        "security": [{"token": []}],
        "parameters": [
            _path(part[1:-1], example) for part in path.split("/") if part.startswith("{")
        ],
    }


def _path(name: str, example: Example) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": f"^{PARAMETER}$"},
        **({"example": example.path[name]} if name in example.path else {}),
    }


def _parameters(endpoint: Endpoint, schemas: Schemas) -> Iterator[dict[str, Any]]:
    query, required = schemas.query(endpoint.query)
    for name, schema in query.items():
        yield {"name": name, "in": "query", "required": name in required, "schema": schema}
    if endpoint.idempotent:
        yield _header(_KEY, _ONCE, pattern=f"^{KEY_PATTERN}$")
    if Stale in endpoint.problems:
        yield _header(
            "If-Match",
            "The ETag of what the caller has seen: done only if it is still that.",
            anyOf=[{"pattern": f"^{ENTITY_TAG}$"}, {"const": "*"}],
        )
    if endpoint.fresh_seconds is not None:
        yield _header(
            "If-None-Match", "The ETag of what the caller has: sent only if it is another."
        )


def _header(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", **schema},
    }


def _body(schema: Schema, example: Example) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema}
    if example.requests:
        content["examples"] = {name: {"value": body} for name, body in example.requests.items()}
    return {"required": True, "content": {JSON: content}}


def _content(schema: Schema, example: Example) -> dict[str, Any]:
    return {"schema": schema} | ({} if example.answer is None else {"example": example.answer})


def _successes(endpoint: Endpoint, schemas: Schemas, example: Example) -> dict[str, Any]:
    headers: dict[str, Any] = dict(CORRELATED)
    if get_origin(get_type_hints(endpoint.function)["return"]) is Answer:
        headers["ETag"] = {
            "description": "The revision, for `If-Match`.",
            "schema": {"type": "string", "pattern": f"^{ENTITY_TAG}$"},
        }
    if endpoint.idempotent:
        headers["Idempotency-Replayed"] = {
            "description": "There if the request was done before: this is its answer.",
            "schema": {"const": "true"},
        }
    if endpoint.answer is None:
        return {"204": response(204, {}, headers)}
    kept: dict[str, Any] = {}
    if endpoint.fresh_seconds is not None:
        headers |= _KEPT
        kept = {str(NOT_MODIFIED): response(NOT_MODIFIED, {}, headers)}
    content = {JSON: _content(schemas.answer(endpoint.answer), example)}
    told = {str(status): response(status, content, headers) for status in endpoint.statuses}
    return told | kept
