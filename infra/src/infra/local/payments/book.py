"""What the provider knows: payment intents, their charges and refunds."""

import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .cards import Decline

MAX_OBJECTS = 50_000
"""Intents and refunds that are kept, each: 70 MB in all, measured. The oldest are forgotten."""


def new_id(kind: str) -> str:
    """Return an id like `pi_5f0c…`."""
    return f"{kind}_{secrets.token_hex(12)}"


def _now() -> int:
    return int(time.time())


@dataclass
class Charge:
    """An attempt to take the money; it paid if it has no `decline`."""

    method: str
    decline: Decline | None
    refunded: int = 0
    id: str = field(default_factory=lambda: new_id("ch"))
    created: int = field(default_factory=_now)

    @property
    def status(self) -> str:
        """`succeeded` or `failed`."""
        return "failed" if self.decline else "succeeded"


@dataclass
class Intent:
    """A payment: amounts are minor units, times are seconds since the epoch."""

    amount: int
    currency: str
    method: str | None
    metadata: dict[str, str]
    description: str | None
    capture_method: str
    automatic: dict[str, Any] | None
    status: str
    charges: list[Charge] = field(default_factory=list)
    canceled_at: int | None = None
    cancellation_reason: str | None = None
    id: str = field(default_factory=lambda: new_id("pi"))
    secret: str = field(default_factory=lambda: secrets.token_hex(12))
    created: int = field(default_factory=_now)

    @property
    def paid(self) -> Charge | None:
        """The charge that took the money: one at most, and the last."""
        return self.charges[-1] if self.status == "succeeded" else None

    def charge(self, method: str, decline: Decline | None) -> None:
        """Try to take the money."""
        self.charges.append(Charge(method, decline))
        self.status = "requires_payment_method" if decline else "succeeded"
        # As with Stripe, a card that was declined is to be named again.
        self.method = None if decline else method

    def cancel(self, reason: str | None) -> None:
        """Give the payment up."""
        self.status, self.canceled_at, self.cancellation_reason = "canceled", _now(), reason


@dataclass
class Refund:
    """Money that was given back."""

    intent: Intent
    charge: Charge
    amount: int
    reason: str | None
    metadata: dict[str, str]
    id: str = field(default_factory=lambda: new_id("re"))
    created: int = field(default_factory=_now)


class Book:
    """Every payment and refund since the server started.

    Attributes
    ----------
    lock
        Held by whoever reads or changes anything.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.intents: dict[str, Intent] = {}
        self.refunds: dict[str, Refund] = {}

    def add(self, intent: Intent) -> None:
        """Keep a new payment."""
        _keep(self.intents, intent.id, intent)

    def refund(self, refund: Refund) -> None:
        """Give money back, once and for all."""
        refund.charge.refunded += refund.amount
        _keep(self.refunds, refund.id, refund)

    def ledger(self) -> Iterator[dict[str, Any]]:
        """Yield each charge, oldest first, and each payment that was never charged."""
        for intent in self.intents.values():
            of_intent = {
                "payment_intent": intent.id,
                "order_id": intent.metadata.get("order_id"),
                "tenant_id": intent.metadata.get("tenant_id"),
                "amount": intent.amount,
                "currency": intent.currency,
            }
            for charge in intent.charges:
                yield {
                    "id": charge.id,
                    **of_intent,
                    "status": charge.status,
                    "refunded": charge.refunded,
                }
            if not intent.charges:
                yield {"id": None, **of_intent, "status": intent.status, "refunded": 0}


def _keep(objects: dict[str, Any], name: str, one: object) -> None:
    objects[name] = one
    if len(objects) > MAX_OBJECTS:
        del objects[next(iter(objects))]
