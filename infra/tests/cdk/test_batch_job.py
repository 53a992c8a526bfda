"""A container on AWS Batch: synthesised, linted, and as private as it says."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Stack, assertions
from aws_cdk import aws_iam as iam

from infra.constructs.batch_job import BatchJob, Container, Network
from infra.constructs.function import Access, Grant, assumed_by, policy
from infra.stages import Stage

NETWORK = Network("vpc-0a1b2c3d4e5f60718", ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"])
REPOSITORY = "arn:aws:ecr:eu-west-1:000000000000:repository/herds"
IMAGE = f"000000000000.dkr.ecr.eu-west-1.amazonaws.com/herds@sha256:{'0' * 64}"
OBJECT = "arn:aws:s3:::starling-prod-herds/all.csv"
CONTAINER = Container(
    REPOSITORY, IMAGE, ["count", "--of", "Ref::herd"], parameters={"herd": "none"}, hours=3
)
READING = Access({"HERDS": "starling-prod-herds"}, [Grant(["s3:GetObject"], [OBJECT])])
KINDS = {
    "definition": "AWS::Batch::JobDefinition",
    "environment": "AWS::Batch::ComputeEnvironment",
    "group": "AWS::EC2::SecurityGroup",
    "queue": "AWS::Batch::JobQueue",
    "rule": "AWS::Events::Rule",
}


def make(app: App) -> Stack:
    """Make a stack with a job, and with a role that submits it."""
    stack = Stack(app, "Herds")
    job = BatchJob(
        stack,
        "Job",
        stage=Stage.of("prod"),
        name="herds-count",
        network=NETWORK,
        container=CONTAINER,
        access=[READING],
        at_once=4,
    )
    submitting = job.submitting()
    statements = [grant.statement() for grant in submitting.grants]
    role = iam.CfnRole(
        stack,
        "Submitter",
        assume_role_policy_document=assumed_by("states.amazonaws.com"),
        policies=[
            iam.CfnRole.PolicyProperty(policy_name="access", policy_document=policy(statements))
        ],
    )
    submitting.admit(role)
    return stack


@pytest.fixture(scope="module")
def template() -> assertions.Template:
    return assertions.Template.from_stack(make(App()))


@pytest.fixture(scope="module")
def made(template: assertions.Template) -> dict[str, Any]:
    """The properties of what there is one of."""
    found = {}
    for name, kind in KINDS.items():
        (resource,) = template.find_resources(kind).values()
        found[name] = resource["Properties"]
    return found


def roles(template: assertions.Template, service: str) -> list[list[tuple[Any, Any]]]:
    """Return what each role that a service takes may do, and on what."""
    found = []
    for role in template.find_resources("AWS::IAM::Role").values():
        said = role["Properties"]
        (trust,) = said["AssumeRolePolicyDocument"]["Statement"]
        if trust["Principal"]["Service"] == service:
            (access,) = said["Policies"]
            statements = access["PolicyDocument"]["Statement"]
            found.append([(one["Action"], one["Resource"]) for one in statements])
    return found


def test_cdk_nag_and_cfn_lint_find_nothing(
    judged: Callable[[Callable[[App], Stack]], list[str]],
) -> None:
    assert judged(make) == []


def test_jobs_run_on_fargate_in_private_subnets(made: dict[str, Any]) -> None:
    resources = made["environment"]["ComputeResources"]
    assert (resources["Type"], resources["MaxvCpus"]) == ("FARGATE", 4)
    assert resources["Subnets"] == NETWORK.subnets
    container = made["definition"]["ContainerProperties"]
    assert made["definition"]["PlatformCapabilities"] == ["FARGATE"]
    assert container["NetworkConfiguration"] == {"AssignPublicIp": "DISABLED"}
    assert container["FargatePlatformConfiguration"] == {"PlatformVersion": "1.4.0"}


def test_nothing_comes_in_and_tls_alone_goes_out(made: dict[str, Any]) -> None:
    assert "SecurityGroupIngress" not in made["group"]
    (out,) = made["group"]["SecurityGroupEgress"]
    assert "'" not in out["Description"], "EC2 takes no apostrophe there"
    assert (out["IpProtocol"], out["FromPort"], out["ToPort"]) == ("tcp", 443, 443)


def test_a_job_runs_one_content_on_a_disk_that_it_cannot_change(made: dict[str, Any]) -> None:
    container = made["definition"]["ContainerProperties"]
    assert container["Image"] == IMAGE
    assert (container["ReadonlyRootFilesystem"], container["Privileged"]) == (True, False)
    assert container["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    needs = {one["Type"]: one["Value"] for one in container["ResourceRequirements"]}
    assert needs == {"VCPU": "1", "MEMORY": "4096"}
    variables = {one["Name"]: one["Value"] for one in container["Environment"]}
    assert variables == {
        "HERDS": "starling-prod-herds",
        "LOG_LEVEL": "INFO",
        "STARLING_STAGE": "prod",
    }


def test_an_image_without_a_digest_is_refused() -> None:
    with pytest.raises(ValueError, match="no digest"):
        Container(REPOSITORY, "herds:latest", ["count"])


def test_a_job_ends_in_time_and_is_tried_again_only_if_its_host_was_lost(
    made: dict[str, Any],
) -> None:
    assert made["definition"]["Timeout"] == {"AttemptDurationSeconds": 3 * 60 * 60}
    retry = made["definition"]["RetryStrategy"]
    assert retry["Attempts"] == 3
    assert retry["EvaluateOnExit"] == [
        {"Action": "RETRY", "OnStatusReason": "Host EC2*"},
        {"Action": "EXIT", "OnReason": "*"},
    ]


def test_a_job_may_do_what_it_reaches_and_its_starter_pull_and_log(
    template: assertions.Template,
) -> None:
    of_job, of_starter = sorted(roles(template, "ecs-tasks.amazonaws.com"), key=len)
    assert of_job == [(["s3:GetObject"], [OBJECT])]
    (_, (group,)), (pulling, repository), signing_in = of_starter
    assert group["Fn::GetAtt"][1] == "Arn"
    assert {action.partition(":")[0] for action in pulling} == {"ecr"}
    assert repository == [REPOSITORY]
    assert signing_in == (["ecr:GetAuthorizationToken"], ["*"])


def test_who_submits_may_submit_to_this_queue_this_definition_alone(
    template: assertions.Template,
) -> None:
    ((submitting,),) = roles(template, "states.amazonaws.com")
    actions, (queue, latest, revisions) = submitting
    assert actions == ["batch:SubmitJob"]
    assert list(queue) == ["Ref"]
    assert "job-definition/starling-prod-herds-count" in json.dumps(latest)
    assert "job-definition/starling-prod-herds-count:*" in json.dumps(revisions)


def test_it_logs_where_logs_end(template: assertions.Template, made: dict[str, Any]) -> None:
    logging = made["definition"]["ContainerProperties"]["LogConfiguration"]
    assert logging["LogDriver"] == "awslogs"
    group = template.find_resources("AWS::Logs::LogGroup")[
        logging["Options"]["awslogs-group"]["Ref"]
    ]
    assert group["Properties"]["LogGroupName"] == "/aws/batch/starling-prod-herds-count"
    assert group["Properties"]["RetentionInDays"] == 90


def test_a_job_that_failed_is_kept_and_rings(
    template: assertions.Template, made: dict[str, Any]
) -> None:
    detail = made["rule"]["EventPattern"]["detail"]
    (queue,) = template.find_resources("AWS::Batch::JobQueue")
    assert detail == {"status": ["FAILED"], "jobQueue": [{"Ref": queue}]}
    (target,) = made["rule"]["Targets"]
    kept = template.find_resources("AWS::SQS::Queue")[target["Arn"]["Fn::GetAtt"][0]]
    assert kept["Properties"]["QueueName"] == "starling-prod-herds-count-failed"
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {"MetricName": "ApproximateNumberOfMessagesVisible", "Threshold": 1},
    )
