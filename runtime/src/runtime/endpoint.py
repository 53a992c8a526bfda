"""Endpoints: one declaration says method, path, models and errors; everything comes from it.

The gateway's route, its request model and the function's permissions are made from the same
object that Lambda calls, so that they cannot drift.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, NoReturn, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ValidationError

from runtime import conditional, gateway
from runtime.changes import ConditionFailed, Contended, RevisionConflict
from runtime.collaborators import Collaborators
from runtime.gateway import Call
from runtime.idempotency import Once, once
from runtime.ids import new_ulid
from runtime.logs import follow, logger
from runtime.messages import Answer, Caller, NoQuery, Query, Request, Role
from runtime.metrics import count
from runtime.paths import if_match, parameters
from runtime.problems import (
    Conflict,
    FieldError,
    Forbidden,
    InternalError,
    InvalidRequest,
    Problem,
    Stale,
)
from runtime.table import Table

M = TypeVar("M", bound=BaseModel)
Method = Literal["GET", "POST", "PUT", "DELETE"]
Access = Literal["read", "write"]

MAX_CACHED_SECONDS = 3600  # API Gateway's own limit


class Endpoint:
    """A declared endpoint; calling it answers one request as Lambda passes it.

    Attributes
    ----------
    method, path
        The route, the path with parameters as ``/orders/{id}``.
    function
        What does the work.
    body, query, answer
        The models, or None where there is no body or no answer.
    statuses
        Of successful answers; the first is the usual one.
    role
        What the caller must be at the least.
    idempotent
        Whether ``Idempotency-Key`` is honoured.
    problems
        The refusals that are the endpoint's own.
    access
        What it needs of the table.
    token
        Whether the caller proves who it is by a token, which the gateway asks for.
    cached_seconds
        How long a REST API on AWS repeats an answer to the same request and token; 0 for never.
    fresh_seconds
        How long a caller may keep an answer before asking whether it has changed; None for an
        answer that is not to be kept.
    """

    token = True
    cached_seconds = 0
    fresh_seconds: int | None = None

    def __init__(
        self,
        method: Method,
        path: str,
        function: Callable[..., Any],
        *,
        statuses: tuple[int, ...],
        role: Role,
        idempotent: bool,
        problems: Sequence[type[Problem]],
        access: Access,
        collaborators: Mapping[str, Callable[[], Any]],
    ) -> None:
        self.method = method
        self.path = path
        self.function = function
        self.name = function.__name__
        self.statuses = statuses
        self.role = role
        self.idempotent = idempotent
        self.problems = tuple(problems)
        self.access = access
        self._collaborators = Collaborators(function, collaborators)

    @cached_property
    def _models(self) -> tuple[type[BaseModel] | None, type[Query]]:
        hints = get_type_hints(self.function)
        given = get_args(hints["request"])
        body = given[0] if given else None
        query = given[1] if len(given) > 1 else NoQuery
        return (None if body is type(None) else body), query

    @property
    def body(self) -> type[BaseModel] | None:
        """Model of the request's body: the first argument of the function's `Request`."""
        return self._models[0]

    @property
    def query(self) -> type[Query]:
        """Model of the query string: the second argument of the function's `Request`."""
        return self._models[1]

    @cached_property
    def answer(self) -> type[BaseModel] | None:
        """Model of the answer: what the function returns."""
        returned = get_type_hints(self.function)["return"]
        if returned is type(None):
            return None
        model: type[BaseModel] = (
            get_args(returned)[0] if getattr(returned, "__origin__", None) is Answer else returned
        )
        return model

    def prepare(self) -> None:
        """Do what the first request would else wait for: read the models, make collaborators."""
        self._models  # noqa: B018 - reading it keeps it
        self._collaborators.built()

    def __call__(self, event: dict[str, Any], _context: object) -> dict[str, Any]:
        """Answer a request: whatever happens, in the form that the gateway takes."""
        correlation = new_ulid()  # until the request names one
        try:
            call = Call.of(event)
            cause = call.cause("")
            correlation = cause.correlation_id
            follow(cause)
            return self._answer(call)
        except Problem as problem:
            logger.info("refused", status=problem.status, problem=problem.type)
            return gateway.refusal(problem, correlation)
        except Exception:  # noqa: BLE001 - the last resort: a problem, never a stack trace
            logger.exception("failed")
            count("Failures", endpoint=self.name)
            ours = InternalError("an unexpected error; the correlation id names it in our logs")
            return gateway.refusal(ours, correlation)

    def _answer(self, call: Call) -> dict[str, Any]:
        caller = call.caller()
        cause = call.cause(caller.tenant)
        follow(cause)
        if self.role == "admin" and caller.role != "admin":
            raise Forbidden(f"{self.method} {self.path} takes the role admin")
        now = datetime.now(UTC)
        text, value = call.document() if self.body else ("", None)
        wish = self._once(call, caller, value, now)
        request: Request[Any, Any] = Request(
            caller=caller,
            # The text, not its value: in JSON a strict model knows times and enumerations.
            body=parse(self.body.model_validate_json, text) if self.body else None,
            query=parse(self.query.model_validate, call.query),
            cause=cause,
            path=parameters(call.path),
            once=wish,
            if_match=if_match(call.headers),
        )
        given = wish.replay(Table.connect()) if wish else None
        if given is None:
            try:
                result = self.function(request, **self._collaborators.built())
            except (Problem, ConditionFailed, Contended) as failure:
                # The same request may have won a race against this one, so that this one is
                # refused for what that one did: then its answer is the answer.
                given = wish.replay(Table.connect()) if wish else None
                if given is None:
                    self._refuse(request, failure)
            else:
                return self._render(result, cause.correlation_id, call.headers.get("if-none-match"))
        tag = {} if given.etag is None else {"ETag": f'"{given.etag}"'}
        return gateway.answer(
            given.status, given.body, cause.correlation_id, tag | {"Idempotency-Replayed": "true"}
        )

    def _refuse(
        self, request: Request[Any, Any], failure: Problem | ConditionFailed | Contended
    ) -> NoReturn:
        """Say what it means that the function refused, or the write did."""
        asked = request.if_match is not None and Stale in self.problems
        if isinstance(failure, RevisionConflict) and asked:
            raise Stale("the resource has changed since it was read") from failure
        if isinstance(failure, RevisionConflict | Contended):
            raise Conflict("another request is changing this: try again") from failure
        raise failure

    def _once(self, call: Call, caller: Caller, value: Any, now: datetime) -> Once | None:
        if not self.idempotent:
            return None
        return once(
            call.headers,
            tenant=caller.tenant,
            endpoint=f"{self.method} {self.path}",
            # The same body for another resource is another request.
            body=[dict(call.path), value],
            now=now,
        )

    def _render(self, result: Any, correlation: str, known: str | None = None) -> dict[str, Any]:
        if result is None:
            return gateway.answer(204, None, correlation)
        full: Answer[Any] = result if isinstance(result, Answer) else Answer(result)
        tag = {} if full.etag is None else {"ETag": f'"{full.etag}"'}
        text = full.body.model_dump_json()
        if self.fresh_seconds is not None:
            made = conditional.entity_tag(text, getattr(full.body, "next_cursor", None))
            tag = conditional.freshness(made, self.fresh_seconds)
            if conditional.has(known, made):
                return gateway.answer(conditional.NOT_MODIFIED, None, correlation, tag)
        return gateway.answer(full.status or self.statuses[0], text, correlation, tag)


def endpoint(
    method: Method,
    path: str,
    function: Callable[..., Any],
    *,
    status: int = 200,
    also: Sequence[int] = (),
    role: Role = "member",
    idempotent: bool = False,
    problems: Sequence[type[Problem]] = (),
    access: Access | None = None,
    cached_seconds: int = 0,
    fresh_seconds: int | None = None,
    **collaborators: Callable[[], Any],
) -> Endpoint:
    """Declare an endpoint.

    Parameters
    ----------
    method, path
        The route.
    function
        Takes a `Request`, named `request`, and its collaborators by name, and returns a `View`,
        an `Answer` with one, or None (204). Its annotations are the models. `now`, if it takes
        it, is the current time.
    status
        Of a successful answer.
    also
        Its other statuses, which the function says by an `Answer`.
    role
        What the caller must be at the least.
    idempotent
        Whether ``Idempotency-Key`` is honoured: the function then commits `request.once`'s
        receipt together with its effect.
    problems
        The refusals that are the endpoint's own, for its documentation.
    access
        What it needs of the table: ``read`` for a GET, else ``write``, unless said otherwise.
    cached_seconds
        How long a REST API on AWS may repeat an answer to the same request and token without
        asking the function, an hour at most; of a GET alone.
    fresh_seconds
        How long a caller may keep an answer for itself; then it asks with ``If-None-Match``
        whether it has changed, and hears 304 if not. Of a GET alone; its answers have no revision.
    **collaborators
        What else the function takes, each as a factory that is called once a process.

    Raises
    ------
    TypeError
        Its answers cannot be cached.
    """
    made = Endpoint(
        method,
        path,
        function,
        statuses=(status, *also),
        role=role,
        idempotent=idempotent,
        problems=problems,
        access=access or ("read" if method == "GET" else "write"),
        collaborators=collaborators,
    )
    if cached_seconds and (method != "GET" or not 0 < cached_seconds <= MAX_CACHED_SECONDS):
        raise TypeError(f"{method} {path} cannot be cached for {cached_seconds} s")
    made.cached_seconds = cached_seconds
    if fresh_seconds is not None and (method != "GET" or fresh_seconds < 0):
        raise TypeError(f"{method} {path} cannot be kept for {fresh_seconds} s")
    made.fresh_seconds = fresh_seconds
    return made


def parse(validate: Callable[[Any], M], given: Any) -> M:
    """Return what a model's own method makes of what was given.

    Raises
    ------
    InvalidRequest
        It does not fit the model; the fields are named.
    """
    try:
        return validate(given)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        errors = [FieldError(".".join(map(str, e["loc"])), e["msg"]) for e in found[:20]]
        names = ", ".join(e.field for e in errors if e.field)
        raise InvalidRequest(
            f"not as expected: {names or 'the body as a whole'}", errors=errors
        ) from None
