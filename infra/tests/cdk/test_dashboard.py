"""What a service's dashboard shows, and where its alarms send an engineer."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Stack, assertions

from infra.app import stack_of
from infra.constructs.alarm import alarm, share_alarm
from infra.constructs.dashboard import body
from infra.constructs.gateway import HTTP, gateway_seen
from infra.constructs.watching import ERRORS, Graph, Metric, Watched, show, watched, watching
from infra.discovery import Service
from infra.runbooks import NoRunbook
from infra.stages import BadStage, Stage
from runtime.metrics import count

STAGE = Stage.of("prod")


def boards(template: assertions.Template) -> list[Any]:
    found = template.find_resources("AWS::CloudWatch::Dashboard").values()
    return [resource["Properties"] for resource in found]


def widgets(template: assertions.Template) -> list[dict[str, Any]]:
    (board,) = boards(template)
    said = board["DashboardBody"]["Fn::Sub"]
    text = said if isinstance(said, str) else said[0]
    found: list[dict[str, Any]] = json.loads(text)["widgets"]
    return found


def lines(template: assertions.Template, title: str) -> list[list[Any]]:
    (graph,) = [w["properties"] for w in widgets(template) if w["properties"].get("title") == title]
    found: list[list[Any]] = graph["metrics"]
    return found


def test_a_service_has_one_dashboard_named_after_it(template: assertions.Template) -> None:
    assert [board["DashboardName"] for board in boards(template)] == ["starling-prod-birds"]


def test_it_says_where_the_runbooks_are(template: assertions.Template) -> None:
    title = widgets(template)[0]
    assert title["type"] == "text"
    assert "# birds, stage prod" in title["properties"]["markdown"]
    assert "`services/birds/README.md`" in title["properties"]["markdown"]


def test_every_alarm_of_the_stack_is_on_it(template: assertions.Template) -> None:
    (board,) = [w for w in widgets(template) if w["type"] == "alarm"]
    shown = {arn.rpartition(":")[2] for arn in board["properties"]["alarms"]}
    found = template.find_resources("AWS::CloudWatch::Alarm").values()
    assert shown == {resource["Properties"]["AlarmName"] for resource in found}
    assert all("alarm:starling-prod-birds-" in arn for arn in board["properties"]["alarms"])


@pytest.mark.parametrize("title", ["errors", "duration, p95 in ms", "throttles"])
def test_every_function_is_seen(template: assertions.Template, title: str) -> None:
    found = template.find_resources("AWS::Lambda::Function").values()
    shown = lines(template, f"Functions: {title}")
    assert {line[3] for line in shown} == {f["Properties"]["FunctionName"] for f in found}
    assert {"label": "get-bird"} in [line[4] for line in shown]


def test_every_queue_is_seen(template: assertions.Template) -> None:
    found = template.find_resources("AWS::SQS::Queue").values()
    names = {f["Properties"]["QueueName"] for f in found}
    dead = {line[3] for line in lines(template, "Dead-letter queues: messages")}
    waiting = {line[3] for line in lines(template, "Queues: messages waiting")}
    oldest = {line[3] for line in lines(template, "Queues: age of the oldest message in s")}
    assert waiting == oldest
    assert dead | waiting == names
    assert not dead & waiting


def test_what_consumers_of_queues_count_is_seen(template: assertions.Template) -> None:
    shown = lines(template, "Messages that failed, and that were set aside")
    assert [(line[0], line[1]) for line in shown] == [
        ("Starling", "MessagesFailed"),
        ("Starling", "MessagesSetAside"),
    ]


def test_apis_and_streams_are_seen(template: assertions.Template) -> None:
    assert [line[1] for line in lines(template, "API: 4xx and 5xx")] == ["4XXError", "5XXError"]
    assert lines(template, "API: latency, p95 in ms")[0][:4] == [
        *("AWS/ApiGateway", "Latency", "ApiName", "starling-prod-birds"),
    ]
    late = lines(template, "Streams: age of the oldest unread change in ms")
    assert {line[3] for line in late} == {
        "starling-prod-birds-publisher",
        "starling-prod-birds-sing",
    }


def test_graphs_do_not_overlap_and_stay_on_the_board(template: assertions.Template) -> None:
    taken = set()
    for widget in widgets(template):
        for x in range(widget["x"], widget["x"] + widget["width"]):
            assert x < 24
            for y in range(widget["y"], widget["y"] + widget["height"]):
                assert (x, y) not in taken
                taken.add((x, y))


def test_an_alarm_says_what_to_do(template: assertions.Template) -> None:
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "AlarmName": "starling-prod-birds-on-tree-felled-dlq",
            "AlarmDescription": "birds could not handle a TreeFelled.v1 (on-tree-felled). "
            "What to do: services/birds/README.md#on-tree-felled-dlq",
        },
    )


def test_links_are_those_of_where_the_pages_are(
    birds: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STARLING_RUNBOOKS", "https://pages.example.com/main")
    template = assertions.Template.from_stack(stack_of(birds)(App(), birds, STAGE))
    page = "https://pages.example.com/main/services/birds/README.md"
    found = template.find_resources("AWS::CloudWatch::Alarm").values()
    assert all(f"What to do: {page}#" in f["Properties"]["AlarmDescription"] for f in found)
    assert f"[{page}]({page})" in widgets(template)[0]["properties"]["markdown"]


@pytest.mark.parametrize("base", ["pages", "https://x y", "https://x)", "ftp://pages"])
def test_what_is_no_address_of_pages_is_refused(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    monkeypatch.setenv("STARLING_RUNBOOKS", base)
    with pytest.raises(BadStage, match="STARLING_RUNBOOKS"):
        _ = STAGE.runbooks


def test_a_queue_rings_when_its_oldest_message_is_old(template: assertions.Template) -> None:
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "AlarmName": "starling-prod-birds-retry-old",
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateAgeOfOldestMessage",
            "Statistic": "Maximum",
            "Threshold": 900,
        },
    )


def test_an_api_rings_when_requests_fail(template: assertions.Template) -> None:
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "AlarmName": "starling-prod-birds-api-5xx",
            "MetricName": "5XXError",
            "Dimensions": [{"Name": "ApiName", "Value": "starling-prod-birds"}],
            "Statistic": "Sum",
            "Period": 300,
            "Threshold": 5,
        },
    )


def test_an_alarm_without_a_runbook_is_refused(birds: Service) -> None:
    stack = Stack(App())
    with watching(birds, STAGE), pytest.raises(NoRunbook, match="'moulting' rings"):
        alarm(
            stack,
            "Alarm",
            stage=STAGE,
            name="birds-moulting",
            description="Feathers everywhere.",
            namespace="Birds",
            metric="Feathers",
            dimensions={},
        )


def shares(stage: Stage) -> dict[str, Any]:
    stack = Stack(App())
    share_alarm(
        stack,
        "Share",
        stage=stage,
        name="songs-missed",
        description="Too few songs.",
        bad=[Metric("Birds", "Silent", {"wood": "oak"}, "silent"), Metric("Birds", "Off", {}, "")],
        good=[Metric("Birds", "Sung", {}, "sung")],
        percent=25,
        least=20,
        period=900,
    )
    return dict(assertions.Template.from_stack(stack).find_resources("AWS::CloudWatch::Alarm"))


def test_a_share_is_of_all_attempts_if_there_are_enough() -> None:
    ((_, resource),) = shares(STAGE).items()
    said = resource["Properties"]
    share, *counts = said["Metrics"]
    every = "FILL(b0,0)+FILL(b1,0)+FILL(g0,0)"
    assert share["Expression"] == f"IF(({every})>=20,100*(FILL(b0,0)+FILL(b1,0))/({every}),0)"
    assert share["ReturnData"] is True
    assert said["Threshold"] == 25
    assert {c["Id"]: c["MetricStat"]["Metric"]["MetricName"] for c in counts} == {
        "b0": "Silent",
        "b1": "Off",
        "g0": "Sung",
    }
    assert all(c["ReturnData"] is False and c["MetricStat"]["Period"] == 900 for c in counts)
    assert all(c["MetricStat"]["Stat"] == "Sum" for c in counts)


def test_a_local_stage_has_no_alarm_on_several_metrics() -> None:
    assert shares(Stage.of("local")) == {}


def test_an_http_api_is_known_by_its_id(birds: Service) -> None:
    stack = Stack(App())
    with watching(birds, STAGE) as seen:
        gateway_seen(stack, STAGE, "birds", HTTP, "id-of-the-api")
    assert seen.references == {"Api": "id-of-the-api"}
    metrics = [
        line for widget in body(seen)["widgets"][2:] for line in widget["properties"]["metrics"]
    ]
    assert {line[3] for line in metrics} == {"${Api}"}
    template = assertions.Template.from_stack(stack)
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm", {"Dimensions": [{"Name": "ApiId", "Value": "id-of-the-api"}]}
    )


def test_a_services_own_graphs_come_after_those_that_all_have(birds: Service) -> None:
    seen = Watched(birds, STAGE)
    seen.show(Graph("Songs"), seen.own("SongsSung", "sung", wood="oak"))
    seen.show(ERRORS, Metric("AWS/Lambda", "Errors", {}, ""))
    titles = [widget["properties"].get("title") for widget in body(seen)["widgets"]]
    assert titles == [None, "Functions: errors", "Songs"]
    (line,) = body(seen)["widgets"][2]["properties"]["metrics"]
    assert line == [
        *("Starling", "SongsSung"),
        *("stage", "prod", "service", "birds", "wood", "oak"),
        {"label": "sung"},
    ]


def test_a_services_own_metric_has_the_dimensions_that_its_code_emits(
    birds: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STARLING_STAGE", "prod")
    for variable in ("STARLING_SERVICE", "POWERTOOLS_SERVICE_NAME"):
        monkeypatch.setenv(variable, "birds")
    count("SongsSung", wood="oak")
    emitted = json.loads(capsys.readouterr().out)
    (directive,) = emitted["_aws"]["CloudWatchMetrics"]
    metric = Watched(birds, STAGE).own("SongsSung", wood="oak")
    assert directive["Namespace"] == metric.namespace
    assert [set(names) for names in directive["Dimensions"]] == [set(metric.dimensions)]
    assert {name: emitted[name] for name in metric.dimensions} == metric.dimensions


def test_more_alarms_than_one_widget_holds_are_shown_in_two(birds: Service) -> None:
    seen = Watched(birds, STAGE)
    seen.alarms.extend(f"alarm-{number}" for number in range(101))
    _, first, second = body(seen)["widgets"]
    assert [len(widget["properties"]["alarms"]) for widget in (first, second)] == [100, 1]
    assert second["y"] == first["y"] + first["height"]


def test_more_lines_than_cloudwatch_draws_are_refused(birds: Service) -> None:
    seen = Watched(birds, STAGE)
    seen.show(ERRORS, *[Metric("AWS/Lambda", "Errors", {}, "")] * 501)
    with pytest.raises(ValueError, match="501 lines"):
        body(seen)


def test_outside_of_a_services_stack_nothing_is_watched() -> None:
    assert watched() is None
    show(ERRORS, "AWS/Lambda", "FunctionName", "sing", {"Errors": ""})


def test_cdk_nag_and_cfn_lint_find_nothing(
    birds: Service, judged: Callable[[Callable[[App], Stack]], list[str]]
) -> None:
    assert judged(lambda app: stack_of(birds)(app, birds, STAGE)) == []
