"""What crosses HTTP: bases of request bodies, answers and query strings, and the request itself."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Generic, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeVar

from runtime.cause import Cause
from runtime.identity import Caller, Role

if TYPE_CHECKING:
    from runtime.idempotency import Once

__all__ = [
    "Answer",
    "Body",
    "Caller",
    "CursorText",
    "Limit",
    "Listing",
    "NoQuery",
    "Page",
    "Query",
    "Request",
    "Role",
    "View",
]

Limit = Annotated[int, Field(ge=1, le=100)]
CursorText = Annotated[str, Field(min_length=1, max_length=1024)]


class Body(BaseModel):
    """Base of request bodies: unknown fields are refused, types are not coerced."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Query(BaseModel):
    """Base of query strings: unknown parameters are refused; numbers come as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoQuery(Query):
    """No query string."""


class Page(Query):
    """Which part of a list is wanted."""

    limit: Limit = 20
    cursor: CursorText | None = None


class View(BaseModel):
    """Base of answers."""

    model_config = ConfigDict(frozen=True)


V = TypeVar("V", bound=View)
B = TypeVar("B", default=None)
Q = TypeVar("Q", bound=Query, default=NoQuery)


class Listing(View, Generic[V]):
    """Part of a list; `next_cursor` asks for the next part, None at the end."""

    items: list[V]
    next_cursor: str | None


class Answer(NamedTuple, Generic[V]):
    """An answer with more than a body.

    Parameters
    ----------
    body
        The view.
    status
        Another status than the declared one.
    etag
        The entity's revision, sent as its entity tag.
    """

    body: V
    status: int | None = None
    etag: int | None = None


class Request(NamedTuple, Generic[B, Q]):
    """A request that was authenticated, bounded and validated.

    Attributes
    ----------
    caller
        Who asks.
    body
        The validated body, or None where the endpoint takes none.
    query
        The validated query string.
    path
        The path's parameters.
    cause
        The ids under which everything that follows is known.
    once
        The idempotency of this request, where the endpoint has it and the caller asked for it.
    if_match
        The revision that the caller expects the entity to be at, or None.
    """

    caller: Caller
    body: B
    query: Q
    cause: Cause
    path: Mapping[str, str]
    once: "Once | None" = None
    if_match: int | None = None

    @property
    def tenant(self) -> str:
        """The caller's tenant."""
        return self.caller.tenant
