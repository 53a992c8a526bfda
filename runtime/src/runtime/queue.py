"""Consuming a queue: each message on its own, failures retried later, hopeless ones set aside."""

import random
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from runtime.clients import client
from runtime.logs import follow, logger, without_values
from runtime.metrics import count
from runtime.settings import settings

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageAttributeValueTypeDef

MAX_BACKOFF_SECONDS = 900
_RESERVE_MILLISECONDS = 2_000
_MAX_REASON = 1000
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")

ATTEMPT, ORIGIN = "attempt", "origin"
"""The attributes that a message gets with us: which attempt it is, and under which id it began."""


class Hopeless(Exception):
    """A message that can never succeed, and why: it goes to the dead-letter queue at once.

    The reason goes with it, and is logged: it holds no personal data.
    """


def consume(
    event: dict[str, Any], context: Any, handle: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Handle each message of a batch.

    Parameters
    ----------
    event
        What SQS hands to Lambda.
    context
        Lambda's context: near the end of its time the rest of the batch is left for later.
    handle
        Handles one record. `Hopeless` sets the message aside with the reason; any other
        exception makes it visible again after an exponential, jittered delay. After the last
        time that the queue would bring it, it is set aside with that exception as the reason,
        because the queue itself would give none.

    Returns
    -------
    dict
        ``{"batchItemFailures": …}``: the messages that are to come again.
    """
    failures: list[dict[str, str]] = []
    for record in event["Records"]:
        follow(None)
        try:
            done = _settled(record, context, handle)
        except Exception:  # noqa: BLE001 - whatever it was, the other messages go on
            # It is set aside next time; if there is none, the queue itself does.
            logger.exception("message not set aside", message_id=origin(record))
            done = False
        if not done:
            failures.append({"itemIdentifier": record["messageId"]})
            _back_off(record)
    return {"batchItemFailures": failures}


def texts(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the attributes of a record's message that are texts."""
    given = record.get("messageAttributes") or {}
    return {name: value["stringValue"] for name, value in given.items() if "stringValue" in value}


def origin(record: Mapping[str, Any]) -> str:
    """Return the id under which the message was sent first."""
    return texts(record).get(ORIGIN) or str(record["messageId"])


def kept(record: Mapping[str, Any]) -> "dict[str, MessageAttributeValueTypeDef]":
    """Return what goes with a message wherever it is sent again; its attempts are counted anew."""
    known = texts(record) | {ORIGIN: origin(record)}
    return {name: attribute(text) for name, text in known.items() if name != ATTEMPT}


def attribute(text: str) -> "MessageAttributeValueTypeDef":
    """Return a text as a message attribute that the queue takes: bounded, printable, not empty.

    Parameters
    ----------
    text
        Such as the reason why a message is set aside.
    """
    return {"DataType": "String", "StringValue": _UNPRINTABLE.sub("?", text)[:_MAX_REASON] or "?"}


def _settled(
    record: dict[str, Any], context: Any, handle: Callable[[dict[str, Any]], None]
) -> bool:
    """Handle a message, or set it aside; say whether it is to come no more."""
    message = origin(record)  # which all its log lines have, however often it was moved
    if context.get_remaining_time_in_millis() < _RESERVE_MILLISECONDS:
        logger.warning("too little time for a message", message_id=message)
        return _given_up(record, "too little time")
    try:
        handle(record)
    except Hopeless as hopeless:
        _set_aside(record, str(hopeless))
    except Exception as error:  # noqa: BLE001 - whatever it was, the other messages go on
        logger.exception("message failed", message_id=message)
        count("MessagesFailed")
        return _given_up(record, _told(error))
    return True


def _given_up(record: dict[str, Any], why: str) -> bool:
    """Set a message aside if the queue brings it no more; say whether that was so.

    Whoever dies right after leaves it in the queue too, which then gives it up by itself: there
    are two of it. Moved back, the second does nothing, as with all that comes twice.
    """
    received = int(record["attributes"]["ApproximateReceiveCount"])
    if received < settings.queue_attempts:
        return False
    _set_aside(record, f"gave up after {received} attempts: {why}")
    return True


def _told(error: Exception) -> str:
    """Return an exception as a reason, in one line."""
    text = " ".join(without_values(str(error)).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _set_aside(record: dict[str, Any], reason: str) -> None:
    client("sqs").send_message(
        QueueUrl=settings.dead_letter_queue_url,
        MessageBody=record["body"],
        MessageAttributes={**kept(record), "reason": attribute(reason)},
    )
    logger.error("message set aside", message_id=origin(record), reason=reason)
    count("MessagesSetAside")


def _back_off(record: dict[str, Any]) -> None:
    """Delay the next attempt; if that cannot be said, the queue's own timeout is the delay."""
    try:
        received = int(record["attributes"]["ApproximateReceiveCount"])
        ceiling = min(MAX_BACKOFF_SECONDS, 2 ** min(received, 10))
        client("sqs").change_message_visibility(
            QueueUrl=settings.queue_url,
            ReceiptHandle=record["receiptHandle"],
            VisibilityTimeout=random.randint(1, ceiling),  # noqa: S311 - jitter, not a secret
        )
    except Exception:  # noqa: BLE001 - a delay is a courtesy, the message comes again anyway
        logger.exception("delay not set", message_id=origin(record))
