"""Take in what the payment provider tells."""

from datetime import datetime

from orders.payments.secret import PaymentSecret
from orders.payments.signature import Stale, Unreadable, Unsigned, fingerprint, verify
from orders.webhooks import Intake, Replayed, hint_of
from runtime.logs import logger
from runtime.messages import View
from runtime.metrics import count
from runtime.problems import MalformedRequest, Problem, Unauthenticated
from runtime.signed import Sent, signed


class Received(View):
    """The event was taken: what follows from it comes later.

    Attributes
    ----------
    id
        The provider's id of the event.
    """

    id: str


def receive_payment_webhook(
    request: Sent, secret: PaymentSecret, intake: Intake, now: datetime
) -> Received:
    """Queue a signed event. Its time may be five minutes from ours; a replay is refused."""
    try:
        return _taken(request, secret, intake, now)
    except Problem as problem:
        count("PaymentWebhooksRefused", why=problem.type)
        raise


def _taken(request: Sent, secret: PaymentSecret, intake: Intake, now: datetime) -> Received:
    try:
        event = verify(request.raw, request.signature, secret.keys().webhook_secrets, now)
    except (Unsigned, Stale) as error:
        raise Unauthenticated(f"not proven to be the payment provider's: {error}") from None
    except Unreadable as error:
        raise MalformedRequest(f"the body is {error}") from None
    hint = hint_of(event)
    intake.take(hint, fingerprint(request.raw, request.signature), now)
    logger.info("payment webhook taken", event_id=hint.event_id)
    return Received(id=hint.event_id)


handler = signed(
    "POST",
    "/webhooks/payments",
    receive_payment_webhook,
    header="Stripe-Signature",
    problems=[Replayed],
    secret=PaymentSecret.connect,
    intake=Intake.connect,
)
