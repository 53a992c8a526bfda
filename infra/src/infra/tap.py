"""A tap on a stage's bus: a rule and a queue of its own, both gone when it is closed."""

import json
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from infra import aws
from infra.outputs import platform_outputs
from infra.stages import Stage

_WAIT_SECONDS = 1
Event = dict[str, Any]


@contextmanager
def tapped(
    stage: Stage, *, kind: str | None = None, tenant: str | None = None
) -> Iterator[Iterator[list[Event]]]:
    """Tap the bus of a stage.

    Parameters
    ----------
    stage
        A stage that is up.
    kind
        Only events of this detail-type (`OrderPlaced.v1`), or, without a version, of any
        version of it (`OrderPlaced`).
    tenant
        Only events of this tenant.

    Yields
    ------
    Iterator
        Batches of EventBridge events as they come, without an end; a batch is empty when a
        second passed without any.
    """
    events, sqs = aws.client(stage, "events"), aws.client(stage, "sqs")
    bus = platform_outputs(stage)["BusName"]
    name = f"{stage.named('tap')}-{secrets.token_hex(4)}"
    try:
        queue, arn = _make_queue(sqs, name)
        rule = events.put_rule(
            Name=name, EventBusName=bus, EventPattern=json.dumps(_pattern(kind, tenant))
        )["RuleArn"]
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": _policy(arn, rule)})
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "tap", "Arn": arn}])
        yield _batches(sqs, queue)
    finally:
        with _uninterrupted():
            _remove(events, sqs, bus, name)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a second Ctrl-C wait until the tap is gone."""
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


def _pattern(kind: str | None, tenant: str | None) -> dict[str, Any]:
    pattern: dict[str, Any] = {"source": [{"prefix": "starling."}]}
    if kind:
        pattern["detail-type"] = [kind if "." in kind else {"prefix": f"{kind}."}]
    if tenant:
        pattern["detail"] = {"metadata": {"tenant_id": [tenant]}}
    return pattern


def _make_queue(sqs: Any, name: str) -> tuple[str, str]:
    queue = sqs.create_queue(QueueName=name, Attributes={"MessageRetentionPeriod": "3600"})
    url = str(queue["QueueUrl"])
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, str(found["Attributes"]["QueueArn"])


def _policy(queue: str, rule: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _batches(sqs: Any, queue: str) -> Iterator[list[Event]]:
    while True:
        messages = sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=_WAIT_SECONDS
        ).get("Messages", [])
        yield [json.loads(message["Body"]) for message in messages]
        if messages:
            entries = [
                {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
                for index, message in enumerate(messages)
            ]
            sqs.delete_message_batch(QueueUrl=queue, Entries=entries)


def _remove(events: Any, sqs: Any, bus: str, name: str) -> None:
    """Remove what was made, however far that came."""
    with suppress(events.exceptions.ResourceNotFoundException):  # interrupted before it was made
        events.remove_targets(Rule=name, EventBusName=bus, Ids=["tap"])
        events.delete_rule(Name=name, EventBusName=bus)
    with suppress(sqs.exceptions.QueueDoesNotExist):
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])
