"""What the construct of state machines makes of a definition, and what it refuses."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack, assertions
from aws_cdk.assertions import Match

from infra.app import stack_of
from infra.constructs.function import Access
from infra.constructs.state_machine import StateMachine, named
from infra.discovery import Service, declared
from infra.paths import SERVICES
from infra.stages import Stage
from runtime.task import Task

SAMPLE = Path(__file__).parent / "sample" / "herds"
STAGE = Stage.of("prod")
MACHINE = "AWS::StepFunctions::StateMachine"


@pytest.fixture(scope="module")
def herds(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The sample service, with the lock of a real one."""
    folder = tmp_path_factory.mktemp("services") / "herds"
    shutil.copytree(SAMPLE, folder)
    shutil.copy(SERVICES / "users" / "requirements.lock", folder)
    return Service(folder)


@pytest.fixture(scope="module")
def template(herds: Service) -> assertions.Template:
    return assertions.Template.from_stack(stack_of(herds)(App(), herds, STAGE))


def one(template: assertions.Template, kind: str, **properties: Any) -> dict[str, Any]:
    """Return the one resource of a kind."""
    found = template.find_resources(kind, {"Properties": properties} if properties else None)
    (resource,) = found.values()
    said: dict[str, Any] = resource["Properties"]
    return said


def granted(template: assertions.Template, service: str) -> dict[str, list[Any]]:
    """Return what the role that a service takes may do, and on what."""
    allowed: dict[str, list[Any]] = {}
    for role in template.find_resources("AWS::IAM::Role").values():
        (trust,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if trust["Principal"] == {"Service": service}:
            for statement in role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]:
                for action in statement["Action"]:
                    allowed.setdefault(action, []).extend(statement["Resource"])
    return allowed


def test_cdk_nag_and_cfn_lint_find_nothing(
    herds: Service, judged: Callable[[Callable[[App], Stack]], list[str]]
) -> None:
    found = judged(lambda app: stack_of(herds)(app, herds, STAGE))
    assert [one for one in found if "/Pasture/" not in one] == []  # the bucket is another construct


def test_tasks_are_found_by_their_modules(herds: Service) -> None:
    found = declared(herds, "workflow", Task)
    assert [(f.name, f.handler) for f in found] == [
        ("count-animals", "herds.workflow.count_animals.handler"),
        ("find-herd", "herds.workflow.find_herd.handler"),
    ]


def test_a_definition_says_what_it_leaves_to_be_filled_in(herds: Service) -> None:
    assert named(herds.definition("census")) == {"find_herd", "count_animals", "PASTURE"}


def test_a_task_takes_what_it_declares(template: assertions.Template) -> None:
    function = one(
        template, "AWS::Lambda::Function", FunctionName="starling-prod-herds-count-animals"
    )
    assert (function["Timeout"], function["MemorySize"]) == (90, 1024)


def test_the_definition_is_that_of_the_file_with_its_functions_filled_in(
    template: assertions.Template, herds: Service
) -> None:
    machine = one(template, MACHINE)
    assert machine["StateMachineName"] == "starling-prod-herds-census"
    assert json.loads(machine["DefinitionString"]) == json.loads(herds.definition("census"))
    filled = machine["DefinitionSubstitutions"]
    assert filled.keys() == {"find_herd", "count_animals", "PASTURE"}
    functions = template.find_resources("AWS::Lambda::Function")
    for task in ("find_herd", "count_animals"):
        logical_id, attribute = filled[task]["Fn::GetAtt"]
        name = functions[logical_id]["Properties"]["FunctionName"]
        assert (name, attribute) == (f"starling-prod-herds-{task.replace('_', '-')}", "Arn")


def test_it_may_call_its_tasks_and_start_its_maps_and_read_its_prefix_alone(
    template: assertions.Template,
) -> None:
    allowed = granted(template, "states.amazonaws.com")
    filled = one(template, MACHINE)["DefinitionSubstitutions"]
    assert allowed.pop("lambda:InvokeFunction") == [filled["count_animals"], filled["find_herd"]]
    (itself,) = allowed.pop("states:StartExecution")
    assert str(itself).endswith(":stateMachine:starling-prod-herds-census']]}")
    for action in ("DescribeExecution", "RedriveExecution", "StopExecution"):
        own, of_maps = map(str, allowed.pop(f"states:{action}"))
        assert ":execution:starling-prod-herds-census:*" in own
        assert ":execution:starling-prod-herds-census/*:*" in of_maps
    (objects,) = allowed.pop("s3:GetObject")
    assert str(objects).endswith("/herds/*']]}")
    (bucket,) = allowed.pop("s3:ListBucket")
    assert "herds-pasture" in str(bucket)
    assert {action.partition(":")[0] for action in allowed} == {"logs", "xray"}
    assert all(on == ["*"] for on in allowed.values())


def test_every_step_is_logged_and_traced_but_not_what_goes_through_it(
    template: assertions.Template,
) -> None:
    machine = one(template, MACHINE)
    logging = machine["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", False)
    assert machine["TracingConfiguration"] == {"Enabled": True}
    template.has_resource(
        "AWS::Logs::LogGroup",
        {
            "Properties": {
                "LogGroupName": "/aws/vendedlogs/states/starling-prod-herds-census",
                "RetentionInDays": 90,
            },
            "DeletionPolicy": "Retain",
        },
    )


@pytest.mark.parametrize("metric", ["ExecutionsFailed", "ExecutionsTimedOut"])
def test_an_execution_that_ends_badly_rings(template: assertions.Template, metric: str) -> None:
    alarm = one(template, "AWS::CloudWatch::Alarm", MetricName=metric)
    assert (alarm["Namespace"], alarm["Threshold"]) == ("AWS/States", 1)
    assert [d["Name"] for d in alarm["Dimensions"]] == ["StateMachineArn"]


def test_how_executions_end_is_on_the_dashboard(template: assertions.Template) -> None:
    text = one(template, "AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Sub"]
    (graph,) = [
        widget["properties"]["metrics"]
        for widget in json.loads(text)["widgets"]
        if widget["properties"].get("title") == "State machines: how executions ended"
    ]
    assert {line[1]: line[4] for line in graph} == {
        "ExecutionsSucceeded": {"label": "herds-census succeeded"},
        "ExecutionsFailed": {"label": "herds-census failed"},
        "ExecutionsTimedOut": {"label": "herds-census timed-out"},
    }
    assert {line[3].rpartition(":")[2] for line in graph} == {"starling-prod-herds-census"}


def test_a_new_object_below_the_prefix_starts_it_and_what_does_not_is_kept(
    template: assertions.Template,
) -> None:
    rule = one(template, "AWS::Events::Rule")
    assert "EventBusName" not in rule  # S3 tells the default bus
    assert rule["EventPattern"]["source"] == ["aws.s3"]
    assert rule["EventPattern"]["detail-type"] == ["Object Created"]
    detail = rule["EventPattern"]["detail"]
    assert detail["object"] == {"key": [{"prefix": "herds/"}]}
    assert list(detail["bucket"]["name"][0]) == ["Ref"]
    (target,) = rule["Targets"]
    (machine,) = template.find_resources(MACHINE)
    assert target["Arn"]["Fn::GetAtt"] == [machine, "Arn"]
    kept = target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0]
    queues = template.find_resources("AWS::SQS::Queue")
    assert queues[kept]["Properties"]["QueueName"] == "starling-prod-herds-census-missed"
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {"MetricName": "ApproximateNumberOfMessagesVisible", "Threshold": 1},
    )
    assert granted(template, "events.amazonaws.com") == {"states:StartExecution": [target["Arn"]]}


def machine(definition: str, name: str = "herds-census", **more: Any) -> assertions.Template:
    stack = Stack(App())
    StateMachine(stack, "Machine", stage=STAGE, name=name, definition=definition, tasks={}, **more)
    return assertions.Template.from_stack(stack)


PASS = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${WORD}", "End": true}}}'


def test_without_tasks_maps_and_a_start_it_is_granted_its_logs_alone() -> None:
    template = machine(PASS.replace("${WORD}", "x"))
    assert {a.partition(":")[0] for a in granted(template, "states.amazonaws.com")} == {
        *("logs", "xray")
    }
    template.resource_count_is("AWS::Events::Rule", 0)
    template.resource_count_is("AWS::SQS::Queue", 0)
    template.has_resource_properties(MACHINE, {"DefinitionSubstitutions": Match.absent()})


def test_a_word_that_nothing_gives_is_refused() -> None:
    with pytest.raises(ValueError, match="WORD"):
        machine(PASS)


def test_a_variable_that_the_definition_does_not_name_is_refused() -> None:
    with pytest.raises(ValueError, match="OTHER"):
        machine(PASS, access=[Access({"WORD": "x", "OTHER": "y"})])


def test_a_name_that_step_functions_would_refuse_is_refused_before() -> None:
    with pytest.raises(ValueError, match="longer than 80"):
        machine(PASS, "a" * 70)
