"""Sending a message again instead of receiving it again: later each time, its attempt counted.

A message keeps its first id, `origin`, under which what was done of it is known: one that is sent
again, or moved back from a dead-letter queue, gets another id each time.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any

from runtime.clients import client
from runtime.logs import logger
from runtime.metrics import count
from runtime.queue import ATTEMPT, Hopeless, attribute, kept, origin, texts
from runtime.settings import settings

MAX_DELAY_SECONDS = 900  # SQS's DelaySeconds
# Before the queue itself gives a message up, which would then have no origin.
_MOST_RECEIVED = 2


class Interrupted(Exception):
    """The message was received before, and whoever had it came to no end."""


def attempt(record: Mapping[str, Any]) -> int:
    """Return which attempt at the message this is, from 1.

    Raises
    ------
    Hopeless
        Its attribute is no number.
    """
    number = texts(record).get(ATTEMPT, "1")
    if not number.isascii() or not number.isdecimal():
        raise Hopeless("the message's attempt is not a number")
    return int(number)


def attempted(
    record: dict[str, Any], handle: Callable[[dict[str, Any]], None], attempts: int
) -> None:
    """Handle a record; if that fails, send its message again with a delay that doubles.

    Parameters
    ----------
    record
        As SQS hands it to Lambda.
    handle
        Handles it. Any exception but `Hopeless` is temporary.
    attempts
        How many there are in all.

    Raises
    ------
    Hopeless
        The message is one, or this was the last attempt.
    """
    number = attempt(record)
    try:
        _require_unspent(record)
        handle(record)
    except Hopeless:
        raise
    except Exception as error:
        logger.exception("attempt failed", message_id=origin(record), attempt=number)
        count("AttemptsFailed")
        if number >= attempts:
            reason = f"gave up after {number} attempts: {type(error).__name__}"
            raise Hopeless(reason) from error
        client("sqs").send_message(
            QueueUrl=settings.queue_url,
            MessageBody=record["body"],
            MessageAttributes={**kept(record), ATTEMPT: attribute(str(number + 1))},
            DelaySeconds=_delay(number),
        )


def _require_unspent(record: Mapping[str, Any]) -> None:
    if int(record["attributes"]["ApproximateReceiveCount"]) > _MOST_RECEIVED:
        raise Interrupted


def _delay(number: int) -> int:
    longest: int = min(MAX_DELAY_SECONDS, 2 ** min(number, 10))
    return random.randint(longest // 2, longest)  # noqa: S311 - jitter, not a secret
