"""What resources are set to, on a disposable stage and on one whose data is kept."""

from typing import Any

import pytest

from infra.deploying import ALL, chosen
from infra.stages import Stage
from tests.synthesis import Assembly, Json, Resource, synthesised
from tests.templates import referred, text

DAY = 24 * 60 * 60
HOLDING = (
    "AWS::DynamoDB::Table",
    "AWS::Cognito::UserPool",
    "AWS::OpenSearchService::Domain",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
)


@pytest.fixture(params=["dev", "prod"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return Stage.of(request.param)


@pytest.fixture
def assembly(stage: Stage) -> Assembly:
    return synthesised(stage.name)


def test_every_service_has_one_table_that_forgets_recovers_and_is_encrypted(
    stage: Stage, assembly: Assembly
) -> None:
    tables = list(assembly.resources("AWS::DynamoDB::Table"))
    assert sorted(table.stack for table in tables) == sorted({*chosen(ALL)} - {"platform"})
    for table in tables:
        said = table.properties
        assert said["TableName"] == stage.named(table.stack), table
        expiry = said.get("TimeToLiveSpecification")
        assert expiry == {"AttributeName": "expires_at", "Enabled": True}, f"{table}: set its TTL"
        recovery = said.get("PointInTimeRecoverySpecification")
        assert recovery == {"PointInTimeRecoveryEnabled": True}, f"{table}: make it recoverable"
        assert said.get("SSESpecification") == {"SSEEnabled": True}, f"{table}: encrypt it"
        assert said["BillingMode"] == "PAY_PER_REQUEST", f"{table}: it is on demand"
        view = said["StreamSpecification"]["StreamViewType"]
        assert view == "NEW_AND_OLD_IMAGES", f"{table}: the publisher compares both images"


def test_data_outlives_its_stack_except_on_a_disposable_stage(
    stage: Stage, assembly: Assembly
) -> None:
    for table in assembly.resources("AWS::DynamoDB::Table"):
        assert table.properties["DeletionProtectionEnabled"] is not stage.disposable, table
    for pool in assembly.resources("AWS::Cognito::UserPool"):
        expected = "INACTIVE" if stage.disposable else "ACTIVE"
        assert pool.properties["DeletionProtection"] == expected, pool
    for resource in assembly.resources(*HOLDING):
        said = {resource.document.get(name) for name in ("DeletionPolicy", "UpdateReplacePolicy")}
        if stage.disposable:
            assert "Retain" not in said, f"{resource} is left behind by a disposable stage"
        else:
            assert said == {"Retain"}, f"{resource} goes with its stack: keep it"


def test_every_function_and_api_logs_where_logs_end(stage: Stage, assembly: Assembly) -> None:
    for group in assembly.resources("AWS::Logs::LogGroup"):
        days = group.properties.get("RetentionInDays")
        assert days == stage.log_days, f"{group} keeps its lines for {days} days"
    for function in assembly.resources("AWS::Lambda::Function"):
        own_group(assembly, function, function.properties["LoggingConfig"].get("LogGroup"))
    for api in assembly.resources("AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"):
        own_group(assembly, api, access_log(api)["DestinationArn"])


def test_no_access_log_has_personal_data_or_a_token(assembly: Assembly) -> None:
    for api in assembly.resources("AWS::ApiGateway::Stage", "AWS::ApiGatewayV2::Stage"):
        for word in ("sourceIp", "querystring", "Authorization", "email", "$context.path"):
            assert word not in access_log(api)["Format"], f"{api} logs {word}"
        for settings in api.properties.get("MethodSettings", []):
            assert not settings["DataTraceEnabled"], f"{api}: bodies would be logged"


def test_every_function_is_traced_and_runs_on_lambdas_arm(assembly: Assembly) -> None:
    for function in assembly.resources("AWS::Lambda::Function"):
        said = function.properties
        assert said["TracingConfig"] == {"Mode": "Active"}, f"{function}: trace it"
        assert said["LoggingConfig"]["LogFormat"] == "JSON", function
        assert (said["Architectures"], said["Runtime"]) == (["arm64"], "python3.13"), function


def test_every_api_is_throttled_and_traced(assembly: Assembly) -> None:
    for api in assembly.resources("AWS::ApiGateway::Stage"):
        of_all, *of_one = api.properties["MethodSettings"]
        assert (of_all["HttpMethod"], of_all["ResourcePath"]) == ("*", "/*"), api
        for settings in (of_all, *of_one):
            assert settings["ThrottlingRateLimit"] > 0, f"{api}: throttle it"
            assert settings["LoggingLevel"] == "ERROR", f"{api}: log its errors"
        assert api.properties["TracingEnabled"] is True, f"{api}: trace it"
    for api in assembly.resources("AWS::ApiGatewayV2::Stage"):
        assert api.properties["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0, api


def test_a_service_has_one_layer(assembly: Assembly) -> None:
    for function in assembly.resources("AWS::Lambda::Function"):
        assert len(function.properties["Layers"]) == 1, f"{function}: one layer a service"
    for stack, template in assembly.templates.items():
        layers = list(template.resources("AWS::Lambda::LayerVersion"))
        assert len(layers) == bool(template.handlers), f"{stack} has {len(layers)} layers"


def test_dead_letter_queues_keep_messages_for_14_days_and_work_queues_for_less(
    assembly: Assembly,
) -> None:
    for queue in assembly.resources("AWS::SQS::Queue"):
        days = queue.properties["MessageRetentionPeriod"] / DAY
        if "RedrivePolicy" in queue.properties:
            # A message's age goes with it to the dead-letter queue.
            assert days <= 7, f"{queue}: a message would be gone soon after it is set aside"
        else:
            assert days == 14, f"{queue} keeps messages for {days} days, not for 14"


def test_queues_are_encrypted_and_reached_over_tls_alone(assembly: Assembly) -> None:
    guards = policies(assembly, "AWS::SQS::QueuePolicy", "Queues")
    for queue in assembly.resources("AWS::SQS::Queue"):
        assert queue.properties["SqsManagedSseEnabled"] is True, f"{queue}: encrypt it"
        statements = guards.get((queue.stack, queue.logical_id), [])
        denied = [s["Condition"] for s in statements if s["Effect"] == "Deny"]
        assert denied == [{"Bool": {"aws:SecureTransport": "false"}}], f"{queue}: insist on TLS"
        assert all(s.get("Condition") for s in statements), f"{queue} lets anybody in"


def test_the_search_domain_is_encrypted_and_reached_over_tls_alone(
    stage: Stage, assembly: Assembly
) -> None:
    (domain,) = assembly.resources("AWS::OpenSearchService::Domain")
    said = domain.properties
    assert said["EncryptionAtRestOptions"] == {"Enabled": True}, domain
    assert said["NodeToNodeEncryptionOptions"] == {"Enabled": True}, domain
    assert said["DomainEndpointOptions"]["EnforceHTTPS"] is True, domain
    assert said["ClusterConfig"]["ZoneAwarenessEnabled"] is not stage.disposable, domain


def test_every_alarm_rings_on_the_stages_topic_and_says_what_has_happened(
    stage: Stage, assembly: Assembly
) -> None:
    (topic,) = assembly.templates["platform"].resources("AWS::SNS::Topic")
    assert topic.properties["TopicName"] == stage.named("alarms")
    for alarm in assembly.resources("AWS::CloudWatch::Alarm"):
        (action,) = alarm.properties["AlarmActions"]
        assert text(action).endswith(f":{stage.named('alarms')}"), f"{alarm} tells nobody"
        assert alarm.properties.get("AlarmDescription"), f"{alarm}: say what has happened"


def test_what_is_told_to_customers_is_encrypted_and_published_by_admitted_roles_alone(
    assembly: Assembly,
) -> None:
    template = assembly.templates["orders"]
    (topic,) = template.resources("AWS::SNS::Topic")
    assert topic.properties["KmsMasterKeyId"] == "alias/aws/sns", f"{topic}: encrypt it"
    publishers = {
        role.logical_id
        for role in template.resources("AWS::IAM::Role")
        for policy in role.properties["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "sns:Publish" in statement["Action"]
    }
    (guard,) = template.resources("AWS::SNS::TopicPolicy")
    refused = [
        statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
        for statement in guard.properties["PolicyDocument"]["Statement"]
        if "ArnNotEquals" in statement["Condition"]
    ]
    assert [{referred(role) for role in roles} for roles in refused] == [publishers]
    assert publishers


def test_topics_and_buckets_are_reached_over_tls_alone(assembly: Assembly) -> None:
    topics = policies(assembly, "AWS::SNS::TopicPolicy", "Topics")
    buckets = policies(assembly, "AWS::S3::BucketPolicy", "Bucket")
    for guarded in assembly.resources("AWS::SNS::Topic", "AWS::S3::Bucket"):
        statements = (topics | buckets).get((guarded.stack, guarded.logical_id), [])
        refused = [s["Condition"].get("Bool") for s in statements if s["Effect"] == "Deny"]
        assert {"aws:SecureTransport": "false"} in refused, f"{guarded}: refuse what has no TLS"


def test_everything_that_has_a_name_has_the_stages(stage: Stage, assembly: Assembly) -> None:
    names = ("FunctionName", "QueueName", "TableName", "TopicName", "UserPoolName", "DomainName")
    for resource in assembly.resources():
        for name in (name for name in names if isinstance(resource.properties.get(name), str)):
            value = resource.properties[name]
            assert value.startswith(stage.named()), f"{resource}: {name} is {value}"


def own_group(assembly: Assembly, what: Resource, value: Any) -> None:
    resources = assembly.templates[what.stack].document["Resources"]
    assert referred(value) in resources, f"{what} logs to no group of its own stack"
    assert resources[referred(value)]["Type"] == "AWS::Logs::LogGroup", what


def access_log(api: Resource) -> Json:
    settings: Json = (
        api.properties.get("AccessLogSetting") or api.properties.get("AccessLogSettings") or {}
    )
    assert settings, f"{api} does not log its requests"
    return settings


def policies(assembly: Assembly, kind: str, on: str) -> dict[tuple[str, str], list[Json]]:
    """Return the statements of resource policies by stack and guarded resource."""
    found: dict[tuple[str, str], list[Json]] = {}
    for policy in assembly.resources(kind):
        guarded = policy.properties[on]
        for resource in guarded if isinstance(guarded, list) else [guarded]:
            statements = policy.properties["PolicyDocument"]["Statement"]
            found.setdefault((policy.stack, referred(resource)), []).extend(statements)
    return found
