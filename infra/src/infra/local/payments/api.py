"""From a request to its answer: who may ask, what is asked, what goes wrong on the way."""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.message import Message
from http import HTTPStatus
from typing import Any

from .book import Book, new_id
from .faults import Faults
from .form import Form
from .idempotency import Answer, Keys
from .operations import Operations
from .refusals import (
    Refused,
    failed,
    invalid,
    too_many_requests,
    unauthorised,
    unknown_address,
)
from .shapes import API_VERSION, Shape
from .webhooks import Endpoint, Webhooks

_KEY = re.compile(r"Bearer sk_test_[A-Za-z0-9_]{1,200}")
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z_]{1,40})?", re.ASCII)
_FORM = "application/x-www-form-urlencoded"
_ADDRESS = re.compile(
    r"(?P<list>/v1/[a-z_]+)(/(?P<id>[A-Za-z0-9_]{1,100})(?P<action>/[a-z]+)?)?", re.ASCII
)


class Reset(Exception):
    """The connection is to end without an answer."""


@dataclass(frozen=True)
class Call:
    """A request as it came."""

    method: str
    path: str
    query: str
    headers: Message
    body: bytes


@dataclass(frozen=True)
class _Route:
    """An operation and the form of its address, like `POST /v1/payment_intents/{id}/confirm`."""

    name: str
    work: Callable[..., Shape]
    ids: tuple[str, ...] = ()

    def moves_money(self, form: Form) -> bool:
        """Whether the request charges or refunds: what the faults around a charge strike."""
        return (
            self.name.endswith(("/confirm", "/refunds")) or form.fields.get("confirm") == "true"
        ) and self.name.startswith("POST")


class Api:
    """The provider as a whole."""

    def __init__(self) -> None:
        self._book = Book()
        self._faults = Faults()
        self._webhooks = Webhooks(self._faults)
        self._keys = Keys()
        self._calls: Counter[str] = Counter()
        self._counting = threading.Lock()
        do = Operations(self._book, self._faults, self._webhooks)
        self._routes: dict[str, Callable[..., Shape]] = {
            "POST /v1/payment_intents": do.create_intent,
            "GET /v1/payment_intents": do.list_intents,
            "GET /v1/payment_intents/{id}": do.retrieve_intent,
            "POST /v1/payment_intents/{id}/confirm": do.confirm_intent,
            "POST /v1/payment_intents/{id}/cancel": do.cancel_intent,
            "POST /v1/refunds": do.create_refund,
            "GET /v1/refunds": do.list_refunds,
            "GET /v1/refunds/{id}": do.retrieve_refund,
        }
        self._controls: dict[str, Callable[[dict[str, Any]], Shape]] = {
            "GET /_calls": lambda _: {"calls": self._called()},
            "GET /_ledger": lambda _: {"charges": self._ledger()},
            "GET /_faults": lambda _: self._told_faults(),
            "POST /_faults": self._add_fault,
            "DELETE /_faults": self._clear_faults,
            "GET /_webhooks": lambda _: self._webhooks.told(),
            "POST /_webhooks": self._set_webhooks,
            "DELETE /_webhooks": self._unset_webhooks,
        }

    def answer(self, call: Call) -> Answer:
        """Return the answer to a request, if it is to get one.

        Raises
        ------
        Reset
            If a fault ends the connection.
        """
        if call.path.startswith("/_"):
            return _told(self._control, call)
        identity = f"req_{new_id('r')[2:16]}"
        answer = _told(self._asked, call, identity)
        version = call.headers.get("Stripe-Version", API_VERSION)
        headers = {"Request-Id": identity} | (
            {"Stripe-Version": version} if _VERSION.fullmatch(version) else {}
        )
        if "Idempotent-Replayed" in answer.headers:
            headers["Original-Request"] = answer.headers["Request-Id"]
        return replace(answer, headers=answer.headers | headers)

    def _asked(self, call: Call, identity: str) -> Answer:
        route = self._route(call)
        with self._counting:
            self._calls[route.name if route else "unknown"] += 1
        _authorised(call.headers.get("Authorization"))
        if route is None:
            raise unknown_address(call.method, call.path)
        _versioned(call.headers.get("Stripe-Version", API_VERSION))
        form = _form(call)
        money = route.moves_money(form)
        if self._faults.strikes("error_429"):
            raise too_many_requests()
        if self._faults.strikes("error_500"):
            raise failed()
        if money and self._faults.strikes("reset_before_charge"):
            raise Reset
        answer = self._once(call, route, form, identity)
        if money and self._faults.strikes("reset_after_charge"):
            raise Reset
        return answer

    def _once(self, call: Call, route: _Route, form: Form, identity: str) -> Answer:
        key = call.headers.get("Idempotency-Key") if call.method == "POST" else None
        request = {"id": identity, "idempotency_key": key}

        def work() -> Answer:
            if fault := self._faults.strikes("latency"):
                time.sleep(fault.milliseconds / 1000)
            answer = _told(lambda: _success(route.work(form, request, *route.ids)))
            if (
                answer.status == HTTPStatus.OK
                and route.moves_money(form)
                and self._faults.strikes("error_500_after_charge")
            ):
                # As Stripe does, the key keeps even this, so that it is no use to ask again.
                answer = replace(
                    _refusal(failed()), began=True, headers={"Stripe-Should-Retry": "false"}
                )
            return replace(answer, headers=answer.headers | {"Request-Id": identity})

        if key is None:
            return work()
        answer = self._keys.once(key, call.path, form.fields, work)
        return replace(answer, headers=answer.headers | {"Idempotency-Key": key})

    def _route(self, call: Call) -> _Route | None:
        found = _ADDRESS.fullmatch(call.path)
        if found is None:
            return None
        ids = (found["id"],) if found["id"] else ()
        shape = found["list"] + "/{id}" * len(ids) + (found["action"] or "")
        name = f"{call.method} {shape}"
        work = self._routes.get(name)
        return _Route(name, work, ids) if work else None

    def _control(self, call: Call) -> Answer:
        control = self._controls.get(f"{call.method} {call.path}")
        if control is None:
            raise unknown_address(call.method, call.path)
        return _success(control(_object(call.body) if call.method == "POST" else {}))

    def _called(self) -> dict[str, int]:
        with self._counting:
            return dict(self._calls)

    def _ledger(self) -> list[Shape]:
        with self._book.lock:
            return list(self._book.ledger())

    def _told_faults(self) -> Shape:
        return {"faults": self._faults.told()}

    def _add_fault(self, wanted: dict[str, Any]) -> Shape:
        self._faults.add(wanted)
        return self._told_faults()

    def _clear_faults(self, _: dict[str, Any]) -> Shape:
        self._faults.clear()
        return self._told_faults()

    def _set_webhooks(self, wanted: dict[str, Any]) -> Shape:
        self._webhooks.set(Endpoint.of(wanted))
        return self._webhooks.told()

    def _unset_webhooks(self, _: dict[str, Any]) -> Shape:
        self._webhooks.set(None)
        return self._webhooks.told()


def _told(work: Callable[..., Answer], *arguments: object) -> Answer:
    try:
        return work(*arguments)
    except Refused as refused:
        return _refusal(refused)


def _refusal(refused: Refused) -> Answer:
    return Answer(refused.status, json.dumps(refused.body).encode(), began=refused.began)


def _success(shape: Shape) -> Answer:
    return Answer(HTTPStatus.OK, json.dumps(shape).encode())


def _authorised(header: str | None) -> None:
    if not header:
        raise unauthorised(
            "You did not provide an API key. You need to provide your API key in the "
            "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
            "YOUR_SECRET_KEY')."
        )
    if not _KEY.fullmatch(header):
        raise unauthorised("Invalid API Key provided: the local stage takes sk_test_… only.")


def _versioned(version: str) -> None:
    if not _VERSION.fullmatch(version):
        raise Refused("Invalid Stripe API version.")


def _form(call: Call) -> Form:
    if call.method == "GET":
        return Form.parse(call.query.encode())
    kind = call.headers.get("Content-Type", _FORM).partition(";")[0].strip().lower()
    if call.body and kind != _FORM:
        raise Refused(f"Invalid request (check that your POST content type is {_FORM}).")
    return Form.parse(call.body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        wanted = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("The body is not JSON.") from None
    if not isinstance(wanted, dict):
        raise invalid("body", "The body is not an object.")
    return wanted
