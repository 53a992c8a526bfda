"""What customers are told: a subscription to the stage's topic, gone when it is closed.

A mailer's own queue is left alone: whoever looks into it takes the message from the mailer for a
while, and after five looks for good.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from infra import aws
from infra.outputs import platform_outputs
from infra.private_queue import PrivateQueue, private_queue, uninterrupted
from infra.stages import Stage

Notification = dict[str, Any]
"""A message as a mailer gets it (see orders' README), and its ``attributes``."""

Told = Callable[[str], Sequence[Notification]]
"""Returns what the customer of an order was told so far; takes up to a second."""

_TOPIC = "order-notifications"


@contextmanager
def mailbox(stage: Stage) -> Iterator[Told]:
    """Hear what customers are told on a stage that is up.

    It hears all of it: on AWS a filter may take 15 minutes to take effect.
    """
    sns = aws.client(stage, "sns")
    with private_queue(stage, "mail") as queue:
        topic = _topic(stage)
        queue.admit("sns", topic)
        subscription = sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=queue.arn,
            ReturnSubscriptionArn=True,
            Attributes={"RawMessageDelivery": "true"},
        )["SubscriptionArn"]
        try:
            yield _reader(queue)
        finally:
            with uninterrupted():
                sns.unsubscribe(SubscriptionArn=subscription)


def _topic(stage: Stage) -> str:
    # The bus is of the same account and region.
    here = platform_outputs(stage)["BusArn"].split(":")
    return ":".join([*here[:2], "sns", *here[3:5], stage.named(_TOPIC)])


def _reader(queue: PrivateQueue) -> Told:
    heard: dict[str, Notification] = {}  # what comes twice has the same id

    def told(order: str) -> Sequence[Notification]:
        for message in queue.receive():
            given = message.get("MessageAttributes", {}).items()
            body = json.loads(message["Body"])
            attributes = {name: value["StringValue"] for name, value in given}
            heard[body["id"]] = {**body, "attributes": attributes}
        return [one for one in heard.values() if one["order_id"] == order]

    return told
