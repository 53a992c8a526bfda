"""What customers are told: a subscription to the stage's topic, gone when it is closed.

A mailer's own queue is left alone: whoever looks into it takes the message from the mailer for a
while, and after five looks for good.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from infra import aws
from infra.outputs import platform_outputs
from infra.stages import Stage

Notification = dict[str, Any]
"""A message as a mailer gets it: see orders' README."""

Told = Callable[[str], Sequence[Notification]]
"""Returns what the customer of an order was told so far; takes up to a second."""

_TOPIC = "order-notifications"
_WAIT_SECONDS = 1


@contextmanager
def mailbox(stage: Stage) -> Iterator[Told]:
    """Hear what customers are told on a stage that is up.

    It hears all of it: on AWS a filter may take 15 minutes to take effect.
    """
    sns, sqs = aws.client(stage, "sns"), aws.client(stage, "sqs")
    topic = _topic(stage)
    name = f"{stage.named('mail')}-{secrets.token_hex(4)}"
    queue = sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": "3600"})
    url = queue["QueueUrl"]
    try:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = found["Attributes"]["QueueArn"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _policy(arn, topic)})
        subscription = sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=arn,
            ReturnSubscriptionArn=True,
            Attributes={"RawMessageDelivery": "true"},
        )["SubscriptionArn"]
        try:
            yield _reader(sqs, url)
        finally:
            sns.unsubscribe(SubscriptionArn=subscription)
    finally:
        sqs.delete_queue(QueueUrl=url)


def _topic(stage: Stage) -> str:
    # The bus is of the same account and region.
    here = platform_outputs(stage)["BusArn"].split(":")
    return ":".join([*here[:2], "sns", *here[3:5], stage.named(_TOPIC)])


def _policy(queue: str, topic: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _reader(sqs: Any, queue: str) -> Told:
    heard: dict[str, Notification] = {}  # what comes twice has the same id

    def told(order: str) -> Sequence[Notification]:
        messages = sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=_WAIT_SECONDS
        ).get("Messages", [])
        for message in messages:
            body = json.loads(message["Body"])
            heard[body["id"]] = body
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [one for one in heard.values() if one["order_id"] == order]

    return told
