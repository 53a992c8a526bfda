"""A queue of a command's own: it hears what AWS sends it, and is gone when the command ends."""

import json
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from infra import aws
from infra.stages import Stage

_WAIT_SECONDS = 1


@dataclass(frozen=True)
class PrivateQueue:
    """A queue.

    Attributes
    ----------
    sqs
        A client of its stage.
    name, url, arn
        What it is called.
    """

    sqs: Any
    name: str
    url: str
    arn: str

    def admit(self, service: str, source: str) -> None:
        """Let a service of AWS send to it, such as ``sns``, on behalf of one source, by its ARN."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def receive(self) -> Iterator[dict[str, Any]]:
        """Yield up to ten messages; none if a second passes without any.

        They are taken out once the caller is through with all of them.
        """
        messages = self.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=_WAIT_SECONDS,
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        yield from messages
        if messages:
            entries = [
                {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                for index, message in enumerate(messages)
            ]
            self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)


@contextmanager
def private_queue(stage: Stage, purpose: str) -> Iterator[PrivateQueue]:
    """Make a queue on a stage that is up; its name begins with the stage's and the purpose."""
    sqs = aws.client(stage, "sqs")
    name = f"{stage.named(purpose)}-{secrets.token_hex(4)}"
    try:
        made = sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": "3600"})
        url = str(made["QueueUrl"])
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        yield PrivateQueue(sqs, name, url, str(found["Attributes"]["QueueArn"]))
    finally:
        # Interrupted before its URL was known, it may be there all the same.
        with uninterrupted(), suppress(sqs.exceptions.QueueDoesNotExist):
            sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a second Ctrl-C wait until all is cleaned up."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals never interrupt another thread
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(sign, signal.SIG_IGN) for sign in signals]
    try:
        yield
    finally:
        for sign, handler in zip(signals, before, strict=True):
            signal.signal(sign, handler)
