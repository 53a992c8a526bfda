"""The order's journey: what the demo shows and the end-to-end tests assert, as one program.

It speaks HTTP alone, like any client. Every step asserts on an effect; what another service does
by reaction is waited for by polling to a deadline.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import httpx
from ulid import ULID

from infra.journey_steps import Caller, expect, expect_status, json_of, until
from infra.picture import Picture

_UNAVAILABLE = 503

SignIn = Callable[[str, str, str], str]
"""Returns a token for a tenant, a user and a role."""


class Hop(NamedTuple):
    """One thing that happened: when, in milliseconds since the start, where, and what."""

    at_ms: int
    service: str
    what: str


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
            picture = Picture(admin, self._hop)
            media_id = picture.upload(sku)
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
            picture.opens(picture.ready(media_id))
            picture.found(media_id)
            picture.on_product(sku, media_id)
            self._unseen(stranger, user["id"], first["id"], sku, media_id)

    def since(self, moment: float) -> int:
        """Return how many milliseconds after the start a moment of the monotonic clock was."""
        return round((moment - self._started) * 1000)

    def _callers(self) -> tuple[Caller, Caller]:
        admin = Caller(self._apis, self._sign_in(self._home, "ada", "admin"), self._http)
        stranger = Caller(self._apis, self._sign_in(self._abroad, "eve", "admin"), self._http)
        return admin, stranger

    def _create_user(self, admin: Caller, name: str, mark: str) -> dict[str, Any]:
        body = {"name": name, "email": f"ada.{mark}@example.com"}
        user = json_of(admin.send("POST", "users", "/users", json=body), 201)
        self._hop("users", f"user {user['id']} created: {name}")
        return user

    def _put_product(self, admin: Caller, mark: str) -> str:
        sku = f"trail-runner-{mark}"
        body = {"name": "Trail runner", "price": {"amount": 12900, "currency": "EUR"}, "stock": 10}
        json_of(admin.send("PUT", "orders", f"/products/{sku}", json=body), 201)
        self._hop("orders", f"product {sku} on sale for 129.00 EUR")
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
        order = json_of(answer, 201)
        expect(order["status"] == "placed", f"a new order is {order['status']}, not placed")
        expect(order["total"] == {"amount": 25800, "currency": "EUR"}, "the total is wrong")
        self._hop("orders", f"order {order['id']} placed: 2 x {sku}, 258.00 EUR")
        return order

    def _found(self, caller: Caller, text: str, kind: str, wanted: Mapping[str, str]) -> None:
        def hit() -> dict[str, Any] | None:
            query = {"q": text, "kind": kind}
            answer = caller.send("GET", "search-sync", "/search", params=query)
            if answer.status_code == _UNAVAILABLE:  # the first documents are only making the index
                return None
            page = json_of(answer, 200)
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
        renamed = json_of(admin.send("PUT", "users", path, json=body, headers=match), 200)
        expect(renamed["name"] == name, "the user has not the new name")
        self._hop("users", f"user renamed: {name}")

    def _cancel(self, admin: Caller, order: str) -> None:
        cancelled = json_of(admin.send("POST", "orders", f"/orders/{order}/cancel"), 200)
        expect(cancelled["status"] == "cancelled", f"the order is {cancelled['status']}")
        self._hop("orders", f"order {order} cancelled")

    def _deactivate(self, admin: Caller, user: str) -> None:
        answer = admin.send("DELETE", "users", f"/users/{user}")
        expect_status(answer, 204)
        self._hop("users", f"user {user} deactivated, personal data erased")

    def _refused(self, admin: Caller, customer: str, sku: str) -> None:
        # Orders made before the event has arrived are cancelled by it, like any open order.
        answer = until(
            "an order for a deactivated customer was refused",
            lambda: self._order(admin, customer, sku),
            lambda a: a.status_code != 201,  # noqa: PLR2004 - Created
        )
        problem = json_of(answer, 409)
        expect(problem["type"] == "/problems/inactive-customer", f"refused as {problem['type']}")
        self._hop("orders", f"a further order is refused: {problem['title'].lower()}")

    def _cancelled(self, admin: Caller, order: str) -> None:
        until(
            f"open order {order} was cancelled",
            lambda: json_of(admin.send("GET", "orders", f"/orders/{order}"), 200),
            lambda o: o["status"] == "cancelled",
        )
        self._hop("orders", f"open order {order} cancelled by the deactivation")

    def _unseen(self, stranger: Caller, user: str, order: str, sku: str, media_id: str) -> None:
        for service, path in (
            ("users", f"/users/{user}"),
            ("orders", f"/orders/{order}"),
            ("orders", f"/products/{sku}"),
            ("media", f"/media/{media_id}"),
        ):
            expect_status(stranger.send("GET", service, path), 404)
        for text in (user, order, sku, media_id):
            page = json_of(stranger.send("GET", "search-sync", "/search", params={"q": text}), 200)
            expect(page["items"] == [], f"{self._abroad} finds {text}")
        self._hop("all", f"{self._abroad} sees none of it: 404, and an empty search")

    def _hop(self, service: str, what: str) -> None:
        hop = Hop(self.since(time.monotonic()), service, what)
        self.hops.append(hop)
