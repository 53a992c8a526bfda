"""The order's journey: what the demo shows and the end-to-end tests assert, as one program.

It speaks HTTP alone, like any client. Every step asserts on an effect; what another service does
by reaction is waited for by polling to a deadline.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import httpx
from ulid import ULID

from infra.errors import StarlingError

DEADLINE_SECONDS = 30.0
_POLL_SECONDS = 0.02
_REQUEST_SECONDS = 30.0
_UNAVAILABLE = 503

T = TypeVar("T")
SignIn = Callable[[str, str, str], str]
"""Returns a token for a tenant, a user and a role."""


class Hop(NamedTuple):
    """One thing that happened: when, in milliseconds since the start, where, and what."""

    at_ms: int
    service: str
    what: str


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


class Journey:
    """One run.

    Parameters
    ----------
    apis
        Base URL of each service's API.
    sign_in
        Gets tokens.
    home, abroad
        The tenant whose order it is, and the stranger.

    Attributes
    ----------
    hops
        What has happened so far.
    """

    def __init__(
        self,
        apis: Mapping[str, str],
        sign_in: SignIn,
        home: str = "acme",
        abroad: str = "globex",
    ) -> None:
        self._apis = apis
        self._sign_in = sign_in
        self._home = home
        self._abroad = abroad
        self._http = httpx.Client(trust_env=False)  # no proxy stands before a laptop
        self._started = time.monotonic()
        self.hops: list[Hop] = []

    def run(self) -> None:
        """Take every step.

        Raises
        ------
        JourneyFailed
            An effect did not come, or another one came.
        """
        with self._http:
            admin, stranger = self._callers()
            self._started = time.monotonic()
            mark = str(ULID())[-8:].lower()
            name, renamed = f"Ada {mark}", f"Augusta {mark}"
            user = self._create_user(admin, name, mark)
            sku = self._put_product(admin, mark)
            first = self._place(admin, user["id"], sku)
            second = self._place(admin, user["id"], sku)
            self._found(admin, user["id"], "user", {"title": name, "status": "active"})
            found = {"status": "placed", "customer_name": name}
            self._found(admin, first["id"], "order", found)
            self._rename(admin, user, renamed)
            self._found(admin, first["id"], "order", found | {"customer_name": renamed})
            self._cancel(admin, first["id"])
            self._found(admin, first["id"], "order", {"status": "cancelled"})
            self._deactivate(admin, user["id"])
            self._refused(admin, user["id"], sku)
            self._cancelled(admin, second["id"])
            self._unseen(stranger, user["id"], first["id"], sku)

    def since(self, moment: float) -> int:
        """Return how many milliseconds after the start a moment of the monotonic clock was."""
        return round((moment - self._started) * 1000)

    def _callers(self) -> tuple[Caller, Caller]:
        admin = Caller(self._apis, self._sign_in(self._home, "ada", "admin"), self._http)
        stranger = Caller(self._apis, self._sign_in(self._abroad, "eve", "admin"), self._http)
        return admin, stranger

    def _create_user(self, admin: Caller, name: str, mark: str) -> dict[str, Any]:
        body = {"name": name, "email": f"ada.{mark}@example.com"}
        user = _json(admin.send("POST", "users", "/users", json=body), 201)
        self._hop("users", f"user {user['id']} created: {name}")
        return user

    def _put_product(self, admin: Caller, mark: str) -> str:
        sku = f"lamp-{mark}"
        body = {"name": "Lamp", "price": {"amount": 1999, "currency": "EUR"}, "stock": 10}
        _json(admin.send("PUT", "orders", f"/products/{sku}", json=body), 201)
        self._hop("orders", f"product {sku} on sale for 19.99 EUR")
        return sku

    def _order(self, caller: Caller, customer: str, sku: str) -> httpx.Response:
        body = {
            "customer_id": customer,
            "items": [{"sku": sku, "quantity": 2}],
            "type": "STANDARD",
            "payment_method": "pm_card_visa",
        }
        return caller.send("POST", "orders", "/orders", json=body)

    def _place(self, admin: Caller, customer: str, sku: str) -> dict[str, Any]:
        # Until the event has arrived, orders does not know the customer, and says so.
        answer = until(
            "the order was accepted",
            lambda: self._order(admin, customer, sku),
            lambda a: a.status_code != 409,  # noqa: PLR2004 - Conflict
        )
        order = _json(answer, 201)
        _expect(order["status"] == "placed", f"a new order is {order['status']}, not placed")
        _expect(order["total"] == {"amount": 3998, "currency": "EUR"}, "the total is wrong")
        self._hop("orders", f"order {order['id']} placed: 2 x {sku}, 39.98 EUR")
        return order

    def _found(self, caller: Caller, text: str, kind: str, wanted: Mapping[str, str]) -> None:
        def hit() -> dict[str, Any] | None:
            query = {"q": text, "kind": kind}
            answer = caller.send("GET", "search-sync", "/search", params=query)
            if answer.status_code == _UNAVAILABLE:  # the first documents are only making the index
                return None
            page = _json(answer, 200)
            return next((i for i in page["items"] if i["id"] == text), None)

        def fits(item: dict[str, Any] | None) -> bool:
            return item is not None and all(item.get(k) == v for k, v in wanted.items())

        shown = ", ".join(f"{key} {value}" for key, value in wanted.items())
        until(f"search found {kind} {text} with {shown}", hit, fits)
        self._hop("search-sync", f"search finds {kind} {text}: {shown}")

    def _rename(self, admin: Caller, user: dict[str, Any], name: str) -> None:
        body = {"name": name, "email": user["email"]}
        match = {"If-Match": f'"{user["revision"]}"'}
        path = f"/users/{user['id']}"
        renamed = _json(admin.send("PUT", "users", path, json=body, headers=match), 200)
        _expect(renamed["name"] == name, "the user has not the new name")
        self._hop("users", f"user renamed: {name}")

    def _cancel(self, admin: Caller, order: str) -> None:
        cancelled = _json(admin.send("POST", "orders", f"/orders/{order}/cancel"), 200)
        _expect(cancelled["status"] == "cancelled", f"the order is {cancelled['status']}")
        self._hop("orders", f"order {order} cancelled")

    def _deactivate(self, admin: Caller, user: str) -> None:
        answer = admin.send("DELETE", "users", f"/users/{user}")
        _expect_status(answer, 204)
        self._hop("users", f"user {user} deactivated, personal data erased")

    def _refused(self, admin: Caller, customer: str, sku: str) -> None:
        # Orders made before the event has arrived are cancelled by it, like any open order.
        answer = until(
            "an order for a deactivated customer was refused",
            lambda: self._order(admin, customer, sku),
            lambda a: a.status_code != 201,  # noqa: PLR2004 - Created
        )
        problem = _json(answer, 409)
        _expect(problem["type"] == "/problems/inactive-customer", f"refused as {problem['type']}")
        self._hop("orders", f"a further order is refused: {problem['title'].lower()}")

    def _cancelled(self, admin: Caller, order: str) -> None:
        until(
            f"open order {order} was cancelled",
            lambda: _json(admin.send("GET", "orders", f"/orders/{order}"), 200),
            lambda o: o["status"] == "cancelled",
        )
        self._hop("orders", f"open order {order} cancelled by the deactivation")

    def _unseen(self, stranger: Caller, user: str, order: str, sku: str) -> None:
        for service, path in (
            ("users", f"/users/{user}"),
            ("orders", f"/orders/{order}"),
            ("orders", f"/products/{sku}"),
        ):
            _expect_status(stranger.send("GET", service, path), 404)
        for text in (user, order, sku):
            page = _json(stranger.send("GET", "search-sync", "/search", params={"q": text}), 200)
            _expect(page["items"] == [], f"{self._abroad} finds {text}")
        self._hop("all", f"{self._abroad} sees none of it: 404, and an empty search")

    def _hop(self, service: str, what: str) -> None:
        hop = Hop(self.since(time.monotonic()), service, what)
        self.hops.append(hop)


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


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise JourneyFailed(otherwise)


def _expect_status(answer: httpx.Response, status: int) -> None:
    asked = f"{answer.request.method} {answer.request.url.path}"
    _expect(answer.status_code == status, f"{asked} answered {_shown(answer)}, not {status}")


def _json(answer: httpx.Response, status: int) -> dict[str, Any]:
    _expect_status(answer, status)
    document: dict[str, Any] = answer.json()
    return document
