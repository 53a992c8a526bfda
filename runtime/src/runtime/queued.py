"""Endpoints without a function: the gateway puts the request into a queue, a worker does the rest.

The gateway checks the caller's token and the body's model, and answers with the message's id. Who
asks is known from the authorizer alone: the message's attributes, never its body.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple
from urllib.parse import parse_qsl

from pydantic import BaseModel
from typing_extensions import TypeVar

from runtime.capacity import ORDINARY, Capacity
from runtime.cause import Cause
from runtime.endpoint import Method, parse
from runtime.gateway import MAX_BODY_BYTES, Call
from runtime.idempotency import Once, once
from runtime.identity import Caller
from runtime.logs import follow
from runtime.messages import View
from runtime.problems import Problem, Unauthenticated
from runtime.queue import Hopeless, origin, texts
from runtime.worker import Worker

TENANT, USER, HEADERS = "tenant", "user", "headers"
"""The attributes of a message that came through the gateway."""

FORWARDED = ("Idempotency-Key", "Traceparent", "X-Correlation-Id")
"""The request's headers that come with it, as a form in the attribute `HEADERS`."""

MAX_MESSAGE_BYTES = MAX_BODY_BYTES + 2048
"""A body and the attributes beside it, with which SQS counts."""

B = TypeVar("B", bound=BaseModel, default=BaseModel)


class Accepted(View):
    """What the caller is told: by this id it can ask how it ended."""

    id: str


class Queued(Generic[B]):
    """A declared endpoint that is no function.

    Attributes
    ----------
    method, path
        The route.
    body, answer
        The models.
    queue
        The queue within the service, which is also the name of the worker behind it.
    name
        The worker's function.
    status
        Of the answer, when the message is in the queue.
    """

    answer = Accepted
    status = 202

    def __init__(self, method: Method, path: str, body: type[B], queue: str) -> None:
        self.method = method
        self.path = path
        self.body = body
        self.queue = queue
        self.name = queue.replace("-", "_")


def queued(method: Method, path: str, body: type[B], *, queue: str) -> Queued[B]:
    """Declare an endpoint whose requests go into a queue; its module has it as `route`.

    Parameters
    ----------
    method, path
        The route; any member of a tenant may ask.
    body
        The model of the body, which the gateway checks as a whole.
    queue
        The queue within the service, whose worker is declared by `consumer`.
    """
    return Queued(method, path, body, queue)


class Delivery(NamedTuple, Generic[B]):
    """A request that came through a queue.

    Attributes
    ----------
    id
        What the caller was told, however often the message was sent since.
    caller
        Who asks, as a member.
    cause
        The ids under which everything that follows is known; without one of the caller's own,
        the message's.
    asked
        The validated body, or why it is refused: the gateway's check is not as narrow as ours.
    once
        The idempotency of the request, if the caller asked for it and could be understood.
    """

    id: str
    caller: Caller
    cause: Cause
    asked: B | Problem
    once: Once | None

    @property
    def tenant(self) -> str:
        """The caller's tenant."""
        return self.caller.tenant

    @classmethod
    def of(cls, record: Mapping[str, Any], route: Queued[B], now: datetime) -> "Delivery[B]":
        """Read a record as SQS hands it to Lambda.

        Raises
        ------
        Hopeless
            It did not come through the gateway.
        """
        said, first = texts(record), origin(record)
        call = Call(
            headers=_headers(said.get(HEADERS, "")) | {"content-type": "application/json"},
            query={},
            path={},
            authorizer={TENANT: said.get(TENANT), USER: said.get(USER)},
            claims=None,
            request_id=first,
            body=record["body"],
            encoded=False,
        )
        try:
            caller = call.caller()
        except Unauthenticated as nobody:
            raise Hopeless(f"not from the gateway: {nobody.detail}") from nobody
        cause = call.cause(caller.tenant)
        try:
            text, value = call.document()
            asked = parse(route.body.model_validate_json, text)
            wish = once(
                call.headers,
                tenant=caller.tenant,
                endpoint=f"{route.method} {route.path}",
                body=value,
                now=now,
            )
        except Problem as problem:
            return cls(first, caller, cause, problem, None)
        return cls(first, caller, cause, asked, wish)


class Consumer(Worker, Generic[B]):
    """A declared worker behind a queued endpoint.

    Attributes
    ----------
    route
        The endpoint.
    """

    def __init__(
        self,
        route: Queued[B],
        function: Callable[..., None],
        capacity: Capacity,
        collaborators: Mapping[str, Callable[[], Any]],
        attempts: int,
    ) -> None:
        super().__init__(function, capacity, collaborators, attempts)
        self.route = route

    def _read(self, record: dict[str, Any]) -> Delivery[B]:
        delivery = Delivery.of(record, self.route, datetime.now(UTC))
        follow(delivery.cause)
        return delivery


def consumer(
    route: Queued[B],
    function: Callable[..., None],
    *,
    attempts: int,
    capacity: Capacity = ORDINARY,
    **collaborators: Callable[[], Any],
) -> Consumer[B]:
    """Declare the worker behind a queued endpoint.

    Parameters
    ----------
    route
        The endpoint.
    function
        Takes a `Delivery` and its collaborators by name. What it does may be done again. An
        exception but `Hopeless` sends the message again with a delay that doubles.
    attempts
        How many there are in all.
    capacity
        What one invocation may take.
    **collaborators
        What else the function takes, each as a factory that is called once a process.
    """
    return Consumer(route, function, capacity, collaborators, attempts)


def _headers(form: str) -> dict[str, str]:
    """Return the headers with names in lower case; of a repeated one the first that says anything.

    The gateway asks for each in two spellings, as it may tell capital letters apart.
    """
    found: dict[str, str] = {}
    for name, value in parse_qsl(form):
        found.setdefault(name.lower(), value)
    return found
