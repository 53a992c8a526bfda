"""The journey of orders: what the demo shows and the end-to-end tests assert, as one program.

It speaks HTTP like any client, and hears what customers are told as a mailer would. Every step
asserts on an effect; what another service does by reaction is waited for by polling to a deadline.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import httpx
from rich.text import Text
from ulid import ULID

from contracts.money import shown
from infra.journey_orders import PRICE, Flight, Orders
from infra.journey_search import Search
from infra.journey_steps import Caller, expect, expect_status, json_of, until
from infra.mail import Told
from infra.picture import WORDS, Picture
from infra.stages import Stage

VISA, DECLINED = "pm_card_visa", "pm_card_chargeDeclined"
_STOCK, _MUCH = 12, 8  # eight cost over 1,000.00: somebody must approve that; and few are left
_PRODUCT, _MISTYPED = "Trail runner", "Trial runer"
_UNTYPED = 3  # letters of a name that nobody has typed yet

SignIn = Callable[[str, str, str], str]
"""Returns a token for a tenant, a user and a role."""


class Hop(NamedTuple):
    """One thing that happened: when, in milliseconds since the start, where, and what."""

    at_ms: int
    service: str
    what: str | Text


class Journey:
    """One run.

    Parameters
    ----------
    stage
        A stage that is up.
    apis
        Base URL of each service's API.
    sign_in
        Gets tokens.
    told
        What customers are told.
    home, abroad
        The tenant whose orders they are, and the stranger.

    Attributes
    ----------
    hops
        What has happened so far.
    chapters
        What the hops are about, by the index of the first of them.
    """

    def __init__(
        self,
        stage: Stage,
        apis: Mapping[str, str],
        sign_in: SignIn,
        told: Told,
        *,
        home: str = "acme",
        abroad: str = "globex",
    ) -> None:
        self._stage = stage
        self._apis = apis
        self._sign_in = sign_in
        self._told = told
        self._home = home
        self._abroad = abroad
        self._http = httpx.Client(trust_env=False)  # no proxy stands before a laptop
        self._started = time.monotonic()
        self.hops: list[Hop] = []
        self.chapters: dict[int, str] = {}

    def run(self) -> None:
        """Take every step.

        Raises
        ------
        JourneyFailed
            An effect did not come, or another one came.
        """
        with self._http:
            admin, stranger = self._caller(self._home, "ada"), self._caller(self._abroad, "eve")
            orders = Orders(admin, self._hop, self._told, self._stage.payments_url)
            picture = Picture(admin, self._hop)
            search = Search(admin, self._hop)
            self._started = time.monotonic()
            mark = str(ULID())[-8:].lower()
            self._chapter("A customer, and something to buy")
            user = self._create_user(admin, f"Ada {mark}", mark)
            customer, name = user["id"], user["name"]
            sku = self._put_product(admin, mark)
            media_id = picture.upload(sku)
            search.suggests(name[:-_UNTYPED].lower(), "user", customer)
            search.finds(name.lower(), "user", customer, "active", marks={"title": name})
            order = self._fulfilled(orders, search, customer, sku)
            self._declined(orders, search, customer, sku)
            self._approved(orders, search, customer, sku)
            self._cancelled(admin, orders, search, user, sku)
            self._chapter("The picture, and who sees what")
            picture.opens(picture.ready(media_id))
            words = " ".join(WORDS)
            search.finds(words.lower(), "media", media_id, "ready", marks={"texts": words})
            picture.on_product(sku, media_id)
            self._unseen(stranger, customer, order, sku, media_id)

    def since(self, moment: float) -> int:
        """Return how many milliseconds after the start a moment of the monotonic clock was."""
        return round((moment - self._started) * 1000)

    def _caller(self, tenant: str, user: str) -> Caller:
        sign_in = partial(self._sign_in, tenant, user, "admin")
        return Caller.signed_in(self._stage, self._apis, sign_in, self._http)

    def _create_user(self, admin: Caller, name: str, mark: str) -> dict[str, Any]:
        body = {"name": name, "email": f"ada.{mark}@example.com"}
        user = json_of(admin.send("POST", "users", "/users", json=body), 201)
        self._hop("users", f"user {user['id']} created: {name}")
        return user

    def _put_product(self, admin: Caller, mark: str) -> str:
        sku = f"trail-runner-{mark}"
        body = {"name": _PRODUCT, "price": PRICE.model_dump(), "stock": _STOCK}
        json_of(admin.send("PUT", "orders", f"/products/{sku}", json=body), 201)
        self._hop("orders", f"product {sku} on sale: {_STOCK} for {shown(PRICE)} each")
        return sku

    def _fulfilled(self, orders: Orders, search: Search, customer: str, sku: str) -> str:
        self._chapter("An order, from its placing to its end")
        # Where a round of parcels is an hour, only an express order is gone in time.
        kind = "STANDARD" if self._stage.local else "EXPRESS"
        order = orders.place(customer, sku, 2, type=kind, payment_method=VISA)
        order.becomes("reserved", "confirmed")
        # It may have left by the time it is looked for.
        self._found(search, order, customer, "confirmed", "fulfilled")
        order.becomes("invoiced", "fulfilled")
        orders.billed(order)
        orders.told(order, "OrderConfirmed", "OrderFulfilled")
        orders.charged(order, taken=True)
        orders.free(sku, _STOCK - 2)
        self._found(search, order, customer, "fulfilled")
        search.counts(customer, fulfilled=1)
        return order.id

    def _declined(self, orders: Orders, search: Search, customer: str, sku: str) -> None:
        self._chapter("A card that is declined: what the order holds goes back")
        order = orders.place(customer, sku, 3, payment_method=DECLINED)
        order.becomes("reserved", "rejected", why="payment_failed")
        orders.free(sku, _STOCK - 2)
        orders.charged(order, taken=False)
        orders.told(order, "OrderRejected")
        self._found(search, order, customer, "rejected")

    def _approved(self, orders: Orders, search: Search, customer: str, sku: str) -> None:
        self._chapter("An order that somebody must approve")
        order = orders.place(customer, sku, _MUCH, payment_method=VISA)
        order.becomes("reserved", "awaiting_approval")
        self._found(search, order, customer, "placed", asking=_MISTYPED)
        orders.charged(order, taken=False)
        orders.approve(order)
        order.becomes("approved", "confirmed", "invoiced", "fulfilled")
        orders.told(order, "OrderConfirmed", "OrderFulfilled")
        orders.charged(order, taken=True)
        orders.free(sku, _STOCK - 2 - _MUCH)
        self._found(search, order, customer, "fulfilled")

    def _cancelled(
        self, admin: Caller, orders: Orders, search: Search, user: Mapping[str, Any], sku: str
    ) -> None:
        self._chapter("Two orders that nobody pays: both are cancelled")
        customer, left = user["id"], _STOCK - 2 - _MUCH
        name = str(user["name"])
        renamed = name.replace("Ada", "Augusta")
        first, second = (orders.place(customer, sku, 1) for _ in range(2))
        first.becomes("reserved")
        second.becomes("reserved")
        orders.free(sku, left - 2)
        search.finds(name, "order", first.id, "placed", marks={"customer_name": name})
        self._rename(admin, user, renamed)
        search.finds(renamed, "order", first.id, "placed", marks={"customer_name": renamed})
        orders.cancel(first)
        first.becomes("cancelled", why="cancelled on request")
        orders.told(first, "OrderCancelled")
        self._found(search, first, customer, "cancelled")
        self._deactivate(admin, customer)
        second.becomes("cancelled", why="customer deleted")
        search.counts(customer, fulfilled=2, rejected=1, cancelled=2)
        search.forgets(renamed, customer)
        self._refused(orders, customer, sku)
        orders.free(sku, left)

    def _found(
        self, search: Search, order: Flight, customer: str, *statuses: str, asking: str = _PRODUCT
    ) -> None:
        marks = {"title": _PRODUCT}
        # Others may have bought the like before.
        search.finds(asking.lower(), "order", order.id, *statuses, marks=marks, customer=customer)

    def _rename(self, admin: Caller, user: Mapping[str, Any], name: str) -> None:
        body = {"name": name, "email": user["email"]}
        match = {"If-Match": f'"{user["revision"]}"'}
        path = f"/users/{user['id']}"
        renamed = json_of(admin.send("PUT", "users", path, json=body, headers=match), 200)
        expect(renamed["name"] == name, "the user has not the new name")
        self._hop("users", f"user renamed: {name}")

    def _deactivate(self, admin: Caller, user: str) -> None:
        answer = admin.send("DELETE", "users", f"/users/{user}")
        expect_status(answer, 204)
        self._hop("users", f"user {user} deactivated, personal data erased")

    def _refused(self, orders: Orders, customer: str, sku: str) -> None:
        # Orders made before the event has arrived are cancelled by it, like any open order.
        answer = until(
            "an order for a deactivated customer was refused",
            lambda: orders.ask(customer, sku, 1),
            lambda a: a.status_code != 201,  # noqa: PLR2004 - Created
        )
        problem = json_of(answer, 409)
        expect(problem["type"] == "/problems/inactive-customer", f"refused as {problem['type']}")
        self._hop("orders", f"a further order is refused: {problem['title'].lower()}")

    def _unseen(self, stranger: Caller, user: str, order: str, sku: str, media_id: str) -> None:
        for service, path in (
            ("users", f"/users/{user}"),
            ("orders", f"/orders/{order}"),
            ("orders", f"/orders/{order}/timeline"),
            ("orders", f"/orders/{order}/invoice"),
            ("orders", f"/products/{sku}"),
            ("media", f"/media/{media_id}"),
        ):
            expect_status(stranger.send("GET", service, path), 404)
        for text in (user, order, sku, media_id):
            page = json_of(stranger.send("GET", "search-sync", "/search", params={"q": text}), 200)
            expect(page["items"] == [], f"{self._abroad} finds {text}")
        for path in ("/search", "/suggest"):
            page = json_of(stranger.send("GET", "search-sync", path, params={"q": _PRODUCT}), 200)
            ids = {one["id"] for one in page["items"]}
            expect(ids.isdisjoint({order, media_id}), f"{self._abroad} finds {ids} in {path}")
        self._hop("all", f"{self._abroad} sees none of it: 404, an empty search, nothing suggested")

    def _chapter(self, about: str) -> None:
        self.chapters[len(self.hops)] = about

    def _hop(self, service: str, what: str | Text) -> None:
        hop = Hop(self.since(time.monotonic()), service, what)
        self.hops.append(hop)
