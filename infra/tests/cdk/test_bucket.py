"""Buckets: private, told of, reached by prefix, and ended by rule."""

from typing import Any

import pytest
from aws_cdk import App, Stack, assertions
from aws_cdk.assertions import Match

from infra.constructs.bucket import Bucket, Told, bucket_arn
from infra.constructs.function import Access
from infra.constructs.queue import WorkQueue
from infra.stages import Stage

NAME = "birds-photos"


def bucket(stage: str = "dev", **given: Any) -> tuple[Bucket, assertions.Template]:
    stack = Stack(App())
    made = Bucket(stack, "Photos", stage=Stage.of(stage), name=NAME, days={}, **given)
    return made, assertions.Template.from_stack(stack)


@pytest.mark.parametrize(
    ("stage", "versioned", "kept"),
    [("dev", True, False), ("prod", False, False), ("prod", True, True)],
)
def test_a_bucket_is_private_and_where_it_lasts_versioned(
    stage: str, versioned: bool, kept: bool
) -> None:
    _, template = bucket(stage, versioned=versioned)
    template.has_resource_properties(
        "AWS::S3::Bucket",
        {
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "BucketEncryption": Match.any_value(),
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "VersioningConfiguration": {"Status": "Enabled"} if kept else Match.absent(),
            "CorsConfiguration": Match.absent(),
            "NotificationConfiguration": Match.absent(),
        },
    )
    template.has_resource(
        "AWS::S3::Bucket", {"DeletionPolicy": "Retain" if stage == "prod" else Match.absent()}
    )
    denied = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    template.has_resource_properties(
        "AWS::S3::BucketPolicy",
        {"PolicyDocument": {"Statement": [Match.object_like(denied)]}},
    )


def test_what_has_served_ends_and_what_was_abandoned_goes() -> None:
    stack = Stack(App())
    Bucket(
        stack,
        "Photos",
        stage=Stage.of("dev"),
        name=NAME,
        days={"incoming/": 7},
        rarely_read=["kept/"],
        origins=["https://console.example"],
    )
    template = assertions.Template.from_stack(stack)
    (made,) = template.find_resources("AWS::S3::Bucket").values()
    rules = made["Properties"]["LifecycleConfiguration"]["Rules"]
    assert [rule["Status"] for rule in rules] == ["Enabled"] * 3
    assert rules[0]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert rules[0]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert (rules[1]["Prefix"], rules[1]["ExpirationInDays"]) == ("incoming/", 7)
    assert rules[2]["Prefix"] == "kept/"
    assert rules[2]["Transitions"][0]["StorageClass"] == "INTELLIGENT_TIERING"
    (cors,) = made["Properties"]["CorsConfiguration"]["CorsRules"]
    assert cors["AllowedOrigins"] == ["https://console.example"]


def test_a_queue_is_told_of_new_objects_and_admits_that_bucket_alone() -> None:
    stack, stage = Stack(App()), Stage.of("dev")
    queue = WorkQueue(
        stack,
        "Queue",
        stage=stage,
        name="birds-look",
        holds="It was not looked at.",
        handling=30,
        buckets=[bucket_arn(stage, NAME)],
    )
    told = [Told(queue, "incoming/"), Told(queue, "imports/", ".csv")]
    Bucket(stack, "Photos", stage=stage, name=NAME, days={}, told=told, on_the_bus=True)
    template = assertions.Template.from_stack(stack)
    (made,) = template.find_resources("AWS::S3::Bucket").values()
    said = made["Properties"]["NotificationConfiguration"]
    assert said["EventBridgeConfiguration"] == {"EventBridgeEnabled": True}
    filters = [one["Filter"]["S3Key"]["Rules"] for one in said["QueueConfigurations"]]
    assert filters == [
        [{"Name": "prefix", "Value": "incoming/"}],
        [{"Name": "prefix", "Value": "imports/"}, {"Name": "suffix", "Value": ".csv"}],
    ]
    policies = template.find_resources("AWS::SQS::QueuePolicy")
    admitted = [
        statement
        for policy in policies.values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    (statement,) = admitted
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {
        "aws:SourceAccount": {"Ref": "AWS::AccountId"}
    }
    assert "birds-photos" in str(statement["Condition"]["ArnEquals"])
    # S3 sends a test when it is set up: the queue has to let it in before.
    assert set(made["DependsOn"]) <= policies.keys()
    assert made["DependsOn"]


def grants(access: Access) -> dict[str, list[str]]:
    return {action: [*grant.resources] for grant in access.grants for action in grant.actions}


def test_a_function_reaches_objects_by_the_prefix_of_their_keys() -> None:
    photos, _ = bucket()
    access = photos.access("PHOTOS", GetObject=["a/", "b/"], PutObject=["a/"])
    arn = bucket_arn(Stage.of("dev"), NAME)
    assert list(access.environment) == ["PHOTOS"]
    assert grants(access) == {
        "s3:GetObject": [f"{arn}/a/*", f"{arn}/b/*"],
        "s3:PutObject": [f"{arn}/a/*"],
        "s3:ListBucket": [arn],
    }
    assert "s3:ListBucket" not in grants(photos.access("PHOTOS", DeleteObject=["a/"]))
