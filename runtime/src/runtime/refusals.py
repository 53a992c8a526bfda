"""What an endpoint may refuse, as its declaration tells; for documents and tests alone."""

from runtime.conditional import NOT_MODIFIED
from runtime.endpoint import Endpoint
from runtime.problems import (
    Conflict,
    Forbidden,
    InternalError,
    InvalidRequest,
    KeyReused,
    MalformedRequest,
    NotFound,
    Problem,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)


def refusals(endpoint: Endpoint) -> list[type[Problem]]:
    """Return the problems that an endpoint answers: its own, and those that the runtime adds.

    Two may be of one type: the endpoint's own comes first.
    """
    found: list[type[Problem]] = [*endpoint.problems, Unauthenticated, InternalError]
    if not endpoint.token:
        # The body is bytes to the runtime, and nothing else is read.
        return [*found, MalformedRequest]
    found.append(InvalidRequest)
    if endpoint.role == "admin":
        found.append(Forbidden)
    if "{" in endpoint.path:
        found.append(NotFound)
    if endpoint.body:
        found += [MalformedRequest, TooLarge, UnsupportedMediaType]
    if endpoint.idempotent:
        found.append(KeyReused)
    if endpoint.access == "write":
        found.append(Conflict)
    by_type: dict[tuple[int, str], type[Problem]] = {}
    for problem in found:
        by_type.setdefault((problem.status, problem.type), problem)
    return list(by_type.values())


def is_declared(endpoint: Endpoint, status: int, kind: str | None) -> bool:
    """Whether an answer is one that the endpoint's declaration tells of.

    Parameters
    ----------
    endpoint
        What answered.
    status
        HTTP status.
    kind
        The problem's type, or None if it is none.
    """
    if kind is None:
        kept = status == NOT_MODIFIED and endpoint.fresh_seconds is not None
        return kept or status in endpoint.statuses
    return (status, kind) in {(one.status, one.type) for one in refusals(endpoint)}
