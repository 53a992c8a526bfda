"""Stripe's HTTP API, as far as orders use it: requests out, answers in, nothing of what they mean.

An adapter of our own on the HTTP client that botocore brings along: the SDK breaks the budgets of
start-up and size (docs/decisions, 0023).
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from contracts.limits import require_shallow
from orders.payments.model import ProviderUnavailable
from orders.payments.secret import PaymentSecret
from runtime.logs import logger

API = "https://api.stripe.com"
VERSION = "2026-10-28.endive"
"""Of the API: what is asked and answered does not change until this does."""

CONNECT_SECONDS = 2
READ_SECONDS = 10
MAX_BYTES = 4 * 1024 * 1024
"""Of an answer; a page of 100 payments has some 500 KB."""

URL = re.compile(r"https://[A-Za-z0-9.-]{1,253}(:\d{1,5})?|http://(127\.0\.0\.1|localhost):\d{1,5}")
_CODE = re.compile(r"[a-z0-9_]{1,64}")
_PART = 64 * 1024
_OK = 200
_UNAUTHORIZED, _FORBIDDEN, _TOO_MANY = 401, 403, 429
_REFUSED, _FAILED = 400, 500

Form = Mapping[str, str | int]
Request = Callable[[], "Answer"]


class Dead(ProviderUnavailable):
    """No answer, or one that only a provider in trouble gives: the circuit breaker counts it."""


class Stuck(Dead):
    """The answer is the failure that was given before: this key brings no other for a day."""


class Answer(NamedTuple):
    """What the provider answered.

    Attributes
    ----------
    status
        Below 500.
    body
        A JSON object.
    replayed
        Whether it is what an earlier request under the same key was answered.
    """

    status: int
    body: dict[str, Any]
    replayed: bool

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.status == _OK

    def error(self, name: str) -> str:
        """Return a word of the error, like its ``code``; empty if there is none.

        Never its message, which may repeat what was sent.
        """
        error = self.body.get("error")
        word = error.get(name) if isinstance(error, dict) else None
        return word if isinstance(word, str) and _CODE.fullmatch(word) else ""


class Provider:
    """The provider's API.

    Parameters
    ----------
    secret
        What the requests are made with.
    url
        Where it is; a key of a live account goes over HTTPS alone.
    connect, read
        How many seconds it may take to connect, and to send the next part of an answer; the whole
        of it may take little longer.
    clock
        Seconds that pass.
    """

    def __init__(
        self,
        secret: PaymentSecret,
        url: str = API,
        *,
        connect: float = CONNECT_SECONDS,
        read: float = READ_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secret = secret
        self._url = url
        self._patience = read
        self._clock = clock
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=connect, read=read), retries=False
        )

    def get(self, path: str, query: Form) -> Request:
        """Return the request that asks for something; see `post`."""
        return self._request("GET", f"{path}?{urlencode(query)}", None, {})

    def post(self, path: str, form: Form, key: str) -> Request:
        """Return the request that has something done, once for all requests under one key.

        Making it raises `Dead`, when it may have been done or not, or `Stuck`.

        Raises
        ------
        ProviderUnavailable
            We have no key of the provider's to ask with.
        """
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Idempotency-Key": key,
        }
        return self._request("POST", path, urlencode(form), headers)

    def _request(
        self, method: str, path: str, body: str | None, headers: Mapping[str, str]
    ) -> Request:
        api_key = self._secret.keys().api_key
        if "_live_" in api_key and not self._url.startswith("https:"):
            raise ProviderUnavailable("a live key is not sent without HTTPS")
        given = {"Authorization": f"Bearer {api_key}", "Stripe-Version": VERSION, **headers}
        return partial(self._send, method, self._url + path, body, given)

    def _send(self, method: str, url: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        try:
            response = self._http.request(
                method, url, body=body, headers=headers, redirect=False, preload_content=False
            )
            content = self._content(response)
        except (HTTPError, OSError) as error:
            # Its kind alone: what it says has the address in it, and more is not needed.
            raise _dead(type(error).__name__) from None
        return self._answer(response, content)

    def _content(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """Return the body, if it ends in time and within bounds."""
        until = self._clock() + self._patience
        content = b""
        while part := response.read1(_PART):
            content += part
            if len(content) > MAX_BYTES or self._clock() > until:
                response.close()
                raise _dead("too much or too slow")
        response.release_conn()
        return content

    def _answer(self, response: urllib3.BaseHTTPResponse, content: bytes) -> Answer:
        status, replayed = response.status, "idempotent-replayed" in response.headers
        if status >= _FAILED or status == _TOO_MANY:
            raise _dead(str(status), response.headers, Stuck if replayed else Dead)
        try:
            text = content.decode()
            require_shallow(text)
            body = json.loads(text)
        except ValueError:
            body = None
        if not isinstance(body, dict) or not (status == _OK or status >= _REFUSED):
            raise _dead("not its API", response.headers)
        if status in {_UNAUTHORIZED, _FORBIDDEN}:
            self._secret.forget()
            logger.error("payment provider does not take the key", status=status)
        return Answer(status, body, replayed)


def _dead(reason: str, headers: Mapping[str, str] | None = None, kind: type[Dead] = Dead) -> Dead:
    request_id = (headers or {}).get("request-id")
    logger.warning("payment provider failed", reason=reason, provider_request=request_id)
    return kind(f"the payment provider failed: {reason}")
