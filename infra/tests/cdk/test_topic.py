"""What the construct of topics makes: who may publish, and which queue hears what."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Stack, assertions
from aws_cdk import aws_iam as iam

from infra.constructs.function import assumed_by, policy
from infra.constructs.queue import WorkQueue
from infra.constructs.topic import Topic
from infra.stages import Stage

STAGE = Stage.of("prod")


def stack(app: App, publishers: int = 1) -> Stack:
    """Return a stack with a topic, a queue behind it, and roles that may publish."""
    made = Stack(app, "Songs")
    topic = Topic(made, "Songs", stage=STAGE, name="songs")
    queue = WorkQueue(
        made,
        "Listeners",
        stage=STAGE,
        name="listeners",
        holds="Nobody listened.",
        handling=30,
        topics=[topic.arn],
        days=14,
    )
    topic.subscribe("ToListeners", queue, chosen={"kind": ["Trill", "Chirp"], "flock": ()})
    for number in range(publishers):
        singing = topic.publishing("SONGS")
        role = iam.CfnRole(
            made,
            f"Singer{number}",
            assume_role_policy_document=assumed_by("lambda.amazonaws.com"),
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="access",
                    policy_document=policy([grant.statement() for grant in singing.grants]),
                )
            ],
        )
        singing.admit(role)
    return made


@pytest.fixture(scope="module")
def template() -> assertions.Template:
    return assertions.Template.from_stack(stack(App()))


def one(template: assertions.Template, kind: str, name: str = "") -> dict[str, Any]:
    """Return the one resource of a kind whose logical id has a part."""
    found = template.find_resources(kind)
    (said,) = [resource["Properties"] for id_, resource in found.items() if name in id_]
    return dict(said)


def test_cdk_nag_and_cfn_lint_find_nothing(
    judged: Callable[[Callable[[App], Stack]], list[str]],
) -> None:
    assert judged(stack) == []


def test_it_is_encrypted_and_named_by_its_stage(template: assertions.Template) -> None:
    said = one(template, "AWS::SNS::Topic")
    assert said == {"TopicName": "starling-prod-songs", "KmsMasterKeyId": "alias/aws/sns"}


def test_who_publishes_is_admitted_and_nobody_else_and_only_over_tls(
    template: assertions.Template,
) -> None:
    (topic,) = template.find_resources("AWS::SNS::Topic")
    without_tls, strangers = one(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    for statement in (without_tls, strangers):
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        assert statement["Resource"] == [{"Ref": topic}]
        assert statement["Action"] == "sns:Publish"
    assert without_tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    admitted = [{"Fn::GetAtt": ["Singer0", "Arn"]}]
    assert strangers["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": admitted}}
    granted = one(template, "AWS::IAM::Role")["Policies"][0]["PolicyDocument"]["Statement"]
    assert granted == [{"Effect": "Allow", "Action": ["sns:Publish"], "Resource": [{"Ref": topic}]}]


@pytest.mark.parametrize("publishers", [0, 2])
def test_each_role_that_publishes_is_admitted(publishers: int) -> None:
    template = assertions.Template.from_stack(stack(App(), publishers))
    statements = one(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    admitted = [s["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] for s in statements[1:]]
    assert [len(roles) for roles in admitted] == ([publishers] if publishers else [])


def test_a_queue_hears_what_it_asks_for_as_it_was_published(template: assertions.Template) -> None:
    said = one(template, "AWS::SNS::Subscription")
    assert said["RawMessageDelivery"] is True
    assert said["FilterPolicyScope"] == "MessageAttributes"
    assert said["FilterPolicy"] == {"kind": ["Trill", "Chirp"], "flock": [{"exists": True}]}


def test_what_a_queue_does_not_take_goes_to_the_dead_letters_that_ring(
    template: assertions.Template,
) -> None:
    said = one(template, "AWS::SNS::Subscription")
    dead = said["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    queue = one(template, "AWS::SQS::Queue", "ListenersQueue")
    assert queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] == dead
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 60 * 60
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "MetricName": "NumberOfNotificationsFailedToRedriveToDlq",
            "Dimensions": [{"Name": "TopicName", "Value": "starling-prod-songs"}],
        },
    )


def test_both_queues_take_messages_of_this_topic_alone(template: assertions.Template) -> None:
    policies = template.find_resources("AWS::SQS::QueuePolicy").values()
    assert len(policies) == 2
    for one_policy in policies:
        _, admitted = one_policy["Properties"]["PolicyDocument"]["Statement"]
        assert admitted["Principal"] == {"Service": "sns.amazonaws.com"}
        assert admitted["Action"] == ["sqs:SendMessage"]
        (source,) = admitted["Condition"]["ArnEquals"].values()
        assert source["Fn::Join"][1][-1].endswith(":starling-prod-songs")
