"""What the constructs make of a small service, and what they refuse."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Stack, assertions
from aws_cdk.assertions import Match

from infra.bundling import Target, code, layer
from infra.constructs.bundle import make_bundle
from infra.constructs.function import Access, Function, Grant, Plan
from infra.constructs.placement import Placement
from infra.constructs.rest_api import RestApi
from infra.discovery import Service
from infra.platform_stack import PlatformStack
from infra.stages import Stage
from runtime.endpoint import endpoint
from runtime.messages import Body, Request

Synthesise = Callable[[str], assertions.Template]


def functions(template: assertions.Template) -> dict[str, Any]:
    found = template.find_resources("AWS::Lambda::Function").values()
    return {f["Properties"]["FunctionName"]: f["Properties"] for f in found}


def test_a_function_for_each_declaration_named_after_it(template: assertions.Template) -> None:
    assert {name.removeprefix("starling-prod-birds-") for name in functions(template)} == {
        *("publisher", "add-bird", "get-bird", "list-birds"),
        *("on-tree-felled", "migrate", "sing", "retry"),
    }


def test_functions_share_one_bundle(template: assertions.Template) -> None:
    made = functions(template).values()
    assert len({str(function["Code"]) for function in made}) == 1
    assert len({str(function["Layers"]) for function in made}) == 1


def test_a_function_finds_what_it_reaches(template: assertions.Template) -> None:
    found = functions(template)

    def variables(name: str) -> set[str]:
        known = set(found[f"starling-prod-birds-{name}"]["Environment"]["Variables"])
        return known - {
            *("LOG_LEVEL", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_SERVICE_NAME"),
            *("STARLING_SERVICE", "STARLING_STAGE"),
        }

    assert variables("get-bird") == {"TABLE_NAME"}
    assert variables("list-birds") == {"TABLE_NAME", "CURSOR_SECRET_ID"}
    assert variables("publisher") == {"BUS_NAME", "FAILURE_QUEUE_URL"}
    queue = {"QUEUE_URL", "QUEUE_ATTEMPTS", "DEAD_LETTER_QUEUE_URL"}
    assert variables("on-tree-felled") == {"TABLE_NAME"} | queue
    assert variables("sing") == {"TABLE_NAME", "RETRY_QUEUE_URL"}
    assert variables("retry") == queue


def test_a_reaction_is_a_rule_on_the_exact_event(template: assertions.Template) -> None:
    template.has_resource_properties(
        "AWS::Events::Rule",
        {
            "EventBusName": "starling-prod",
            "EventPattern": {"source": ["starling.trees"], "detail-type": ["TreeFelled.v1"]},
        },
    )


def test_a_stream_consumer_reads_as_it_declares(template: assertions.Template) -> None:
    template.has_resource_properties(
        "AWS::Lambda::EventSourceMapping",
        {
            "BatchSize": 100,
            "MaximumBatchingWindowInSeconds": 5,
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": 3,
            "StartingPosition": "TRIM_HORIZON",
        },
    )


def test_the_publisher_does_not_wait_for_a_batch(template: assertions.Template) -> None:
    template.has_resource_properties(
        "AWS::Lambda::EventSourceMapping",
        {"MaximumBatchingWindowInSeconds": 0, "MaximumRetryAttempts": 10},
    )


def test_a_consumer_of_a_queue_leaves_room_for_others(template: assertions.Template) -> None:
    template.resource_properties_count_is(
        "AWS::Lambda::EventSourceMapping", {"ScalingConfig": {"MaximumConcurrency": 10}}, 2
    )


def test_a_function_takes_what_it_declares_and_its_queue_waits_as_long(
    template: assertions.Template,
) -> None:
    template.resource_properties_count_is(
        "AWS::Lambda::Function", {"Timeout": 90, "MemorySize": 1024}, 1
    )
    # Six times the function's timeout, as Lambda asks for.
    template.resource_properties_count_is("AWS::SQS::Queue", {"VisibilityTimeout": 540}, 1)


def test_a_schedule_is_a_rule_of_the_clock_whose_failures_are_kept(
    template: assertions.Template,
) -> None:
    template.has_resource_properties(
        "AWS::Events::Rule",
        {"ScheduleExpression": "cron(0 6 1 10 ? *)", "EventBusName": Match.absent()},
    )
    template.has_resource_properties(
        "AWS::Lambda::EventInvokeConfig",
        {"MaximumRetryAttempts": 2, "DestinationConfig": {"OnFailure": Match.any_value()}},
    )
    template.has_resource_properties(
        "AWS::Lambda::Permission", {"Principal": "events.amazonaws.com"}
    )
    # As the declaration says.
    template.resource_properties_count_is(
        "AWS::Lambda::Function", {"Timeout": 120, "MemorySize": 768}, 1
    )


def test_a_changed_model_is_a_new_deployment_of_the_api(birds: Service) -> None:
    class Small(Body):
        name: str

    class Large(Small):
        wings: int

    def deployment(body: type[Body]) -> str:
        def add(request: Request[body]) -> None:  # type: ignore[valid-type]  # chosen at run time
            del request

        stack = Stack(App(), "Birds")
        api = RestApi(
            stack,
            "Api",
            stage=Stage.of("prod"),
            service="birds",
            authorizer_arn="arn:aws:lambda:eu-west-1:000000000000:function:authorizer",
        )
        function = Function(stack, "Add", plan(stack, birds))
        api.add("add", endpoint("POST", "/birds", add), function)
        (name,) = assertions.Template.from_stack(stack).find_resources(
            "AWS::ApiGateway::Deployment"
        )
        return name

    assert deployment(Small) == deployment(Small) != deployment(Large)


def test_a_disposable_stages_resources_go_with_their_stack(synthesise: Synthesise) -> None:
    synthesise("dev").has_resource_properties(
        "AWS::DynamoDB::Table", {"DeletionProtectionEnabled": False}
    )
    synthesise("dev").has_resource("AWS::DynamoDB::Table", {"DeletionPolicy": Match.absent()})
    synthesise("prod").has_resource("AWS::DynamoDB::Table", {"DeletionPolicy": "Retain"})


def plan(stack: Stack, birds: Service, name: str = "sing") -> Plan:
    target = Target.of(Stage.of("prod"))
    bundle = make_bundle(stack, "birds", code=code(birds, target), layer=layer(birds, target))
    return Plan(Stage.of("prod"), bundle, name, "birds.sing.handler")


def test_a_functions_role_grants_what_it_reaches_and_its_own_logs(birds: Service) -> None:
    stack = Stack(App())
    access = Access({"SONG": "loud"}, [Grant(["s3:GetObject"], ["arn:aws:s3:::songs/one"])])
    Function(stack, "Sing", plan(stack, birds).reaching(access), reserved=3)
    template = assertions.Template.from_stack(stack)
    template.has_resource_properties(
        "AWS::Lambda::Function",
        {
            "ReservedConcurrentExecutions": 3,
            "Environment": {"Variables": Match.object_like({"SONG": "loud"})},
        },
    )
    (role,) = template.find_resources("AWS::IAM::Role").values()
    (policy,) = role["Properties"]["Policies"]
    actions = [statement["Action"] for statement in policy["PolicyDocument"]["Statement"]]
    assert actions == [
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
        ["s3:GetObject"],
    ]


def test_a_function_runs_in_the_network_of_what_it_reaches(birds: Service) -> None:
    stack = Stack(App())
    access = Access(placement=Placement(("subnet-1", "subnet-2"), "sg-1"))
    Function(stack, "Sing", plan(stack, birds).reaching(access, Access({"SONG": "loud"}), access))
    assertions.Template.from_stack(stack).has_resource_properties(
        "AWS::Lambda::Function",
        {"VpcConfig": {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}},
    )


def test_a_function_in_two_networks_is_refused(birds: Service) -> None:
    stack = Stack(App())
    access = [Access(placement=Placement(("subnet-1",), group)) for group in ("sg-1", "sg-2")]
    with pytest.raises(ValueError, match="2 networks"):
        Function(stack, "Sing", plan(stack, birds).reaching(*access))


def test_a_name_that_lambda_would_refuse_is_refused_before(birds: Service) -> None:
    stack = Stack(App())
    with pytest.raises(ValueError, match="longer than 64"):
        Function(stack, "Long", plan(stack, birds, "a" * 60))


@pytest.mark.parametrize(
    ("stage", "where"),
    [("test", "http://127.0.0.1:"), ("prod", "https://")],
)
def test_tokens_keys_come_from_the_issuer_or_from_the_local_emulator(
    stage: str, where: str
) -> None:
    template = assertions.Template.from_stack(PlatformStack(App(), Stage.of(stage)))
    found = template.find_resources(
        "AWS::SSM::Parameter", {"Properties": {"Name": f"/starling/{stage}/jwks-url"}}
    )
    (parameter,) = found.values()
    assert parameter["Properties"]["Value"]["Fn::Join"][1][0].startswith(where)


def test_the_tenant_of_a_user_is_set_once() -> None:
    template = assertions.Template.from_stack(PlatformStack(App(), Stage.of("prod")))
    template.has_resource_properties(
        "AWS::Cognito::UserPool",
        {"Schema": [Match.object_like({"Name": "tenant", "Mutable": False})]},
    )
    template.has_resource_properties(
        "AWS::Events::Archive", {"ArchiveName": "starling-prod-archive", "RetentionDays": 30}
    )
