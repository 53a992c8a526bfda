"""Consumers of a table's stream: the outbox's publisher among them."""

from dataclasses import replace

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.alarm import alarm
from infra.constructs.function import Access, Function, Grant, Plan
from infra.constructs.queue import DeadLetterQueue
from infra.constructs.table import ServiceTable
from infra.constructs.watching import BEHIND, show
from runtime import publisher
from runtime.stream import Stream

TIMEOUT = 60  # seconds
LATE = 5
"""How many minutes old the oldest unread change may get; the stream keeps one day."""


class StreamConsumer(Construct):
    """A function that reads a table's changes in batches.

    A batch that fails is halved until the poison record is alone; that one is retried, then
    parked: the failure queue tells where in the stream it is.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    plan
        The function; the access to the stream is added.
    stream
        The declaration, which says how large a batch is.
    table
        Whose stream.
    parked
        Where what could not be handled goes.
    retries
        How often a failing batch is tried again.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        plan: Plan,
        *,
        stream: Stream,
        table: ServiceTable,
        parked: DeadLetterQueue,
        retries: int = 3,
    ) -> None:
        super().__init__(scope, construct_id)
        reaching = plan.reaching(table.following(), parked.sending())
        function = Function(self, "Function", reaching, timeout=TIMEOUT)
        source = lambda_.CfnEventSourceMapping
        source(
            self,
            "Source",
            function_name=function.arn,
            event_source_arn=table.stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=stream.batch_size,
            maximum_batching_window_in_seconds=stream.window_seconds,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=retries,
            destination_config=source.DestinationConfigProperty(
                on_failure=source.OnFailureProperty(destination=parked.arn)
            ),
        )
        alarm(
            self,
            "Late",
            stage=plan.stage,
            name=f"{plan.within_stage}-late",
            description=(
                f"{plan.within_stage} is over {LATE} minutes behind its table; "
                "after a day changes are lost."
            ),
            namespace="AWS/Lambda",
            metric="IteratorAge",
            dimensions={"FunctionName": function.name},
            threshold=LATE * 60 * 1000,  # the metric's unit is milliseconds
        )
        show(BEHIND, "AWS/Lambda", "FunctionName", function.name, {"IteratorAge": ""})


class Publisher(Construct):
    """Publishes the events that ride on a table's changes to the stage's bus.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    plan
        Any function of the service's: the publisher shares its bundle.
    table
        Whose changes carry the events.
    bus_arn
        Where they go.
    """

    RETRIES = 10

    def __init__(
        self, scope: Construct, construct_id: str, plan: Plan, *, table: ServiceTable, bus_arn: str
    ) -> None:
        super().__init__(scope, construct_id)
        plan = replace(plan, name="publisher", handler="runtime.publisher.handler")
        failures = DeadLetterQueue(
            self,
            "Failures",
            stage=plan.stage,
            name=f"{plan.within_stage}-failures",
            holds=f"{plan.bundle.service} could not publish an event.",
        )
        publishing = Grant(["events:PutEvents"], [bus_arn])
        StreamConsumer(
            self,
            "Consumer",
            plan.reaching(
                Access({"BUS_NAME": plan.stage.named()}, [publishing]),
                failures.sending("FAILURE_QUEUE_URL"),
            ),
            stream=publisher.handler,
            table=table,
            parked=failures,
            retries=self.RETRIES,
        )
