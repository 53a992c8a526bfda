"""A function that a clock starts."""

from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.arns import arn
from infra.constructs.function import Function, Plan
from infra.constructs.queue import DeadLetterQueue
from infra.constructs.subscription import target
from runtime.schedule import Schedule as Declared

RETRIES = 2


class Schedule(Construct):
    """A rule of the clock, and the function that it starts.

    A rule and not EventBridge Scheduler: a rule's target is allowed by the function, while the
    Scheduler's role would need the right to invoke functions, which nothing here has.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    plan
        The function.
    schedule
        The declaration, which says when, and what a run may take.
    """

    def __init__(
        self, scope: Construct, construct_id: str, plan: Plan, *, schedule: Declared
    ) -> None:
        super().__init__(scope, construct_id)
        rule_name = plan.stage.named(plan.within_stage)
        rule = arn("events", f"rule/{rule_name}")
        missed = DeadLetterQueue(
            self,
            "Missed",
            stage=plan.stage,
            name=f"{plan.within_stage}-missed",
            holds=f"{plan.bundle.service}'s schedule {plan.name} failed.",
            rules=[rule],
        )
        seconds, memory = schedule.capacity
        function = Function(
            self, "Function", plan.reaching(missed.sending()), timeout=seconds, memory=memory
        )
        invocation = lambda_.CfnEventInvokeConfig
        invocation(
            self,
            "Retries",
            function_name=function.ref,
            qualifier="$LATEST",
            maximum_retry_attempts=RETRIES,
            destination_config=invocation.DestinationConfigProperty(
                on_failure=invocation.OnFailureProperty(destination=missed.arn)
            ),
        )
        events.CfnRule(
            self,
            "Rule",
            name=rule_name,
            schedule_expression=schedule.rate,
            targets=[target(function.arn, missed)],
        )
        function.allow("Clock", "events.amazonaws.com", rule)
