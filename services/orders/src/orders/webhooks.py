"""What the payment provider tells by itself: hints to look, which may come twice, late or never.

=======================================  ==========  ==========================================
pk                                       sk          what
=======================================  ==========  ==========================================
WEBHOOK#payments#<hash of what was sent> SENT        it was taken in; gone when it is stale
TENANT#t#INBOX#payment-webhooks#<event>  MARK#all    the event was handled
=======================================  ==========  ==========================================

The first belongs to no tenant: it is written before anything of the body counts.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.ids import OrderId, TenantId
from orders.payments.signature import TOLERANCE_SECONDS
from runtime.cause import Cause
from runtime.changes import Change, Create, Exists, Key, Remove
from runtime.clients import client
from runtime.inbox import mark
from runtime.problems import MalformedRequest, Problem
from runtime.settings import URL, read
from runtime.table import InTable, Table

KNOWN: Final = frozenset(
    {
        "charge.refunded",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
    }
)
"""The types of events that are looked into; others are acknowledged."""

# One that was signed ahead of our clock is good for the tolerance twice over.
_REMEMBERED = timedelta(seconds=2 * TOLERANCE_SECONDS + 1)


class Replayed(Problem):
    """What was sent before is sent again; whoever repeats an event signs it anew."""

    status, type, title = 400, "replayed", "The request was sent before"


class About(BaseModel):
    """Which payment of which order an event is about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tenant_id: TenantId
    order_id: OrderId
    payment_id: Annotated[str, Field(pattern="^pi_[A-Za-z0-9_]{1,250}$")]


class Hint(BaseModel):
    """What is kept of an event: no amount, no status, nobody's data.

    Attributes
    ----------
    event_id, type
        The provider's.
    about
        None if it is of no known type, or does not say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # What follows from it has this correlation id.
    event_id: Annotated[str, Field(pattern="^evt_[A-Za-z0-9_]{1,120}$")]
    type: Annotated[str, Field(pattern=r"^[a-z0-9_.\[\]]{1,120}$")]
    about: About | None = None

    @property
    def cause(self) -> Cause:
        """The ids under which everything that follows is known."""
        tenant = self.about.tenant_id if self.about else ""
        return Cause(tenant=tenant, correlation_id=self.event_id, causation_id=self.event_id)


def hint_of(event: dict[str, Any]) -> Hint:
    """Return what is to be kept of an event.

    Raises
    ------
    MalformedRequest
        It is no event: it has no id, or no type.
    """
    try:
        hint = Hint(event_id=event["id"], type=event["type"])
    except (KeyError, ValidationError):
        raise MalformedRequest("the body is no event of the payment provider") from None
    return hint.model_copy(update={"about": _about(event)}) if hint.type in KNOWN else hint


def _about(event: dict[str, Any]) -> About | None:
    """Return what a payment or a charge says of itself; a charge has its payment's metadata."""
    try:
        thing = event["data"]["object"]
        payment = thing["id"] if thing["object"] == "payment_intent" else thing["payment_intent"]
        metadata = thing["metadata"]
        return About(
            tenant_id=metadata["tenant_id"], order_id=metadata["order_id"], payment_id=payment
        )
    except (KeyError, TypeError, ValidationError):
        return None


class Intake(InTable):
    """Takes events in, each sending of one once.

    Parameters
    ----------
    table
        The service's table.
    queue_url
        Where they wait to be looked into.
    """

    def __init__(self, table: Table, queue_url: str) -> None:
        super().__init__(table)
        self._queue_url = queue_url

    @classmethod
    def connect(cls) -> "Intake":
        """Return it, with the queue that ``PAYMENT_WEBHOOKS_QUEUE_URL`` names."""
        return cls(Table.connect(), read("PAYMENT_WEBHOOKS_QUEUE_URL", URL))

    def take(self, hint: Hint, fingerprint: str, now: datetime) -> None:
        """Queue an event.

        What was sent is marked first, so that of many replays at once none is queued. Should we
        end before it is queued, the sender hears of no success, and sends the event again: with
        another time, and so with another fingerprint.

        Raises
        ------
        Replayed
            The very same was sent before.
        """
        sent = Create(
            key=Key(f"WEBHOOK#payments#{fingerprint}", "SENT"),
            data={},
            expires_at=int((now + _REMEMBERED).timestamp()),
            now=int(now.timestamp()),
        )
        try:
            self._table.commit(sent)
        except Exists:
            raise Replayed("this very request was sent before: sign it anew") from None
        try:
            client("sqs").send_message(QueueUrl=self._queue_url, MessageBody=hint.model_dump_json())
        except Exception:
            self._table.commit(Remove(key=sent.key))
            raise


class Handled(InTable):
    """Which events were handled: kept for longer than a message can come again."""

    def knows(self, hint: Hint, now: datetime) -> bool:
        """Whether the event was handled."""
        stored = self._table.get(_mark(hint, now).key)
        return stored is not None and (stored.expires_at or 0) > now.timestamp()

    def add(self, hint: Hint, now: datetime) -> None:
        """Remember that the event was handled."""
        with suppress(Exists):  # by who had the same message
            self._table.commit(_mark(hint, now))


def _mark(hint: Hint, now: datetime) -> Change:
    return mark(
        tenant=hint.cause.tenant,
        reaction="payment-webhooks",
        event_id=hint.event_id,
        part="all",
        now=now,
    )
