"""Topics, dashboards and alarms as the constructs make them, on a real emulator."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from infra.journey_steps import until
from infra.tools import node

node.use()  # before aws_cdk is imported: it starts node

from aws_cdk import App, CfnOutput, Stack, assertions  # noqa: E402 - see above

from infra.constructs.dashboard import dashboard  # noqa: E402 - see above
from infra.constructs.gateway import HTTP, gateway_seen  # noqa: E402 - see above
from infra.constructs.queue import WorkQueue  # noqa: E402 - see above
from infra.constructs.topic import Topic  # noqa: E402 - see above
from infra.constructs.watching import watching  # noqa: E402 - see above
from infra.discovery import Service  # noqa: E402 - see above

SUBSCRIBERS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "chosen": {"kind": ["Trill"], "flock": ()},
    "everything": {"kind": (), "flock": ()},
    "north": {"flock": ["north"]},
}
README = "### `…-dlq`, `…-old`, `…-lost`\n\n### `api-5xx`\n"


@pytest.fixture(scope="module")
def deployed(emulator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("services") / "geese"
    folder.mkdir()
    (folder / "README.md").write_text(README, encoding="utf-8")
    stack = Stack(App(), "Songs")
    with watching(Service(folder), emulator.stage) as seen:
        topic = Topic(stack, "Songs", stage=emulator.stage, name="songs")
        for name, chosen in SUBSCRIBERS.items():
            queue = WorkQueue(
                stack,
                name.title(),
                stage=emulator.stage,
                name=name,
                holds="Nobody listened.",
                handling=30,
                topics=[topic.arn],
            )
            topic.subscribe(f"To{name.title()}", queue, chosen=chosen)
        gateway_seen(stack, emulator.stage, "geese", HTTP, topic.name)
    dashboard(stack, "Dashboard", seen)
    CfnOutput(stack, "Arn", value=topic.publishing("TOPIC").environment["TOPIC"])
    template = dict(assertions.Template.from_stack(stack).to_json())
    template["Parameters"] = {}  # nothing of it is an asset: no bootstrap is needed
    template["Rules"] = {}
    return emulator.deploy("songs", template)


def heard(emulator, name: str) -> list[dict[str, Any]]:
    sqs = emulator.client("sqs")
    url = sqs.get_queue_url(QueueName=emulator.stage.named(name))["QueueUrl"]
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
    )
    return list(answer.get("Messages", []))


def test_each_subscriber_hears_what_it_asked_for_as_it_was_published(emulator, deployed):
    songs = [("Trill", "south"), ("Chirp", "north"), ("Trill", None), (None, "north")]
    for kind, flock in songs:
        given = {"kind": kind, "flock": flock}
        emulator.client("sns").publish(
            TopicArn=deployed["Arn"],
            Message=json.dumps(given),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in given.items()
                if value
            },
        )
    expected = {
        "chosen": [("Trill", "south")],
        "everything": [("Trill", "south"), ("Chirp", "north")],
        "north": [("Chirp", "north"), (None, "north")],
    }
    for name, wanted in expected.items():
        messages = until(
            f"{name} heard its songs",
            lambda name=name: heard(emulator, name),
            lambda found, wanted=wanted: len(found) >= len(wanted),
        )
        bodies = [json.loads(message["Body"]) for message in messages]
        assert sorted((b["kind"] or "", b["flock"]) for b in bodies) == sorted(
            (kind or "", flock) for kind, flock in wanted
        )
        for message, body in zip(messages, bodies, strict=True):
            attributes = {n: a["StringValue"] for n, a in message["MessageAttributes"].items()}
            assert attributes == {name: value for name, value in body.items() if value}


def test_a_dashboard_is_there_with_its_references_filled_in(emulator, deployed):
    name = emulator.stage.named("geese")
    cloudwatch = emulator.client("cloudwatch")
    text = cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"]
    assert "${" not in text
    widgets = json.loads(text)["widgets"]
    (board,) = [w["properties"]["alarms"] for w in widgets if w["type"] == "alarm"]
    alarms = {
        alarm["AlarmArn"]
        for page in cloudwatch.get_paginator("describe_alarms").paginate()
        for alarm in page["MetricAlarms"]
        if "What to do: services/geese/README.md#" in alarm["AlarmDescription"]
    }
    assert set(board) == alarms
    metrics = [m for w in widgets for m in w["properties"].get("metrics", [])]
    assert {m[3] for m in metrics if m[2] == "ApiId"} == {emulator.stage.named("songs")}
