"""What an operation answers: its successes, its refusals, and those of the gateway before it."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Literal

from infra.openapi.schemas import Schemas
from infra.refusals import REFUSALS
from runtime.gateway import MAX_BODY_BYTES
from runtime.problems import CONTENT_TYPE, Problem

Gateway = Literal["rest", "http"]
Kind = tuple[int, str, str]
"""Status, type and title of a problem."""
Response = dict[str, Any]

JSON = "application/json"

_OF_ALL = ("THROTTLED", "INTEGRATION_TIMEOUT", "DEFAULT_4XX", "DEFAULT_5XX")
"""What a REST API's gateway may refuse of any request that it has a route for."""
_HTTP_API = (401, 429, 500, 503)
"""Statuses with which an HTTP API answers by itself, in words that cannot be changed."""
_MEANINGS = {
    200: "Done",
    201: "Made",
    202: "Accepted",
    204: "Done; there is nothing to say",
    304: "As the caller has it already",
    400: "The request is not as it should be",
    401: "No good token",
    403: "Not for this caller",
    404: "Not there, for this tenant",
    409: "Not as things are now",
    412: "Not what the caller has seen",
    413: f"The body is over {MAX_BODY_BYTES} bytes",
    415: "The body is not JSON",
    422: "The idempotency key came with another request before",
    429: "Too many requests",
    500: "Our fault",
    503: "Not available now",
    504: "It took too long",
}
CORRELATED = {
    "X-Correlation-Id": {
        "description": "The id by which our logs know the request.",
        "schema": {"type": "string"},
    }
}
"""The header of all that a function answers, or a REST API's gateway refuses."""
_RETRY = {
    "Retry-After": {
        "description": "Seconds after which it may be worth another try.",
        "schema": {"type": "integer"},
    }
}


def response(status: int, content: dict[str, Any], headers: dict[str, Any]) -> Response:
    """Return an answer.

    Parameters
    ----------
    status
        HTTP status.
    content
        The body by media type.
    headers
        Its headers.
    """
    return {
        "description": _MEANINGS.get(status) or HTTPStatus(status).phrase,
        **({"headers": headers} if headers else {}),
        **({"content": content} if content else {}),
    }


def refused(
    problems: Iterable[type[Problem]], gateway: Gateway, schemas: Schemas
) -> dict[str, Response]:
    """Return the refusals of an operation, by status.

    Parameters
    ----------
    problems
        Its own.
    gateway
        The kind of API in front of it, which refuses by itself too.
    schemas
        Where the problems' schemas go.
    """
    problems = list(problems)
    kinds = [(one.status, one.type, one.title) for one in problems]
    if gateway == "rest":
        kinds += [(one.status, one.slug, one.title) for one in REFUSALS if one.type in _OF_ALL]
    by_status: dict[int, dict[str, Kind]] = {}
    for kind in sorted(kinds):
        by_status.setdefault(kind[0], {}).setdefault(kind[1], kind)
    contents: dict[int, dict[str, Any]] = {
        status: {CONTENT_TYPE: {"schema": schemas.problems(by_type.values())}}
        for status, by_type in by_status.items()
    }
    later = {one.status for one in problems if one.retry_seconds is not None}
    made = {
        str(status): response(status, content, CORRELATED | (_RETRY if status in later else {}))
        for status, content in contents.items()
    }
    if gateway == "http":
        for status in _HTTP_API:
            answer = made.setdefault(str(status), response(status, {}, {}))
            answer.setdefault("content", {})[JSON] = {"schema": schemas.message()}
    return made
