"""Nothing fails in silence, nothing is open or in the clear, no log is kept forever."""

from collections.abc import Iterator
from typing import Any

from tests.synthesis import Assembly, Json, Resource, Template


def arn_of(resource: Resource) -> Json:
    return {"Fn::GetAtt": [resource.logical_id, "Arn"]}


def queue_at(template: Template, arn: Any) -> Resource:
    queue = template.get(arn["Fn::GetAtt"][0])
    assert queue.type == "AWS::SQS::Queue"
    return queue


def alarms(assembly: Assembly) -> Iterator[tuple[str, Json]]:
    for alarm in assembly.resources("AWS::CloudWatch::Alarm"):
        dimensions = {d["Name"]: d["Value"] for d in alarm.properties["Dimensions"]}
        yield alarm.properties["MetricName"], dimensions


def rings_for(assembly: Assembly, queue: Resource) -> bool:
    name = queue.properties["QueueName"]
    return ("ApproximateNumberOfMessagesVisible", {"QueueName": name}) in alarms(assembly)


def test_every_rule_has_a_dead_letter_queue_with_an_alarm(assembly: Assembly) -> None:
    rules = list(assembly.resources("AWS::Events::Rule"))
    assert rules
    for rule in rules:
        for target in rule.properties["Targets"]:
            failures = target["DeadLetterConfig"]["Arn"]
            queue = queue_at(assembly.templates[rule.stack], failures)
            assert rings_for(assembly, queue), rule


def test_every_queue_that_is_consumed_has_a_dead_letter_queue_with_an_alarm(
    assembly: Assembly,
) -> None:
    consumed = [s for s in sources(assembly) if is_queue(assembly, s)]
    assert consumed
    for source in consumed:
        template = assembly.templates[source.stack]
        queue = queue_at(template, source.properties["EventSourceArn"])
        redrive = queue.properties["RedrivePolicy"]
        assert rings_for(assembly, queue_at(template, redrive["deadLetterTargetArn"])), queue
        assert source.properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_stream_consumer_parks_what_fails_and_rings_when_it_is_late(
    assembly: Assembly,
) -> None:
    consumers = [s for s in sources(assembly) if not is_queue(assembly, s)]
    assert consumers
    late = [dimensions for metric, dimensions in alarms(assembly) if metric == "IteratorAge"]
    for source in consumers:
        template = assembly.templates[source.stack]
        properties = source.properties
        parked = properties["DestinationConfig"]["OnFailure"]["Destination"]
        assert rings_for(assembly, queue_at(template, parked)), source
        assert properties["BisectBatchOnFunctionError"]
        assert 0 < properties["MaximumRetryAttempts"] < 100
        function = template.get(properties["FunctionName"]["Fn::GetAtt"][0])
        assert {"FunctionName": function.properties["FunctionName"]} in late


def test_every_alarm_tells_somebody(assembly: Assembly) -> None:
    topic = next(assembly.resources("AWS::SNS::Topic")).properties["TopicName"]
    for alarm in assembly.resources("AWS::CloudWatch::Alarm"):
        (action,) = alarm.properties["AlarmActions"]
        assert action["Fn::Join"][1][-1].endswith(f":{topic}"), alarm
        assert alarm.properties["AlarmDescription"], alarm


def test_a_queue_waits_longer_than_its_consumer_may_take(assembly: Assembly) -> None:
    for source in sources(assembly):
        if is_queue(assembly, source):
            template = assembly.templates[source.stack]
            queue = queue_at(template, source.properties["EventSourceArn"])
            function = template.get(source.properties["FunctionName"]["Fn::GetAtt"][0])
            # Lambda's documentation asks for six times the function's timeout.
            assert queue.properties["VisibilityTimeout"] >= 6 * function.properties["Timeout"]


def test_every_queue_is_encrypted_and_refuses_what_comes_without_tls(assembly: Assembly) -> None:
    guarded = {
        (policy.stack, queue["Ref"]): policy.properties["PolicyDocument"]["Statement"]
        for policy in assembly.resources("AWS::SQS::QueuePolicy")
        for queue in policy.properties["Queues"]
    }
    for queue in assembly.resources("AWS::SQS::Queue"):
        assert queue.properties["SqsManagedSseEnabled"] is True, queue
        statements = guarded[queue.stack, queue.logical_id]
        denied = [s for s in statements if s["Effect"] == "Deny"]
        assert [s["Condition"] for s in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
        assert all("Condition" in statement for statement in statements), queue


def test_every_table_is_encrypted_recoverable_and_on_demand(assembly: Assembly) -> None:
    tables = list(assembly.resources("AWS::DynamoDB::Table"))
    assert {table.stack for table in tables} == set(assembly.templates) - {"platform"}
    for table in tables:
        assert table.properties["SSESpecification"] == {"SSEEnabled": True}
        recovery = table.properties["PointInTimeRecoverySpecification"]
        assert recovery == {"PointInTimeRecoveryEnabled": True}
        assert table.properties["BillingMode"] == "PAY_PER_REQUEST"


def test_a_protected_stage_keeps_its_data(prod: Assembly) -> None:
    kinds = ("AWS::DynamoDB::Table", "AWS::Cognito::UserPool", "AWS::OpenSearchService::Domain")
    kept = list(prod.resources(*kinds, "AWS::Logs::LogGroup"))
    assert {resource.type for resource in kept} == {*kinds, "AWS::Logs::LogGroup"}
    for resource in kept:
        assert resource.document["DeletionPolicy"] == "Retain", resource
        assert resource.document["UpdateReplacePolicy"] == "Retain", resource
    for table in prod.resources("AWS::DynamoDB::Table"):
        assert table.properties["DeletionProtectionEnabled"] is True, table


def test_every_log_ends(assembly: Assembly) -> None:
    groups = list(assembly.resources("AWS::Logs::LogGroup"))
    assert all(group.properties["RetentionInDays"] for group in groups)
    own = {(group.stack, group.properties["LogGroupName"]) for group in groups}
    for function in assembly.resources("AWS::Lambda::Function"):
        assert (function.stack, f"/aws/lambda/{function.properties['FunctionName']}") in own


def test_every_function_is_traced_and_logs_json(assembly: Assembly) -> None:
    for function in assembly.resources("AWS::Lambda::Function"):
        assert function.properties["TracingConfig"] == {"Mode": "Active"}, function
        assert function.properties["LoggingConfig"]["LogFormat"] == "JSON", function
        assert function.properties["Architectures"] == ["arm64"], function
        assert function.properties["Runtime"] == "python3.13", function


def test_every_api_is_throttled_traced_and_logged(assembly: Assembly) -> None:
    stages = list(assembly.resources("AWS::ApiGateway::Stage"))
    assert stages
    for stage in stages:
        (settings,) = stage.properties["MethodSettings"]
        assert settings["ThrottlingRateLimit"] > 0
        assert stage.properties["TracingEnabled"] is True
        assert stage.properties["AccessLogSetting"]["DestinationArn"]
    for stage in assembly.resources("AWS::ApiGatewayV2::Stage"):
        assert stage.properties["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
        assert stage.properties["AccessLogSettings"]["DestinationArn"]


def test_every_route_asks_for_a_token(assembly: Assembly) -> None:
    for method in assembly.resources("AWS::ApiGateway::Method"):
        if method.properties["HttpMethod"] != "OPTIONS":
            assert method.properties["AuthorizationType"] == "CUSTOM", method
            assert method.properties["AuthorizerId"], method
    for authorizer in assembly.resources("AWS::ApiGateway::Authorizer"):
        assert authorizer.properties["AuthorizerResultTtlInSeconds"] == 300
    for route in assembly.resources("AWS::ApiGatewayV2::Route"):
        assert route.properties["AuthorizationType"] == "JWT", route


def test_the_search_domain_is_closed_to_all_but_its_functions(assembly: Assembly) -> None:
    (domain,) = assembly.resources("AWS::OpenSearchService::Domain")
    properties = domain.properties
    assert properties["EncryptionAtRestOptions"] == {"Enabled": True}
    assert properties["NodeToNodeEncryptionOptions"] == {"Enabled": True}
    assert properties["DomainEndpointOptions"]["EnforceHTTPS"] is True
    template = assembly.templates[domain.stack]
    callers = {
        function.properties["Role"]["Fn::GetAtt"][0]
        for function in template.resources("AWS::Lambda::Function")
        if "SEARCH_ENDPOINT" in function.properties["Environment"]["Variables"]
    }
    statements = properties["AccessPolicies"]["Statement"]
    assert {s["Principal"]["AWS"]["Fn::GetAtt"][0] for s in statements} == callers
    assert callers


def sources(assembly: Assembly) -> list[Resource]:
    return list(assembly.resources("AWS::Lambda::EventSourceMapping"))


def is_queue(assembly: Assembly, source: Resource) -> bool:
    logical_id, _attribute = source.properties["EventSourceArn"]["Fn::GetAtt"]
    return assembly.templates[source.stack].get(logical_id).type == "AWS::SQS::Queue"
