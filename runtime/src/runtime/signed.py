"""Endpoints that take no token: their callers sign the body, and the function verifies that.

For callers that are no users of a tenant, like a provider that tells what has happened.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from runtime.cause import Cause
from runtime.endpoint import Endpoint, Method
from runtime.gateway import Call
from runtime.problems import MalformedRequest, Problem, TooLarge


class Sent(NamedTuple):
    """What came: nothing of it is to be believed before the signature was verified.

    Attributes
    ----------
    raw
        The body, byte by byte.
    signature
        The header that should prove who sent it, or None.
    cause
        The ids of the request, without a tenant.
    """

    raw: bytes
    signature: str | None
    cause: Cause


class Signed(Endpoint):
    """A declared endpoint whose callers sign.

    Attributes
    ----------
    header
        The header with the signature.
    """

    token = False

    def __init__(
        self,
        method: Method,
        path: str,
        function: Callable[..., Any],
        *,
        header: str,
        problems: Sequence[type[Problem]],
        collaborators: Mapping[str, Callable[[], Any]],
    ) -> None:
        super().__init__(
            method,
            path,
            function,
            statuses=(200,),
            role="member",
            idempotent=False,
            problems=problems,
            access="write",
            collaborators=collaborators,
        )
        self.header = header

    def _answer(self, call: Call) -> dict[str, Any]:
        try:
            raw = call.raw()
        except TooLarge as large:
            # No caller that can sign sends so much: it is no request of theirs.
            raise MalformedRequest(large.detail) from None
        cause = call.cause("")
        sent = Sent(raw, call.headers.get(self.header.lower()), cause)
        result = self.function(sent, **self._collaborators.built())
        return self._render(result, cause.correlation_id)


def signed(
    method: Method,
    path: str,
    function: Callable[..., Any],
    *,
    header: str,
    problems: Sequence[type[Problem]] = (),
    **collaborators: Callable[[], Any],
) -> Signed:
    """Declare an endpoint that takes no token.

    Parameters
    ----------
    method, path
        The route, which the gateway lets everybody through to.
    function
        Takes what was `Sent`, named `request`, and its collaborators by name; verifies the
        signature before anything else, or raises `runtime.problems.Unauthenticated`. Returns a
        `View`, or None (204).
    header
        The header with the signature.
    problems
        The refusals that are the endpoint's own.
    **collaborators
        What else the function takes, each as a factory that is called once a process.
    """
    return Signed(
        method, path, function, header=header, problems=problems, collaborators=collaborators
    )
