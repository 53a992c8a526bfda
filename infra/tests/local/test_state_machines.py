"""What the emulator's Step Functions make of a state machine that the construct makes.

It reads a distributed map's file, and hands out its rows one by one: it knows no batches. What it
makes of batches and of results that are written to a bucket is judged on AWS alone.
"""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from infra.journey_steps import until
from infra.tools import node

node.use()  # before aws_cdk is imported: it starts node

from aws_cdk import App, Stack, assertions  # noqa: E402 - see above
from aws_cdk import aws_lambda as lambda_  # noqa: E402 - see above
from aws_cdk import aws_s3 as s3  # noqa: E402 - see above

from infra.constructs.function import Access  # noqa: E402 - see above
from infra.constructs.state_machine import Created, StateMachine  # noqa: E402 - see above
from infra.discovery import services  # noqa: E402 - see above

BUCKET, OTHER = "starling-test-arrivals", "starling-test-kept"
CLAIM = """
class Hopeless(Exception):
    pass
def handler(event, context):
    if "hopeless" in event["key"]:
        raise Hopeless("nobody asked")
    if "broken" in event["key"]:
        raise OSError("unreachable")
    if "another" in event["key"]:
        return {"claimed": False}
    return {"claimed": True, "tenant": "acme", "media_id": event["run"], "key": "rows.csv"}
"""
BATCH = "def handler(event, context): return None"
FINISH = "def handler(event, context): return {'finished': event}"
ROWS = 'sku,name\r\na,"Two\r\nlines, ""quoted"""\r\nb,B\r\n'


@pytest.fixture(scope="module")
def machine(emulator) -> Any:
    """The state machine of large imports with functions of the test's own, and two buckets."""
    (media,) = services(["media"])
    stack = Stack(App(), "large-imports")
    for name in (BUCKET, OTHER):
        told = (
            {"eventBridgeConfiguration": {"eventBridgeEnabled": True}} if name == BUCKET else None
        )
        s3.CfnBucket(stack, name, bucket_name=name, notification_configuration=told)
    tasks = {}
    for name, source in {
        "claim_import": CLAIM, "import_batch": BATCH, "finish_import": FINISH
    }.items():  # fmt: skip
        function = lambda_.CfnFunction(
            stack,
            name,
            function_name=name,
            runtime="python3.13",
            handler="index.handler",
            role="arn:aws:iam::000000000000:role/none",
            code=lambda_.CfnFunction.CodeProperty(zip_file=source),
        )
        tasks[name] = SimpleNamespace(arn=function.attr_arn)
    made = StateMachine(
        stack,
        "Machine",
        stage=emulator.stage,
        name="large-import",
        definition=media.definition("large-import"),
        tasks=tasks,  # type: ignore[arg-type]  # of a function its ARN alone is used
        access=[Access({"LIBRARY_BUCKET": OTHER})],
        started=Created(BUCKET, "large-files/"),
    )
    template = assertions.Template.from_stack(stack).to_json()
    template.pop("Parameters")  # of the CDK's own bootstrap
    template.pop("Rules")
    emulator.deploy("large-imports", template)
    emulator.client("s3").put_object(Bucket=OTHER, Key="rows.csv", Body=ROWS.encode())
    arn = f"arn:aws:states:{aws_region(emulator)}:000000000000:stateMachine:{made.name}"
    return SimpleNamespace(arn=arn, client=emulator.client("stepfunctions"), emulator=emulator)


def has_ended(told: Any) -> bool:
    return bool(told["status"] != "RUNNING")


def aws_region(emulator) -> str:
    region: str = emulator.client("s3").meta.region_name
    return region


def execution(machine: Any, key: str, is_good: Callable[[Any], bool] = has_ended) -> Any:
    """Put an object, and return the execution that it starts, as soon as that is as wanted."""
    machine.emulator.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")

    def good() -> list[Any]:
        def started_for(told: Any) -> bool:
            return bool(json.loads(told["input"])["detail"]["object"]["key"] == key)

        return [told for told in executions(machine) if started_for(told) and is_good(told)]

    return until(f"an execution for {key} was as wanted", good, bool, 120)[0]


def executions(machine: Any) -> list[Any]:
    listed = machine.client.list_executions(stateMachineArn=machine.arn)["executions"]
    return [machine.client.describe_execution(executionArn=one["executionArn"]) for one in listed]


def failures(machine: Any, told: Any) -> list[str]:
    """Return the errors of an execution's attempts."""
    history = machine.client.get_execution_history(executionArn=told["executionArn"])["events"]
    return [e["taskFailedEventDetails"]["error"] for e in history if e["type"] == "TaskFailed"]


def children(machine: Any, parent: Any) -> list[Any]:
    """Return the inputs of what a map of an execution has started, in the order of the rows."""
    arn = parent["executionArn"]
    (run,) = machine.client.list_map_runs(executionArn=arn)["mapRuns"]
    listed = machine.client.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    told = [machine.client.describe_execution(executionArn=one["executionArn"]) for one in listed]
    return sorted((json.loads(one["input"]) for one in told), key=lambda row: row["index"])


def test_an_object_below_the_prefix_is_claimed_read_row_by_row_and_summed_up(machine):
    ended = execution(machine, "large-files/acme/first file+.csv")
    assert ended["status"] == "SUCCEEDED", ended
    whose = {"tenant": "acme", "media_id": ended["name"]}
    assert json.loads(ended["output"]) == {"finished": whose}
    assert children(machine, ended) == [
        {**whose, "index": 0, "cells": {"sku": "a", "name": 'Two\r\nlines, "quoted"'}},
        {**whose, "index": 1, "cells": {"sku": "b", "name": "B"}},
    ]


def test_an_object_that_another_execution_has_is_not_read(machine):
    ended = execution(machine, "large-files/acme/another.csv")
    assert ended["status"] == "SUCCEEDED"
    assert machine.client.list_map_runs(executionArn=ended["executionArn"])["mapRuns"] == []


def test_an_object_elsewhere_starts_nothing(machine):
    machine.emulator.client("s3").put_object(Bucket=BUCKET, Key="imports/a.csv", Body=b"x")
    execution(machine, "large-files/acme/after.csv")
    assert not [told for told in executions(machine) if "imports/a.csv" in told["input"]]


def test_an_error_that_is_named_as_final_is_not_tried_again(machine):
    ended = execution(machine, "large-files/acme/hopeless.csv")
    assert (ended["status"], ended["error"]) == ("FAILED", "Hopeless")
    assert failures(machine, ended) == ["Hopeless"]


def test_any_other_error_is_tried_again(machine):
    told = execution(
        machine, "large-files/acme/broken.csv", lambda one: len(failures(machine, one)) > 1
    )
    assert failures(machine, told) == ["OSError", "OSError"]
    machine.client.stop_execution(executionArn=told["executionArn"])
