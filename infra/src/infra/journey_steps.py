"""What a journey's steps have in common: a caller's requests, and expecting their effects."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from infra.errors import StarlingError

DEADLINE_SECONDS = 60.0
_POLL_SECONDS = 0.02
_REQUEST_SECONDS = 30.0
_UNAVAILABLE = 503

T = TypeVar("T")


class JourneyFailed(StarlingError):
    """A step's effect did not come."""


@dataclass(frozen=True)
class Caller:
    """A signed-in user's view of the stage's APIs."""

    apis: Mapping[str, str]
    token: str
    http: httpx.Client

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


def found(caller: Caller, text: str, kind: str, wanted: Mapping[str, str | set[str]]) -> str:
    """Wait until search finds something by its id, as it is to be; return how it was found.

    Parameters
    ----------
    caller
        Who searches.
    text, kind
        Its id, and what it is.
    wanted
        What is to be in the hit: a value, or one of several.
    """

    def hit() -> dict[str, Any] | None:
        query = {"q": text, "kind": kind}
        answer = caller.send("GET", "search-sync", "/search", params=query)
        if answer.status_code == _UNAVAILABLE:  # the first documents are only making the index
            return None
        page = json_of(answer, 200)
        return next((i for i in page["items"] if i["id"] == text), None)

    def good(value: object, of: str | set[str]) -> bool:
        return value in of if isinstance(of, set) else value == of

    def fits(item: dict[str, Any] | None) -> bool:
        return item is not None and all(good(item.get(key), of) for key, of in wanted.items())

    seen = until(f"search found {kind} {text} with {dict(wanted)}", hit, fits) or {}
    return ", ".join(f"{key} {seen[key]}" for key in wanted)
