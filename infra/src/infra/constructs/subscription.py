"""A subscription to an event: rule, queue, function; and a queue that a function works off."""

from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.alarm import alarm
from infra.constructs.arns import arn
from infra.constructs.function import Function, Plan
from infra.constructs.queue import DeadLetterQueue, WorkQueue
from runtime.capacity import Capacity
from runtime.reaction import Reaction

BATCH = 10
CONCURRENCY = 10
"""How many of a consumer's functions run at once, so that a flood leaves room for others."""


def worker(scope: Construct, plan: Plan, queue: WorkQueue, capacity: Capacity) -> None:
    """Add a function that works off a queue, message by message, with partial failures.

    Parameters
    ----------
    scope
        Where in the tree, for this alone.
    plan
        The function; the access to its queue is added.
    queue
        What it works off.
    capacity
        What one invocation may take.
    """
    function = Function(
        scope,
        "Function",
        plan.reaching(*queue.consuming()),
        timeout=capacity.seconds,
        memory=capacity.memory,
    )
    lambda_.CfnEventSourceMapping(
        scope,
        "Source",
        function_name=function.arn,
        event_source_arn=queue.arn,
        batch_size=BATCH,
        function_response_types=["ReportBatchItemFailures"],
        scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(
            maximum_concurrency=CONCURRENCY
        ),
    )


class Subscription(Construct):
    """One reaction: a rule on the exact event, a queue with its dead-letter queue, a function.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    plan
        The function.
    reaction
        The declaration, which names the event.
    """

    def __init__(
        self, scope: Construct, construct_id: str, plan: Plan, *, reaction: Reaction
    ) -> None:
        super().__init__(scope, construct_id)
        service, name = plan.bundle.service, plan.within_stage
        bus, rule_name = plan.stage.named(), plan.stage.named(name)
        rule = arn("events", f"rule/{bus}/{rule_name}")
        queue = WorkQueue(
            self,
            "Queue",
            stage=plan.stage,
            name=name,
            holds=f"{service} could not handle a {reaction.detail_type} ({plan.name}).",
            handling=reaction.capacity.seconds,
            rules=[rule],
        )
        events.CfnRule(
            self,
            "Rule",
            name=rule_name,
            description=f"{reaction.detail_type} to {service}",
            event_bus_name=bus,
            event_pattern={"source": [reaction.source], "detail-type": [reaction.detail_type]},
            targets=[target(queue.arn, queue.dead_letters)],
        )
        alarm(
            self,
            "Lost",
            stage=plan.stage,
            name=f"{name}-lost",
            description=f"A {reaction.detail_type} reached neither {service}'s queue nor its DLQ.",
            namespace="AWS/Events",
            metric="InvocationsFailedToBeSentToDlq",
            dimensions={"EventBusName": bus, "RuleName": rule_name},
        )
        worker(self, plan, queue, reaction.capacity)


def target(address: str, failures: DeadLetterQueue) -> events.CfnRule.TargetProperty:
    """Return the target of a rule, with where its events go if it cannot be reached."""
    return events.CfnRule.TargetProperty(
        id="target",
        arn=address,
        dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=failures.arn),
    )
