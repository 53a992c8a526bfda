"""Webhooks: signed events, sent to this machine until they are taken."""

import hashlib
import heapq
import hmac
import itertools
import json
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from .book import new_id
from .faults import Faults
from .refusals import invalid
from .shapes import API_VERSION

LOOPBACK = "127.0.0.1"
ATTEMPTS = 6
"""Of one delivery: within 15.5 s, if nothing else is said."""
RETRY_MILLISECONDS = 500
MAX_RETRY_MILLISECONDS = 60_000
TIMEOUT_SECONDS = 10
SENDERS = 4
MAX_WAITING = 20_000
MAX_SECRETS = 10

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Endpoint:
    """Where events go.

    Attributes
    ----------
    secrets
        Each signs; two while one takes the other's place.
    retry_milliseconds
        How long after the first attempt the second is.
    """

    port: int
    target: str
    secrets: tuple[str, ...]
    retry_milliseconds: int

    @classmethod
    def of(cls, wanted: dict[str, Any]) -> "Endpoint":
        """Return what a request to `/_webhooks` asks for.

        Raises
        ------
        Refused
            If the address is not one of this machine, or a secret is none.
        """
        for name in wanted.keys() - {"url", "secrets", "retry_milliseconds"}:
            raise invalid(name, f"Received unknown parameter: {name}", "parameter_unknown")
        secrets = wanted.get("secrets")
        if (
            not isinstance(secrets, list)
            or not 1 <= len(secrets) <= MAX_SECRETS
            or not all(isinstance(one, str) and one.startswith("whsec_") for one in secrets)
        ):
            raise invalid("secrets", f"Invalid secrets: 1 to {MAX_SECRETS}, like whsec_…")
        retry = wanted.get("retry_milliseconds", RETRY_MILLISECONDS)
        if type(retry) is not int or not 0 < retry <= MAX_RETRY_MILLISECONDS:
            raise invalid(
                "retry_milliseconds",
                f"Invalid retry_milliseconds: from 1 to {MAX_RETRY_MILLISECONDS}",
            )
        port, target = _place(wanted.get("url"))
        return cls(port, target, tuple(secrets), retry)

    def patience(self, attempts: int) -> float:
        """Return the seconds until the next attempt, after so many: each time twice as many."""
        return self.retry_milliseconds / 1000 * 2.0 ** (attempts - 1)


def _place(url: Any) -> tuple[int, str]:
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except (ValueError, TypeError, AttributeError):
        port, parts = 0, None
    if (
        parts is None
        or parts.scheme != "http"
        or parts.hostname != LOOPBACK
        or parts.username is not None
        or not str(url).isascii()
        or any(not one.isprintable() or one == " " for one in str(url))
    ):
        raise invalid("url", f"Invalid url: webhooks go to http://{LOOPBACK}:… only")
    return port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


@dataclass
class _Delivery:
    event: bytes
    kind: str
    attempt: int = 0
    then: "_Delivery | None" = None
    """What was held back until this one was tried."""


@dataclass(order=True)
class _Turn:
    due: float
    number: int
    delivery: _Delivery = field(compare=False)
    cancelled: bool = field(default=False, compare=False)


class Webhooks:
    """Sends events, several at once: like Stripe's, they may come twice or out of order.

    Parameters
    ----------
    faults
        What may happen to an event on its way.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._endpoint: Endpoint | None = None
        self._turns: list[_Turn] = []
        self._held: _Turn | None = None
        self._numbers = itertools.count()
        self._counts = {"delivered": 0, "failed": 0, "given_up": 0, "lost": 0}
        self._sending = 0
        self._changed = threading.Condition()
        for _ in range(SENDERS):
            threading.Thread(target=self._send_for_ever, daemon=True).start()

    def set(self, endpoint: Endpoint | None) -> None:
        """Send to another place from now on; or to none, and forget what waits."""
        with self._changed:
            self._endpoint = endpoint
            if endpoint is None:
                self._turns.clear()
                self._held = None

    def told(self) -> dict[str, Any]:
        """Return where events go, and what became of them: `failed` counts attempts."""
        with self._changed:
            endpoint = self._endpoint
            return {
                "url": endpoint and f"http://{LOOPBACK}:{endpoint.port}{endpoint.target}",
                "secrets": len(endpoint.secrets) if endpoint else 0,
                "waiting": sum(not one.cancelled for one in self._turns) + self._sending,
                **self._counts,
            }

    def tell(self, kind: str, thing: dict[str, Any], request: dict[str, Any], **data: Any) -> None:
        """Send an event, if anybody is to hear it.

        Parameters
        ----------
        kind
            Like `payment_intent.succeeded`.
        thing
            What it happened to, as it is now.
        request
            `id` and `idempotency_key` of the request that made it happen.
        data
            What else the event's `data` has.
        """
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": int(time.time()),
            "data": {"object": thing, **data},
            "livemode": False,
            "pending_webhooks": 1,
            "request": request,
            "type": kind,
        }
        content = json.dumps(event).encode()
        with self._changed:
            if self._endpoint is None:
                return
            if len(self._turns) >= MAX_WAITING:
                log.warning("%s is given up: too many wait", kind)
                self._counts["given_up"] += 1
                return
            self._plan(_Delivery(content, kind))
            self._changed.notify_all()

    def _plan(self, delivery: _Delivery) -> None:
        if self._faults.strikes("webhook_lost"):
            log.info("%s is lost", delivery.kind)
            self._counts["lost"] += 1
            return
        late = self._faults.strikes("webhook_late")
        seconds = late.milliseconds / 1000 if late else 0.0
        if self._held and not self._held.cancelled:
            # The one that was held back follows this one.
            self._held.cancelled, delivery.then = True, self._held.delivery
            self._held = None
        elif held := self._faults.strikes("webhook_out_of_order"):
            self._held = self._put(delivery, seconds + held.milliseconds / 1000)
            return
        self._put(delivery, seconds)
        if self._faults.strikes("webhook_doubled"):
            self._put(_Delivery(delivery.event, delivery.kind), seconds)

    def _put(self, delivery: _Delivery, seconds: float) -> _Turn:
        turn = _Turn(time.monotonic() + seconds, next(self._numbers), delivery)
        heapq.heappush(self._turns, turn)
        return turn

    def _send_for_ever(self) -> None:
        while True:
            delivery, endpoint = self._next()
            taken = True  # where nobody listens any more, nothing is left to be done
            try:
                taken = endpoint is None or _sent(delivery, endpoint)
            except Exception:
                log.exception("an event could not be sent")
            with self._changed:
                self._sending -= 1
                self._ended(delivery, endpoint, taken=taken)
                self._changed.notify_all()

    def _next(self) -> tuple[_Delivery, Endpoint | None]:
        with self._changed:
            while True:
                while self._turns and self._turns[0].cancelled:
                    heapq.heappop(self._turns)
                wait = self._turns[0].due - time.monotonic() if self._turns else None
                if wait is not None and wait <= 0:
                    turn = heapq.heappop(self._turns)
                    if turn is self._held:
                        self._held = None
                    self._sending += 1
                    return turn.delivery, self._endpoint
                self._changed.wait(wait)

    def _ended(self, delivery: _Delivery, endpoint: Endpoint | None, *, taken: bool) -> None:
        if delivery.then:
            self._put(delivery.then, 0)
            delivery.then = None
        if taken or endpoint is None:
            self._counts["delivered"] += endpoint is not None
            return
        delivery.attempt += 1
        self._counts["failed"] += 1
        if delivery.attempt < ATTEMPTS:
            self._put(delivery, endpoint.patience(delivery.attempt))
        else:
            log.warning("%s is given up after %d attempts", delivery.kind, ATTEMPTS)
            self._counts["given_up"] += 1


def _sent(delivery: _Delivery, endpoint: Endpoint) -> bool:
    """Whether the event was taken: answered with a status of 2xx in time."""
    connection = HTTPConnection(LOOPBACK, endpoint.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(
            "POST",
            endpoint.target,
            delivery.event,
            {
                "Content-Type": "application/json; charset=utf-8",
                "Stripe-Signature": signature(delivery.event, endpoint.secrets, int(time.time())),
                "User-Agent": "Stripe/1.0 (local sandbox)",
            },
        )
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        log.info("%s was not taken: %s", delivery.kind, error)
        return False
    finally:
        connection.close()
    log.info("%s was answered with %d", delivery.kind, status)
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def signature(content: bytes, secrets: Sequence[str], now: int) -> str:
    """Return the value of `Stripe-Signature`: the time, and what each secret makes of both."""
    signed = b"%d.%b" % (now, content)
    made = (hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in secrets)
    return ",".join([f"t={now}", *(f"v1={one}" for one in made)])
