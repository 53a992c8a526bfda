"""What a journey's steps have in common: a caller's requests, and expecting their effects."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import httpx

from infra.errors import StarlingError
from infra.stages import Stage

DEADLINE_SECONDS = 60.0
_POLL_SECONDS = 0.02
_REQUEST_SECONDS = 30.0

T = TypeVar("T")


class JourneyFailed(StarlingError):
    """A step's effect did not come."""


@dataclass(frozen=True)
class Caller:
    """A signed-in user's view of the stage's APIs.

    Parameters
    ----------
    apis
        Base URL of each service's API.
    token
        Says who it is.
    http
        Sends the requests.
    renew
        Returns another token of the same user, if an old one may be given old answers.
    """

    apis: Mapping[str, str]
    token: str
    http: httpx.Client
    renew: Callable[[], str] | None = None

    @classmethod
    def signed_in(
        cls, stage: Stage, apis: Mapping[str, str], sign_in: Callable[[], str], http: httpx.Client
    ) -> "Caller":
        """Return the view of who signs in to a stage."""
        # Only on AWS does the gateway keep answers.
        return cls(apis, sign_in(), http, None if stage.local else sign_in)

    def send(
        self,
        method: str,
        service: str,
        path: str,
        *,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> httpx.Response:
        """Send a request to a service's API.

        Parameters
        ----------
        method, service, path
            What to ask whom.
        json
            The body's JSON value, if any.
        headers, params
            Further headers; the query string.
        """
        return self.http.request(
            method,
            f"{self.apis[service]}{path}",
            json=json,
            params=params,
            headers={"Authorization": f"Bearer {self.token}"} | dict(headers or {}),
            timeout=_REQUEST_SECONDS,
        )

    def product(self, sku: str) -> httpx.Response:
        """Ask for a product as it is now: for whoever waits for a change of it."""
        # The gateway on AWS repeats its answer, a refusal too, to the same token for minutes, and
        # heeds no header that asks for a new one: only another token does (decision 0030).
        asking = self if self.renew is None else replace(self, token=self.renew())
        return asking.send("GET", "orders", f"/products/{sku}")


def until(
    what: str,
    look: Callable[[], T],
    good: Callable[[T], bool],
    seconds: float = DEADLINE_SECONDS,
) -> T:
    """Look until what is seen is good, and return it.

    Parameters
    ----------
    what
        What is waited for, in the past tense: for the error.
    look, good
        What is looked at, and whether it is so.
    seconds
        The deadline.

    Raises
    ------
    JourneyFailed
        It was not good within the deadline; the message shows what was seen last.
    """
    deadline = time.monotonic() + seconds
    while not good(seen := look()):
        if time.monotonic() > deadline:
            raise JourneyFailed(f"not so within {seconds:.0f} s: {what}. Last seen: {_shown(seen)}")
        time.sleep(_POLL_SECONDS)
    return seen


def _shown(seen: object) -> str:
    text = f"{seen.status_code} {seen.text}" if isinstance(seen, httpx.Response) else repr(seen)
    return text[:500]


def expect(holds: bool, otherwise: str) -> None:
    """Go on only if something holds.

    Raises
    ------
    JourneyFailed
        It does not; with what is so instead.
    """
    if not holds:
        raise JourneyFailed(otherwise)


def expect_status(answer: httpx.Response, status: int) -> None:
    """Go on only if an answer has a status."""
    asked = f"{answer.request.method} {answer.request.url.path}"
    expect(answer.status_code == status, f"{asked} answered {_shown(answer)}, not {status}")


def json_of(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Return the document of an answer that has a status."""
    expect_status(answer, status)
    document: dict[str, Any] = answer.json()
    return document
