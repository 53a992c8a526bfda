"""What can go wrong for a caller, as RFC 9457 problem details."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

CONTENT_TYPE = "application/problem+json"


class FieldError(NamedTuple):
    """One field that is wrong: its path (``items.0.quantity``) and what is wrong with it."""

    field: str
    detail: str


class Problem(Exception):
    """A refusal that the caller is told of; a subclass is one kind of problem.

    Parameters
    ----------
    detail
        What is wrong this time, in a sentence, without personal data.
    errors
        The fields that are wrong, if any.
    """

    status: ClassVar[int]
    type: ClassVar[str]
    title: ClassVar[str]
    retry_seconds: ClassVar[int | None] = None
    """After how long the same request may succeed, where that is known: ``Retry-After``."""

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)

    def document(self, correlation_id: str | None = None) -> dict[str, Any]:
        """Return the problem details object.

        Parameters
        ----------
        correlation_id
            The id under which the logs know this request.
        """
        document: dict[str, Any] = {
            "type": f"/problems/{self.type}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [error._asdict() for error in self.errors]
        if correlation_id:
            document["correlation_id"] = correlation_id
        return document


class MalformedRequest(Problem):
    """The request cannot be read at all."""

    status, type, title = 400, "malformed-request", "The request cannot be read"


class InvalidRequest(Problem):
    """The request can be read, but a field is not as the contract says."""

    status, type, title = 400, "invalid-request", "The request is not valid"


class InvalidCursor(Problem):
    """A cursor that this service did not issue for this list and tenant."""

    status, type, title = 400, "invalid-cursor", "The cursor is not valid"


class Unauthenticated(Problem):
    """The caller is not known."""

    status, type, title = 401, "unauthenticated", "Authentication is needed"


class Forbidden(Problem):
    """The caller is known and may not do this."""

    status, type, title = 403, "forbidden", "Not allowed"


class NotFound(Problem):
    """Nothing here by that id, for this tenant."""

    status, type, title = 404, "not-found", "Not found"


class Conflict(Problem):
    """The state of things, or another request under way, does not allow it now."""

    status, type, title = 409, "conflict", "Conflict"


class Stale(Problem):
    """The caller's copy is not the current one."""

    status, type, title = 412, "stale", "The resource has changed"


class TooLarge(Problem):
    """The body is over the limit."""

    status, type, title = 413, "too-large", "The request body is too large"


class UnsupportedMediaType(Problem):
    """The body is not JSON."""

    status, type, title = 415, "unsupported-media-type", "The content type is not supported"


class KeyReused(Problem):
    """An idempotency key came with another body before."""

    status, type, title = 422, "idempotency-key-reused", "The idempotency key was used before"


class InternalError(Problem):
    """Our fault."""

    status, type, title = 500, "internal-error", "Something went wrong here"
