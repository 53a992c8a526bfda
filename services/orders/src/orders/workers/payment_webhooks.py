"""What the payment provider told is looked into: the provider is asked how the payment stands."""

from datetime import datetime
from typing import Any

from pydantic import ValidationError

from orders.paying import Paying
from orders.payments import PaymentRefused
from orders.webhooks import KNOWN, Handled, Hint
from runtime.logs import follow, logger
from runtime.metrics import count
from runtime.queue import Hopeless
from runtime.worker import worker


def payment_webhooks(message: Any, paying: Paying, handled: Handled, now: datetime) -> None:
    """Look into an event, once; the order of events does not matter, as none is believed."""
    hint = _read(message)
    follow(hint.cause)
    count("PaymentWebhooks", outcome=_outcome(hint, paying, handled, now))


def _outcome(hint: Hint, paying: Paying, handled: Handled, now: datetime) -> str:
    if hint.type not in KNOWN:
        logger.info("payment webhook of no interest", kind=hint.type)
        return "unknown-type"
    if hint.about is None:
        logger.warning("payment webhook names no order", kind=hint.type)
        return "no-order"
    if handled.knows(hint, now):
        return "repeated"
    order_id, payment_id = hint.about.order_id, hint.about.payment_id
    follow(hint.cause, order_id=order_id)
    try:
        news = paying.look(order_id, payment_id, cause=hint.cause, now=now)
    except PaymentRefused as refused:
        raise Hopeless(f"the payment provider refuses to tell: {refused.code}") from refused
    # Afterwards: who ends in between looks again, which changes nothing.
    handled.add(hint, now)
    logger.info("payment webhook", kind=hint.type, news=news)
    return "news" if news else "no-news"


def _read(message: Any) -> Hint:
    try:
        return Hint.model_validate(message)
    except ValidationError as error:
        raise Hopeless("not a message of the webhooks' endpoint") from error


handler = worker(payment_webhooks, paying=Paying.connect, handled=Handled.connect)
