"""Requests that are refused, in the words of Stripe."""

from http import HTTPStatus
from typing import Any


class Refused(Exception):
    """A request that gets an error for an answer.

    Parameters
    ----------
    message
        What is wrong.
    status
        HTTP status: 4xx is the caller's fault, 5xx may be tried again.
    kind
        The error's type.
    code, param
        The error's code, and the parameter that it is about; None where Stripe tells none.
    began
        Whether the request was valid and carried out: only then an idempotency key keeps it.
    about
        Further members of the error, like `decline_code`.
    """

    def __init__(
        self,
        message: str,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        began: bool = False,
        **about: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.kind = kind
        self.began = began
        self._members = {"code": code, "param": param, "message": message, "type": kind} | about

    @property
    def body(self) -> dict[str, Any]:
        """The error as Stripe's JSON."""
        return {"error": {name: one for name, one in self._members.items() if one is not None}}


def missing(param: str) -> Refused:
    """Return the refusal of a request without a parameter that it needs."""
    return Refused(f"Missing required param: {param}.", code="parameter_missing", param=param)


def invalid(param: str, message: str, code: str | None = None) -> Refused:
    """Return the refusal of a parameter's value."""
    return Refused(message, code=code, param=param)


def no_such(
    what: str, name: str, param: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST
) -> Refused:
    """Return the refusal of an id that names nothing: 404 if it is in the address."""
    return Refused(f"No such {what}: '{name}'", status, code="resource_missing", param=param)


def unexpected_state(message: str, intent: dict[str, Any]) -> Refused:
    """Return the refusal of what a payment's status does not allow."""
    return Refused(
        message, code="payment_intent_unexpected_state", began=True, payment_intent=intent
    )


def unauthorised(message: str) -> Refused:
    """Return the refusal of a request without a test key."""
    return Refused(message, HTTPStatus.UNAUTHORIZED)


def unknown_address(method: str, path: str) -> Refused:
    """Return the refusal of what this server does not have."""
    return Refused(f"Unrecognized request URL ({method}: {path}).", HTTPStatus.NOT_FOUND)


def reused_key(message: str) -> Refused:
    """Return the refusal of an idempotency key that another request has had."""
    return Refused(message, kind="idempotency_error")


def key_in_use() -> Refused:
    """Return the refusal of a request that is being carried out already."""
    return Refused(
        "There is currently another in-progress request using this idempotency key. "
        "Please try again later.",
        HTTPStatus.CONFLICT,
        code="idempotency_key_in_use",
    )


def too_many_requests() -> Refused:
    """Return the refusal of a request beyond the rate limit."""
    return Refused(
        "Too many requests. Try again later.", HTTPStatus.TOO_MANY_REQUESTS, code="rate_limit"
    )


def failed() -> Refused:
    """Return the answer to a request that failed without its own fault."""
    return Refused("An unknown error occurred", HTTPStatus.INTERNAL_SERVER_ERROR, kind="api_error")
