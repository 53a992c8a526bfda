"""What API Gateway itself refuses, said in the same words as the functions' refusals."""

import json
from dataclasses import dataclass
from typing import Final

from runtime import problems


@dataclass(frozen=True)
class Refusal:
    """A kind of refusal by API Gateway, as it calls it, and the problem that the caller is told."""

    type: str
    status: int
    slug: str
    title: str
    detail: str
    names_fields: bool = False


def _of(kind: str, problem: type[problems.Problem], detail: str, **more: bool) -> Refusal:
    return Refusal(kind, problem.status, problem.type, problem.title, detail, **more)


REFUSALS: Final = (
    _of(
        "BAD_REQUEST_BODY",
        problems.InvalidRequest,
        "the body is not as the endpoint's model says",
        names_fields=True,
    ),
    _of(
        "BAD_REQUEST_PARAMETERS",
        problems.InvalidRequest,
        "a parameter is missing",
        names_fields=True,
    ),
    _of("UNAUTHORIZED", problems.Unauthenticated, "a valid bearer token is needed"),
    _of("ACCESS_DENIED", problems.Forbidden, "the caller may not do this"),
    # API Gateway's words for a path or method that the API does not have.
    _of("MISSING_AUTHENTICATION_TOKEN", problems.NotFound, "no such path or method"),
    _of("RESOURCE_NOT_FOUND", problems.NotFound, "no such path or method"),
    _of("REQUEST_TOO_LARGE", problems.TooLarge, "the body is over the gateway's limit"),
    _of("UNSUPPORTED_MEDIA_TYPE", problems.UnsupportedMediaType, "the body must be JSON"),
    Refusal("THROTTLED", 429, "too-many-requests", "Too many requests", "try again later"),
    Refusal("INTEGRATION_TIMEOUT", 504, "timeout", "It took too long", "try again"),
    Refusal("DEFAULT_4XX", 400, "malformed-request", "The request cannot be read", "refused"),
    _of("DEFAULT_5XX", problems.InternalError, "an unexpected error of the gateway"),
)


def document(refusal: Refusal) -> str:
    """Return a refusal's body: a template in which API Gateway fills in its own variables."""
    body: dict[str, object] = {
        "type": f"/problems/{refusal.slug}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
        "correlation_id": "$context.requestId",
    }
    if refusal.names_fields:
        # One text that names every field that is wrong.
        detail = "$context.error.validationErrorString"
        body["errors"] = [{"field": "", "detail": detail}]
    return json.dumps(body)
