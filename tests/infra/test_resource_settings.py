"""What every resource is set to, on a disposable stage and on one whose data is kept."""

from collections.abc import Mapping
from typing import Any

import pytest

from infra.stages import Stage
from tests.conftest import Templates
from tests.templates import SERVICES, Resource, Template, referred

STAGES = ["dev", "prod"]
DAY = 24 * 60 * 60


@pytest.fixture(params=[(stage, service) for stage in STAGES for service in SERVICES], ids="-".join)
def stage_and_template(request: pytest.FixtureRequest) -> tuple[Stage, Template]:
    stage, service = request.param
    templates: Templates = request.getfixturevalue(stage)
    return Stage.of(stage), templates[service]


Given = tuple[Stage, Template]


def enabled(settings: Mapping[str, Any], *path: str) -> bool:
    value: Any = settings
    for name in path:
        value = value.get(name, {})
    return value is True


def test_tables_expire_recover_and_encrypt_and_show_both_images(stage_and_template: Given) -> None:
    stage, template = stage_and_template
    for table in template.all("AWS::DynamoDB::Table"):
        said = table.properties
        expiry = said.get("TimeToLiveSpecification")
        assert expiry == {"AttributeName": "expires_at", "Enabled": True}, f"{table}: set its TTL"
        recovery = ("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled")
        assert enabled(said, *recovery), f"{table}: turn point-in-time recovery on"
        assert enabled(said, "SSESpecification", "SSEEnabled"), f"{table}: encrypt it"
        assert said["BillingMode"] == "PAY_PER_REQUEST", f"{table}: on demand"
        view = said["StreamSpecification"]["StreamViewType"]
        assert view == "NEW_AND_OLD_IMAGES", f"{table}: the publisher compares both images"
        assert said["TableName"] == stage.named(template.service)


def test_data_is_protected_from_deletion_except_on_disposable_stages(
    stage_and_template: Given,
) -> None:
    stage, template = stage_and_template
    for table in template.all("AWS::DynamoDB::Table"):
        assert table.properties["DeletionProtectionEnabled"] is not stage.disposable, table
    for pool in template.all("AWS::Cognito::UserPool"):
        expected = "INACTIVE" if stage.disposable else "ACTIVE"
        assert pool.properties["DeletionProtection"] == expected, pool
    holding = (
        "AWS::DynamoDB::Table",
        "AWS::Cognito::UserPool",
        "AWS::OpenSearchService::Domain",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
    )
    for resource in template.all(*holding):
        policies = {resource.whole.get(name) for name in ("DeletionPolicy", "UpdateReplacePolicy")}
        if stage.disposable:
            assert "Retain" not in policies, f"{resource} is left behind by a disposable stage"
        else:
            assert policies == {"Retain"}, f"{resource} goes with its stack: keep it"


def test_functions_run_on_lambdas_arm_with_tracing_and_logs_that_end(
    stage_and_template: Given,
) -> None:
    stage, template = stage_and_template
    for function in template.all("AWS::Lambda::Function"):
        said = function.properties
        assert said["Architectures"] == ["arm64"], function
        assert said["Runtime"] == "python3.13", function
        assert said["TracingConfig"] == {"Mode": "Active"}, function
        assert len(said["Layers"]) == 1, f"{function}: one layer of dependencies a service"
        assert said["LoggingConfig"]["LogFormat"] == "JSON", function
        _check_log_group(template, said["LoggingConfig"].get("LogGroup"), function, stage)


def test_every_api_logs_its_requests_with_logs_that_end_and_is_throttled(
    stage_and_template: Given,
) -> None:
    stage, template = stage_and_template
    for api in template.all("AWS::ApiGateway::Stage"):
        destination = api.properties["AccessLogSetting"]["DestinationArn"]
        _check_log_group(template, destination, api, stage)
        (every,) = api.properties["MethodSettings"]
        assert (every["HttpMethod"], every["ResourcePath"]) == ("*", "/*"), api
        assert every["ThrottlingRateLimit"] > 0, f"{api}: throttle it"
        assert every["DataTraceEnabled"] is False, f"{api}: request bodies must not be logged"
        assert api.properties["TracingEnabled"] is True, api
    for api in template.all("AWS::ApiGatewayV2::Stage"):
        destination = api.properties["AccessLogSettings"]["DestinationArn"]
        _check_log_group(template, destination, api, stage)
        assert api.properties["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0, api


def test_no_access_log_has_personal_data_or_a_token(stage_and_template: Given) -> None:
    _, template = stage_and_template
    for api in template.all("AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"):
        settings = api.properties.get("AccessLogSetting") or api.properties["AccessLogSettings"]
        for word in ("sourceIp", "querystring", "Authorization", "email", '$context.path"'):
            assert word not in settings["Format"], f"{api} logs {word}"


def test_every_log_group_ends(stage_and_template: Given) -> None:
    stage, template = stage_and_template
    for group in template.all("AWS::Logs::LogGroup"):
        assert group.properties.get("RetentionInDays") == stage.log_days, f"{group} keeps forever"


def test_queues_are_encrypted_and_reached_over_tls_alone(stage_and_template: Given) -> None:
    _, template = stage_and_template
    policies = template.all("AWS::SQS::QueuePolicy")
    for queue in template.all("AWS::SQS::Queue"):
        assert queue.properties["SqsManagedSseEnabled"] is True, f"{queue}: encrypt it"
        (policy,) = [
            p for p in policies if queue.id in [referred(q) for q in p.properties["Queues"]]
        ]
        _check_tls(policy, queue.id)


def test_buckets_and_topics_are_reached_over_tls_alone(stage_and_template: Given) -> None:
    _, template = stage_and_template
    for bucket in template.all("AWS::S3::Bucket"):
        assert "BucketEncryption" in bucket.properties, f"{bucket}: encrypt it"
        blocked = bucket.properties["PublicAccessBlockConfiguration"]
        assert set(blocked.values()) == {True}, f"{bucket} may become public"
        (policy,) = [
            p
            for p in template.all("AWS::S3::BucketPolicy")
            if referred(p.properties["Bucket"]) == bucket.id
        ]
        _check_tls(policy, bucket.id)
    for topic in template.all("AWS::SNS::Topic"):
        (policy,) = [
            p
            for p in template.all("AWS::SNS::TopicPolicy")
            if topic.id in [referred(t) for t in p.properties["Topics"]]
        ]
        _check_tls(policy, topic.id)


def test_dead_letter_queues_keep_messages_for_14_days_and_work_queues_less(
    stage_and_template: Given,
) -> None:
    _, template = stage_and_template
    for queue in template.all("AWS::SQS::Queue"):
        kept = queue.properties["MessageRetentionPeriod"]
        if "RedrivePolicy" in queue.properties:
            # A message's age goes with it: it must have days left to be looked at.
            assert kept <= 7 * DAY, f"{queue}: a message would expire soon after it is set aside"
        else:
            assert kept == 14 * DAY, f"{queue} keeps messages for {kept / DAY} days, not 14"


def test_the_search_domain_is_encrypted_everywhere(stage_and_template: Given) -> None:
    stage, template = stage_and_template
    for domain in template.all("AWS::OpenSearchService::Domain"):
        said = domain.properties
        assert enabled(said, "EncryptionAtRestOptions", "Enabled"), domain
        assert enabled(said, "NodeToNodeEncryptionOptions", "Enabled"), domain
        assert enabled(said, "DomainEndpointOptions", "EnforceHTTPS"), domain
        assert said["ClusterConfig"]["ZoneAwarenessEnabled"] is not stage.disposable, domain


def test_every_alarm_rings_on_the_stages_topic_and_says_where_to_look(
    stage_and_template: Given,
) -> None:
    stage, template = stage_and_template
    for alarm in template.all("AWS::CloudWatch::Alarm"):
        (action,) = alarm.properties["AlarmActions"]
        assert template.text(action).endswith(f":{stage.named('alarms')}"), alarm
        assert alarm.properties["AlarmDescription"].strip(), f"{alarm}: say what has happened"
        assert alarm.properties["AlarmName"].startswith(stage.named("")), alarm


def test_everything_that_has_a_name_has_the_stages(stage_and_template: Given) -> None:
    stage, template = stage_and_template
    names = ("FunctionName", "QueueName", "TableName", "TopicName", "UserPoolName", "DomainName")
    for resource in template.all():
        for name in names:
            value = resource.properties.get(name)
            if isinstance(value, str):
                assert value.startswith(stage.named()), f"{resource}: {name} is {value}"


def _check_log_group(template: Template, value: Any, what: Resource, stage: Stage) -> None:
    name = referred(value or "")
    assert name in template.document["Resources"], f"{what} logs to no group of its stack"
    days = template[name].properties.get("RetentionInDays")
    assert days == stage.log_days, f"{what}: its logs are kept for {days} days"


def _check_tls(policy: Resource, guarded: str) -> None:
    refusals = [
        s
        for s in policy.properties["PolicyDocument"]["Statement"]
        if s["Effect"] == "Deny"
        and s["Condition"].get("Bool") == {"aws:SecureTransport": "false"}
        and s["Principal"] in ("*", {"AWS": "*"})
    ]
    assert refusals, f"{policy}: refuse what comes without TLS"
    assert guarded in str(refusals[0]["Resource"]), f"{policy}: it guards another resource"
