"""On each asynchronous hop failures are bounded, kept and heard of, and hops are as designed."""

from collections.abc import Iterator

import pytest

from infra.deploying import ALL, chosen
from tests.synthesis import Resource, Template, synthesised
from tests.templates import functions, referred, text


@pytest.fixture(params=chosen(ALL))
def template(request: pytest.FixtureRequest) -> Template:
    return synthesised("dev").templates[request.param]


def on_one_metric(template: Template) -> Iterator[Resource]:
    """Yield the alarms but those on a share of several metrics."""
    for alarm in template.resources("AWS::CloudWatch::Alarm"):
        if "MetricName" in alarm.properties:
            yield alarm


def alarmed(template: Template, queue: Resource) -> bool:
    """Whether an alarm rings at the first message in a queue."""
    name = queue.properties["QueueName"]
    return any(
        alarm.properties["Namespace"] == "AWS/SQS"
        and alarm.properties["MetricName"] == "ApproximateNumberOfMessagesVisible"
        and alarm.properties["Dimensions"] == [{"Name": "QueueName", "Value": name}]
        and alarm.properties["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        and alarm.properties["Threshold"] == 1
        for alarm in on_one_metric(template)
    )


def check_kept(template: Template, hop: Resource, place: object) -> None:
    """Check that a hop's failures go to a queue of the stack that rings."""
    assert referred(place) in template.document["Resources"], f"{hop}: its failures go nowhere"
    queue = template.get(referred(place))
    assert queue.type == "AWS::SQS::Queue", f"{hop}: its failures go to {queue}, not to a queue"
    assert "RedrivePolicy" not in queue.properties, f"{hop}: {queue} is no dead-letter queue"
    assert alarmed(template, queue), f"{hop}: nobody hears of its failures: alarm on {queue}"


def sources(template: Template) -> Iterator[tuple[Resource, Resource]]:
    """Yield each event source mapping with what it reads."""
    for source in template.resources("AWS::Lambda::EventSourceMapping"):
        yield source, template.get(referred(source.properties["EventSourceArn"]))


def test_a_message_is_tried_a_bounded_number_of_times_and_then_kept(template: Template) -> None:
    for source, queue in sources(template):
        if queue.type == "AWS::SQS::Queue":
            redrive = queue.properties.get("RedrivePolicy")
            assert redrive, f"{source}: give {queue} a redrive policy"
            assert 1 < redrive["maxReceiveCount"] <= 1000, f"{queue}: bound its attempts"
            check_kept(template, source, redrive["deadLetterTargetArn"])


def test_a_consumer_knows_when_its_queue_gives_a_message_up(template: Template) -> None:
    for source, queue in sources(template):
        if queue.type == "AWS::SQS::Queue":
            function = template.get(referred(source.properties["FunctionName"]))
            known = function.properties["Environment"]["Variables"]["QUEUE_ATTEMPTS"]
            assert known == str(queue.properties["RedrivePolicy"]["maxReceiveCount"]), f"{function}"


def test_a_consumer_of_a_queue_answers_message_by_message_and_in_time(template: Template) -> None:
    for source, queue in sources(template):
        if queue.type == "AWS::SQS::Queue":
            answers = source.properties.get("FunctionResponseTypes")
            assert answers == ["ReportBatchItemFailures"], f"{source}: one bad one fails them all"
            function = template.get(referred(source.properties["FunctionName"]))
            # Lambda's documentation asks for six times the function's timeout.
            least = 6 * function.properties["Timeout"]
            assert queue.properties["VisibilityTimeout"] >= least, f"{queue}: it would come twice"


def test_a_batch_of_a_stream_is_tried_a_bounded_number_of_times_and_then_kept(
    template: Template,
) -> None:
    for source, read in sources(template):
        if read.type != "AWS::SQS::Queue":
            said = source.properties
            assert said["BisectBatchOnFunctionError"] is True, f"{source}: bisect what fails"
            assert 1 <= said["MaximumRetryAttempts"] <= 10, f"{source}: bound its retries"
            assert said["StartingPosition"] == "TRIM_HORIZON", f"{source}: it would skip changes"
            check_kept(template, source, said["DestinationConfig"]["OnFailure"]["Destination"])


def test_a_consumer_of_a_stream_has_an_alarm_for_when_it_is_late(template: Template) -> None:
    for source, read in sources(template):
        if read.type != "AWS::SQS::Queue":
            function = template.get(referred(source.properties["FunctionName"]))
            dimensions = [{"Name": "FunctionName", "Value": function.properties["FunctionName"]}]
            late = [
                alarm.properties["Threshold"]
                for alarm in on_one_metric(template)
                if alarm.properties["MetricName"] == "IteratorAge"
                and alarm.properties["Dimensions"] == dimensions
            ]
            assert late == [5 * 60 * 1000], f"{source}: let an alarm ring after 5 minutes"


def test_the_outbox_is_published_and_the_index_is_fed_as_designed() -> None:
    found = {
        (stack, template.get(referred(s.properties["FunctionName"])).properties["Handler"]): s
        for stack, template in synthesised("dev").templates.items()
        for s, read in sources(template)
        if read.type == "AWS::DynamoDB::Table"
    }
    feed = found.pop(("search-sync", "search_sync.streams.feed_index.handler")).properties
    assert (feed["BatchSize"], feed["MaximumBatchingWindowInSeconds"]) == (100, 5)
    assert feed["MaximumRetryAttempts"] == 3
    stacks = ("media", "orders", "users")
    assert set(found) == {(stack, "runtime.publisher.handler") for stack in stacks}


def test_each_rule_keeps_what_its_target_does_not_take(template: Template) -> None:
    for rule in template.resources("AWS::Events::Rule"):
        (target,) = rule.properties["Targets"]
        check_kept(template, rule, target.get("DeadLetterConfig", {}).get("Arn"))
        for place in (target["Arn"], target["DeadLetterConfig"]["Arn"]):
            queue = template.get(referred(place))
            if queue.type == "AWS::SQS::Queue":
                assert admits(template, queue, rule), f"{rule} may not write to {queue}"


def test_what_a_topic_cannot_deliver_is_kept(template: Template) -> None:
    for subscription in template.resources("AWS::SNS::Subscription"):
        said = subscription.properties
        assert said["Protocol"] == "sqs", f"{subscription}: put a queue between"
        kept = said["RedrivePolicy"]["deadLetterTargetArn"]
        check_kept(template, subscription, kept)
        topic = template.get(referred(said["TopicArn"]))
        for place in (said["Endpoint"], kept):
            queue = template.get(referred(place))
            assert fed_by(template, queue, topic), f"{topic} may not write to {queue}"


def test_what_a_clock_starts_keeps_its_failures(template: Template) -> None:
    configured = {
        name: config
        for config in template.resources("AWS::Lambda::EventInvokeConfig")
        for name in [
            referred(config.properties["FunctionName"]) or config.properties["FunctionName"]
        ]
    }
    for clock in template.resources("AWS::Events::Rule", "AWS::Scheduler::Schedule"):
        if "ScheduleExpression" not in clock.properties:
            continue
        for target in clock.properties.get("Targets") or [clock.properties["Target"]]:
            function = template.get(referred(target["Arn"]))
            names = {function.logical_id, function.properties["FunctionName"]}
            (config,) = [configured[name] for name in names & configured.keys()]
            assert config.properties["MaximumRetryAttempts"] <= 2, config
            places = config.properties["DestinationConfig"]
            check_kept(template, function, places["OnFailure"]["Destination"])


FOR_OTHERS = {"starling-dev-order-emails"}
"""Queues that something outside of the repository reads."""


def test_no_queue_is_without_a_reader_or_an_alarm(template: Template) -> None:
    read = {queue.logical_id for _, queue in sources(template)}
    for queue in template.resources("AWS::SQS::Queue"):
        if queue.properties["QueueName"] in FOR_OTHERS:
            assert queue.logical_id not in read, f"{queue}: it is ours after all"
            check_kept(template, queue, queue.properties["RedrivePolicy"]["deadLetterTargetArn"])
        else:
            assert queue.logical_id in read or alarmed(template, queue), f"{queue}: nobody reads it"


def test_a_queue_whose_messages_wait_too_long_rings(template: Template) -> None:
    for queue in template.resources("AWS::SQS::Queue"):
        if "RedrivePolicy" not in queue.properties:
            continue  # it rings at the first message
        dimensions = [{"Name": "QueueName", "Value": queue.properties["QueueName"]}]
        (seconds,) = [
            alarm.properties["Threshold"]
            for alarm in on_one_metric(template)
            if alarm.properties["MetricName"] == "ApproximateAgeOfOldestMessage"
            and alarm.properties["Dimensions"] == dimensions
        ]
        kept = queue.properties["MessageRetentionPeriod"]
        assert 0 < seconds <= kept / 2, f"{queue}: messages are forgotten before anybody comes"


def test_every_function_that_is_not_called_by_a_gateway_is_started_by_one_thing(
    template: Template,
) -> None:
    started = [
        referred(source.properties["FunctionName"])
        for source in template.resources(
            "AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission"
        )
    ]
    started += [
        referred(task)
        for machine in template.resources("AWS::StepFunctions::StateMachine")
        for task in machine.properties["DefinitionSubstitutions"].values()
    ]
    started += [
        referred(source.properties["LambdaConfig"]["LambdaFunctionArn"])
        for source in template.resources("AWS::AppSync::DataSource")
        if "LambdaConfig" in source.properties
    ]
    started += [
        referred(resource.properties["ServiceToken"])
        for resource in template.resources()
        if resource.type.startswith("Custom::")
    ]
    # What people invoke, by a role that they take.
    started += [
        referred(function)
        for role in template.resources("AWS::IAM::Role")
        if "AWS" in role.properties["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
        for policy in role.properties["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for function in statement["Resource"]
    ]
    for handler, function in functions(template).items():
        times = started.count(function.logical_id)
        assert times == 1, f"{handler} of {template.stack} is started by {times} things"


def admits(template: Template, queue: Resource, rule: Resource) -> bool:
    return any(
        source.endswith(f"/{rule.properties['Name']}")
        for source in senders(template, queue, "events.amazonaws.com")
    )


def fed_by(template: Template, queue: Resource, topic: Resource) -> bool:
    return any(
        source.endswith(f":{topic.properties['TopicName']}")
        for source in senders(template, queue, "sns.amazonaws.com")
    )


def senders(template: Template, queue: Resource, service: str) -> Iterator[str]:
    """Yield the ARNs on whose behalf a service of AWS may put messages into a queue."""
    for policy in template.resources("AWS::SQS::QueuePolicy"):
        if queue.logical_id not in [referred(q) for q in policy.properties["Queues"]]:
            continue
        for statement in policy.properties["PolicyDocument"]["Statement"]:
            if statement["Principal"] == {"Service": service}:
                assert statement["Action"] == ["sqs:SendMessage"], f"{policy}: only to send"
                yield text(statement["Condition"]["ArnEquals"]["aws:SourceArn"])


def test_a_state_machine_that_fails_or_takes_too_long_rings(template: Template) -> None:
    for machine in template.resources("AWS::StepFunctions::StateMachine"):
        ringing = {
            alarm.properties["MetricName"]
            for alarm in on_one_metric(template)
            if alarm.properties["Namespace"] == "AWS/States"
            and [referred(d["Value"]) for d in alarm.properties["Dimensions"]]
            == [machine.logical_id]
        }
        assert ringing == {"ExecutionsFailed", "ExecutionsTimedOut"}, machine
