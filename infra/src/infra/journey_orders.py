"""The orders' part of the journey: placed, followed, paid, billed, told of, approved, cancelled."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from contracts.money import Money, shown
from infra.following import Moment, follow
from infra.journey_steps import (
    DEADLINE_SECONDS,
    Caller,
    JourneyFailed,
    expect,
    expect_status,
    json_of,
    until,
)
from infra.mail import Told

PRICE = Money(amount=12900, currency="EUR")
"""Of one piece."""

_LOOK_SECONDS = 0.02
_BECAME = {
    "approved": "it is approved",
    "awaiting_approval": "it is so much that it awaits approval",
    "cancelled": "it is cancelled",
    "confirmed": "it is paid and confirmed",
    "fulfilled": "it is fulfilled: it has left",
    "invoiced": "its invoice is written",
    "refunded": "its money went back",
    "rejected": "it is rejected",
    "reserved": "it is reserved: its pieces are held",
}


class Orders:
    """What is done with orders.

    Parameters
    ----------
    caller
        An admin.
    hop
        Told of each step: which service, and what happened.
    told
        What customers are told.
    payments
        Address of the payments sandbox, if there is one.
    """

    def __init__(
        self,
        caller: Caller,
        hop: Callable[[str, str], None],
        told: Told,
        payments: str | None,
    ) -> None:
        self._caller = caller
        self._hop = hop
        self._told = told
        self._payments = payments

    def ask(self, customer: str, sku: str, quantity: int, **more: str) -> httpx.Response:
        """Ask for an order, express if nothing else is said, and return the answer."""
        items = [{"sku": sku, "quantity": quantity}]
        body = {"customer_id": customer, "items": items, "type": "EXPRESS"} | more
        return self._caller.send("POST", "orders", "/orders", json=body)

    def place(self, customer: str, sku: str, quantity: int, **more: str) -> "Flight":
        """Place an order; nobody pays it, unless `payment_method` says how."""
        # Until the event has arrived, orders does not know the customer, and says so.
        answer = until(
            "the order was accepted",
            lambda: self.ask(customer, sku, quantity, **more),
            lambda a: a.status_code != 409,  # noqa: PLR2004 - Conflict
        )
        order = json_of(answer, 201)
        expect(order["status"] == "placed", f"a new order is {order['status']}, not placed")
        total = Money(amount=quantity * PRICE.amount, currency=PRICE.currency)
        expect(Money(**order["total"]) == total, f"the total is {order['total']}")
        how = more.get("payment_method", "no payment method yet")
        self._hop("orders", f"order {order['id']} placed: {quantity} for {shown(total)}, {how}")
        return Flight(self._caller, self._hop, order["id"], total)

    def billed(self, order: "Flight") -> None:
        """Open its invoice."""
        link = json_of(self._caller.send("GET", "orders", f"/orders/{order.id}/invoice"), 200)
        page = self._caller.http.get(link["url"])
        expect_status(page, 200)
        for text in (order.id, shown(order.total)):
            expect(text in page.text, f"the invoice does not say {text}: {page.text}")
        self._hop("orders", f"its invoice opens: {len(page.content):,} bytes of HTML")

    def told(self, order: "Flight", *news: str) -> None:
        """Wait until its customer was told some news: the event's name."""

        def heard() -> dict[str, str]:
            return {one["event_type"]: one["subject"] for one in self._told(order.id)}

        what = " and ".join(news)
        subjects = until(
            f"the customer was told {what}", heard, lambda seen: seen.keys() >= {*news}
        )
        for one in news:
            said = subjects[one].replace(order.id, "…")
            self._hop("orders", f"its customer is told: {said}")

    def charged(self, order: "Flight", *, taken: bool) -> None:
        """Look what the payments sandbox has of it: one charge, or none that succeeded."""
        if self._payments is None:
            return
        ledger = json_of(self._caller.http.get(f"{self._payments}/_ledger"), 200)["charges"]
        charges = [one for one in ledger if one["order_id"] == order.id]
        kept = [one["amount"] - one["refunded"] for one in charges if one["status"] == "succeeded"]
        expect(kept == [order.total.amount] * taken, f"the charges of {order.id} are {charges}")
        said = f"one charge, {shown(order.total)}" if taken else "no money was taken"
        self._hop("payments", f"the provider's ledger says: {said}")

    def free(self, sku: str, pieces: int) -> None:
        """Wait until so many pieces of a product are free."""
        until(
            f"{pieces} of {sku} were free",
            lambda: json_of(self._caller.product(sku), 200),
            lambda product: product["stock"] == pieces,
        )
        self._hop("orders", f"{pieces} pieces are free")

    def approve(self, order: "Flight") -> None:
        """Say yes to it."""
        path = f"/orders/{order.id}/approval"
        json_of(self._caller.send("POST", "orders", path, json={"approve": True}), 200)
        self._hop("orders", "an admin approves it")

    def cancel(self, order: "Flight") -> None:
        """Cancel it."""
        path = f"/orders/{order.id}/cancel"
        cancelled = json_of(self._caller.send("POST", "orders", path), 200)
        expect(cancelled["status"] == "cancelled", f"the order is {cancelled['status']}")


class Flight:
    """An order under way.

    Parameters
    ----------
    caller, hop
        Who follows it, and what is told of each moment.
    order
        Its id.
    total
        What it costs.

    Attributes
    ----------
    id, total
        As given.
    """

    def __init__(
        self, caller: Caller, hop: Callable[[str, str], None], order: str, total: Money
    ) -> None:
        self.id = order
        self.total = total
        self._caller = caller
        self._hop = hop
        self._deadline = 0.0
        self._happened: list[str] = []
        self._moments = follow(self._look, pause=_LOOK_SECONDS)

    def becomes(self, *way: str, why: str | None = None) -> None:
        """Follow it until the last of some moments has come, and see that it came this way.

        Parameters
        ----------
        way
            What is to happen next, in order; what happened before is not said again.
        why
            The reason that the last one is to have.
        """
        self._deadline = time.monotonic() + DEADLINE_SECONDS
        moment: Moment = {}
        came = []
        for moment in self._moments:
            if moment["what"] == "placed":
                continue
            self._happened.append(moment["what"])
            came.append(moment["what"])
            because = f": {moment['why']}" if moment["why"] else ""
            self._hop("orders", f"{_BECAME[moment['what']]}{because}")
            if moment["what"] == way[-1]:
                break
        expect(came == [*way], f"{self.id} became {came}, not {way}")
        expect(moment["why"] == why, f"{self.id} is {moment['what']} because of {moment['why']}")

    def _look(self) -> Sequence[Moment]:
        if time.monotonic() > self._deadline:
            raise JourneyFailed(
                f"nothing more of {self.id} within {DEADLINE_SECONDS:.0f} s: {self._happened}"
            )
        answer = self._caller.send("GET", "orders", f"/orders/{self.id}/timeline")
        moments: list[dict[str, Any]] = json_of(answer, 200)["items"]
        return moments
