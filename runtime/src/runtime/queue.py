"""Consuming a queue: each message on its own, failures retried later, hopeless ones set aside."""

import random
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from runtime.clients import client
from runtime.logs import follow, logger
from runtime.metrics import count
from runtime.settings import settings

if TYPE_CHECKING:
    from types_boto3_sqs.type_defs import MessageAttributeValueTypeDef

MAX_BACKOFF_SECONDS = 900
_RESERVE_MILLISECONDS = 2_000
_MAX_REASON = 1000
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


class Hopeless(Exception):
    """A message that can never succeed: it goes to the dead-letter queue at once.

    Parameters
    ----------
    reason
        Why, without personal data.
    attributes
        What else goes with it, for whoever sends it again.
    """

    def __init__(
        self,
        reason: str,
        *,
        attributes: "Mapping[str, MessageAttributeValueTypeDef] | None" = None,
    ) -> None:
        super().__init__(reason)
        self.attributes = attributes or {}


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
        exception makes it visible again after an exponential, jittered delay.

    Returns
    -------
    dict
        ``{"batchItemFailures": …}``: the messages that are to come again.
    """
    failures: list[dict[str, str]] = []
    for record in event["Records"]:
        follow(None)
        message = record["messageId"]
        if context.get_remaining_time_in_millis() < _RESERVE_MILLISECONDS:
            logger.warning("message left for later: too little time", message_id=message)
            failures.append({"itemIdentifier": message})
            _back_off(record)
            continue
        try:
            try:
                handle(record)
            except Hopeless as hopeless:
                _set_aside(record, hopeless)
        except Exception:  # noqa: BLE001 - whatever it was, the other messages go on
            logger.exception("message failed", message_id=message)
            count("MessagesFailed")
            failures.append({"itemIdentifier": message})
            _back_off(record)
    return {"batchItemFailures": failures}


def attribute(text: str) -> "MessageAttributeValueTypeDef":
    """Return a text as a message attribute that the queue takes: bounded, printable, not empty.

    Parameters
    ----------
    text
        Such as the reason why a message is set aside.
    """
    return {"DataType": "String", "StringValue": _UNPRINTABLE.sub("?", text)[:_MAX_REASON] or "?"}


def _set_aside(record: dict[str, Any], hopeless: Hopeless) -> None:
    reason = str(hopeless)
    client("sqs").send_message(
        QueueUrl=settings.dead_letter_queue_url,
        MessageBody=record["body"],
        MessageAttributes={**hopeless.attributes, "reason": attribute(reason)},
    )
    logger.error("message set aside", message_id=record["messageId"], reason=reason)
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
        logger.exception("delay not set", message_id=record["messageId"])
