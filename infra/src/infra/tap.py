"""A tap on a stage's bus: a rule and a queue of its own, both gone when it is closed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from infra import aws
from infra.outputs import platform_outputs
from infra.private_queue import PrivateQueue, private_queue, uninterrupted
from infra.stages import Stage

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
    bus = platform_outputs(stage)["BusName"]
    pattern = json.dumps(_pattern(kind, tenant))
    with private_queue(stage, "tap") as queue, _rule(stage, bus, queue, pattern):
        yield _batches(queue)


@contextmanager
def _rule(stage: Stage, bus: str, queue: PrivateQueue, pattern: str) -> Iterator[None]:
    events = aws.client(stage, "events")
    rule = {"Name": queue.name, "EventBusName": bus}
    try:
        queue.admit("events", events.put_rule(**rule, EventPattern=pattern)["RuleArn"])
        events.put_targets(
            Rule=queue.name, EventBusName=bus, Targets=[{"Id": "tap", "Arn": queue.arn}]
        )
        yield
    finally:
        # Interrupted before it was made, it need not be there.
        with uninterrupted(), suppress(events.exceptions.ResourceNotFoundException):
            events.remove_targets(Rule=queue.name, EventBusName=bus, Ids=["tap"])
            events.delete_rule(**rule)


def _pattern(kind: str | None, tenant: str | None) -> dict[str, Any]:
    pattern: dict[str, Any] = {"source": [{"prefix": "starling."}]}
    if kind:
        pattern["detail-type"] = [kind if "." in kind else {"prefix": f"{kind}."}]
    if tenant:
        pattern["detail"] = {"metadata": {"tenant_id": [tenant]}}
    return pattern


def _batches(queue: PrivateQueue) -> Iterator[list[Event]]:
    while True:
        yield [json.loads(message["Body"]) for message in queue.receive()]
