"""A dead-letter queue and an alarm on each asynchronous hop, so that nothing is lost in silence."""

import pytest

from tests.conftest import Templates
from tests.templates import SERVICES, Resource, Template, referred


@pytest.fixture(params=SERVICES)
def template(request: pytest.FixtureRequest, dev: Templates) -> Template:
    return dev[request.param]


def alarmed(template: Template, queue: Resource) -> bool:
    """Whether an alarm rings as soon as a queue has a message."""
    name = queue.properties["QueueName"]
    return any(
        alarm.properties["Namespace"] == "AWS/SQS"
        and alarm.properties["MetricName"] == "ApproximateNumberOfMessagesVisible"
        and alarm.properties["Dimensions"] == [{"Name": "QueueName", "Value": name}]
        and alarm.properties["Threshold"] == 1
        and alarm.properties["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        for alarm in template.all("AWS::CloudWatch::Alarm")
    )


def check_failures_go(template: Template, hop: Resource, target: object) -> None:
    """Check that a hop's failures go to a queue of the stack, which rings."""
    name = referred(target)
    assert name in template.document["Resources"], f"{hop}: its failures go nowhere: name a queue"
    queue = template[name]
    assert queue.kind == "AWS::SQS::Queue", f"{hop}: its failures go to {queue}, not to a queue"
    assert "RedrivePolicy" not in queue.properties, f"{hop}: {queue} is no dead-letter queue"
    assert alarmed(template, queue), f"{hop}: nobody is told of its failures: alarm on {queue}"


def of_queue(template: Template, source: Resource) -> bool:
    return template[referred(source.properties["EventSourceArn"])].kind == "AWS::SQS::Queue"


def test_each_queue_that_is_consumed_has_a_dead_letter_queue_with_an_alarm(
    template: Template,
) -> None:
    for source in template.all("AWS::Lambda::EventSourceMapping"):
        if not of_queue(template, source):
            continue
        queue = template[referred(source.properties["EventSourceArn"])]
        redrive = queue.properties.get("RedrivePolicy")
        assert redrive, f"{queue}: give it a redrive policy"
        assert 1 < redrive["maxReceiveCount"] <= 1000, f"{queue}: retries are not bounded"
        check_failures_go(template, queue, redrive["deadLetterTargetArn"])


def test_each_consumer_of_a_queue_answers_message_by_message_in_time(template: Template) -> None:
    for source in template.all("AWS::Lambda::EventSourceMapping"):
        if not of_queue(template, source):
            continue
        answers = source.properties.get("FunctionResponseTypes")
        assert answers == ["ReportBatchItemFailures"], f"{source}: one bad message fails them all"
        queue = template[referred(source.properties["EventSourceArn"])].properties
        timeout = template[referred(source.properties["FunctionName"])].properties["Timeout"]
        # AWS Lambda's guide on SQS: at least six times the function's timeout.
        assert queue["VisibilityTimeout"] >= 6 * timeout, f"{source}: a message would come twice"


def test_each_consumer_of_a_stream_bisects_retries_and_parks(template: Template) -> None:
    for source in template.all("AWS::Lambda::EventSourceMapping"):
        if of_queue(template, source):
            continue
        said = source.properties
        assert said["BisectBatchOnFunctionError"] is True, f"{source}: bisect a failing batch"
        assert 1 <= said["MaximumRetryAttempts"] <= 10, f"{source}: bound its retries"
        assert said["StartingPosition"] == "TRIM_HORIZON", f"{source}: it would skip changes"
        failures = said.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        check_failures_go(template, source, failures)


def test_each_consumer_of_a_stream_has_an_alarm_when_it_falls_behind(template: Template) -> None:
    for source in template.all("AWS::Lambda::EventSourceMapping"):
        if of_queue(template, source):
            continue
        name = template[referred(source.properties["FunctionName"])].properties["FunctionName"]
        late = [
            alarm.properties["Threshold"]
            for alarm in template.all("AWS::CloudWatch::Alarm")
            if alarm.properties["MetricName"] == "IteratorAge"
            and alarm.properties["Dimensions"] == [{"Name": "FunctionName", "Value": name}]
        ]
        assert late == [5 * 60 * 1000], f"{source}: an alarm after 5 minutes is needed"


def test_each_table_with_events_is_published_and_the_index_is_fed_as_designed(
    dev: Templates,
) -> None:
    def consumers(service: str) -> dict[str, Resource]:
        template = dev[service]
        return {
            template[referred(s.properties["FunctionName"])].properties["Handler"]: s
            for s in template.all("AWS::Lambda::EventSourceMapping")
            if not of_queue(template, s)
        }

    for service in ("users", "orders"):
        assert list(consumers(service)) == ["runtime.publisher.handler"]
    feed = consumers("search-sync")["search_sync.streams.feed_index.handler"].properties
    assert (feed["BatchSize"], feed["MaximumBatchingWindowInSeconds"]) == (100, 5)
    assert feed["MaximumRetryAttempts"] == 3


def test_each_rule_has_somewhere_for_what_its_target_does_not_take(template: Template) -> None:
    for rule in template.all("AWS::Events::Rule"):
        for target in rule.properties["Targets"]:
            failures = target.get("DeadLetterConfig", {}).get("Arn")
            check_failures_go(template, rule, failures)


def test_each_rule_may_write_to_its_queue_and_to_its_dead_letter_queue(template: Template) -> None:
    for rule in template.all("AWS::Events::Rule"):
        (target,) = rule.properties["Targets"]
        places = [target["Arn"], target["DeadLetterConfig"]["Arn"]]
        for queue in (template[referred(place)] for place in places):
            if queue.kind == "AWS::SQS::Queue":
                assert _may_send(template, rule, queue), f"{rule} may not write to {queue}"


def test_each_function_that_a_clock_starts_keeps_its_failures(template: Template) -> None:
    for rule in template.all("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        if "ScheduleExpression" not in rule.properties:
            continue
        targets = rule.properties.get("Targets") or [rule.properties["Target"]]
        for function in (template[referred(target["Arn"])] for target in targets):
            configured = [
                config
                for config in template.all("AWS::Lambda::EventInvokeConfig")
                if referred(config.properties["FunctionName"])
                in {function.id, function.properties["FunctionName"]}
            ]
            assert configured, f"{function}: bound its retries and keep its failures"
            destination = configured[0].properties["DestinationConfig"]["OnFailure"]["Destination"]
            check_failures_go(template, function, destination)


def test_no_queue_is_without_a_consumer_or_an_alarm(template: Template) -> None:
    consumed = {
        referred(source.properties["EventSourceArn"])
        for source in template.all("AWS::Lambda::EventSourceMapping")
    }
    for queue in template.all("AWS::SQS::Queue"):
        assert queue.id in consumed or alarmed(template, queue), f"{queue}: nobody reads it"


def _may_send(template: Template, rule: Resource, queue: Resource) -> bool:
    for policy in template.all("AWS::SQS::QueuePolicy"):
        if queue.id not in [referred(q) for q in policy.properties["Queues"]]:
            continue
        for statement in policy.properties["PolicyDocument"]["Statement"]:
            if statement["Principal"] == {"Service": "events.amazonaws.com"}:
                source = template.text(statement["Condition"]["ArnEquals"]["aws:SourceArn"])
                if source.endswith(f"/{rule.properties['Name']}"):
                    return "sqs:SendMessage" in statement["Action"]
    return False
