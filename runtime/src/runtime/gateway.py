"""API Gateway's events and answers: REST APIs (payload 1.0) and HTTP APIs (payload 2.0) alike."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from contracts.limits import MAX_DEPTH, TooDeep, require_shallow
from runtime.cause import Cause, correlation_id, traceparent
from runtime.identity import Caller, NoCaller, established, of_claims
from runtime.ids import new_ulid
from runtime.problems import (
    CONTENT_TYPE,
    FieldError,
    InvalidRequest,
    MalformedRequest,
    Problem,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)

MAX_BODY_BYTES = 64 * 1024
_NOT_OF_IDS = re.compile(r"[^A-Za-z0-9._:-]")
_HEADERS = {
    # Tokens travel in a header, never in a cookie, so any origin may ask.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": ("ETag, X-Correlation-Id, Idempotency-Replayed, Retry-After"),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


class Call(NamedTuple):
    """A request as the gateway hands it over; nothing of it is validated yet.

    Attributes
    ----------
    headers
        Names in lower case; of a repeated header the last value.
    query
        Parameters; of a repeated one the last value.
    path
        The path's parameters.
    authorizer
        What the REST API's own authorizer said of the caller.
    claims
        Of the token, where an HTTP API's JWT authorizer verified it; else None.
    request_id
        The gateway's id of the request, in the alphabet of correlation ids.
    body
        The body as text, or as base 64 of it.
    """

    headers: Mapping[str, str]
    query: Mapping[str, str]
    path: Mapping[str, str]
    authorizer: Mapping[str, Any]
    claims: Mapping[str, Any] | None
    request_id: str
    body: str | None
    encoded: bool

    @classmethod
    def of(cls, event: dict[str, Any]) -> "Call":
        """Read either kind of event."""
        context = event.get("requestContext") or {}
        authorizer = context.get("authorizer") or {}
        return cls(
            headers={k.lower(): v for k, v in (event.get("headers") or {}).items()},
            query=event.get("queryStringParameters") or {},
            path=event.get("pathParameters") or {},
            authorizer=authorizer,
            claims=(authorizer.get("jwt") or {}).get("claims"),
            # An HTTP API's ids end in "=", which no event's metadata takes.
            request_id=_NOT_OF_IDS.sub("", context.get("requestId") or "")[:128] or new_ulid(),
            body=event.get("body"),
            encoded=bool(event.get("isBase64Encoded")),
        )

    def caller(self) -> Caller:
        """Return who asks.

        Raises
        ------
        Unauthenticated
            The authorizer established nobody.
        """
        try:
            if self.claims is not None:
                return of_claims(self.claims)
            said = self.authorizer
            admin = said.get("role") == "admin"
            return established(said.get("tenant"), said.get("user"), admin=admin)
        except NoCaller as nobody:
            raise Unauthenticated(f"no authenticated caller: {nobody}") from None

    def cause(self, tenant: str) -> Cause:
        """Return the ids of this request."""
        return Cause(
            tenant=tenant,
            correlation_id=correlation_id(self.headers, self.request_id),
            causation_id=self.request_id,
            traceparent=traceparent(self.headers),
        )

    def raw(self) -> bytes:
        """Return the body, byte by byte as the client sent it.

        Raises
        ------
        TooLarge, MalformedRequest
            It is over `MAX_BODY_BYTES`, or is nothing that a gateway hands over.
        """
        body = self.body or ""
        try:
            raw = base64.b64decode(body, validate=True) if self.encoded else body.encode()
        except ValueError:
            raise MalformedRequest("the body is not JSON") from None
        if len(raw) > MAX_BODY_BYTES:
            raise TooLarge(f"the body may have {MAX_BODY_BYTES} bytes at the most")
        return raw

    def document(self) -> tuple[str, Any]:
        """Return the body's JSON text and its value.

        Raises
        ------
        UnsupportedMediaType, TooLarge, MalformedRequest, InvalidRequest
            It is not JSON, over `MAX_BODY_BYTES`, not readable, or nested too deep.
        """
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise UnsupportedMediaType("the body must be application/json")
        try:
            text = self.raw().decode()
            require_shallow(text)
            value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
        except TooDeep:
            raise _too_deep() from None
        except ValueError as error:
            raise MalformedRequest(f"the body is not JSON{_why(error)}") from None
        # Only an escape can write half of a surrogate pair, which is no text: nothing stores it.
        half = _half_character(value) if "\\u" in text else None
        if half is not None:
            raise InvalidRequest(
                "the body holds half a character",
                errors=[FieldError(half, "holds half a character")],
            )
        return text, value


def answer(
    status: int, body: str | None, correlation: str, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return an answer as both kinds of gateway take it.

    Parameters
    ----------
    status
        HTTP status.
    body
        JSON text, or None for no body.
    correlation
        The request's correlation id.
    headers
        Further headers.
    """
    content = {"Content-Type": "application/json"} if body is not None else {}
    return {
        "statusCode": status,
        "headers": _HEADERS | content | {"X-Correlation-Id": correlation} | dict(headers or {}),
        "body": body or "",
        "isBase64Encoded": False,
    }


def refusal(problem: Problem, correlation: str) -> dict[str, Any]:
    """Return a problem as an answer."""
    document = json.dumps(problem.document(correlation))
    wait = problem.retry_seconds
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return answer(problem.status, document, correlation, {"Content-Type": CONTENT_TYPE} | headers)


def _too_deep() -> InvalidRequest:
    return InvalidRequest(
        f"the body is nested more than {MAX_DEPTH} levels deep",
        errors=[FieldError("", "nested too deep")],
    )


class _NotJSON(ValueError):
    """JSON to Python's parser, but not by the standard; the message may be shown."""


def _refuse_constant(name: str) -> Any:
    raise _NotJSON(f"{name} is not a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        # Parsers differ in which one they take: what was checked might not be what is used.
        raise _NotJSON("an object has the same name twice")
    return value


def _half_character(value: Any) -> str | None:
    """Return the path of a text that is no text, or None."""
    for path, text in _texts(value, ()):
        if any("\ud800" <= character <= "\udfff" for character in text):
            return ".".join(path)
    return None


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every text in a JSON value, names too, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield (*path, name), name
            yield from _texts(item, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, (*path, str(number)))


def _why(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f" (line {error.lineno}, column {error.colno})"
    return f": {error}" if isinstance(error, _NotJSON) else ""
