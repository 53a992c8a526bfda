"""State machines: a definition in a file, the functions that it names, and what starts it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.constructs.alarm import alarm
from infra.constructs.arns import arn
from infra.constructs.function import Access, Function, Grant, assumed_by, log_group, policy
from infra.constructs.queue import DeadLetterQueue
from infra.constructs.reasons import acknowledge
from infra.constructs.watching import EXECUTIONS, show
from infra.stages import Stage

MAX_NAME = 80  # of a state machine (CreateStateMachine, API reference)

# What Step Functions asks for to write logs and traces ("Logging in CloudWatch Logs", "Tracing"
# in its developer guide); none of it knows resources.
_TELLING = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
_NAMED = re.compile(r"\$\{(\w+)\}")
_EXECUTIONS = ("", "/*")  # of the state machine itself, and of its maps
_ENDINGS = {"ExecutionsFailed": "failed", "ExecutionsTimedOut": "timed-out"}


@dataclass(frozen=True)
class Created:
    """New objects that start an execution each.

    Attributes
    ----------
    bucket
        Name of a bucket whose new objects the default bus hears of.
    prefix
        Of the objects' keys.
    """

    bucket: str
    prefix: str


@dataclass(frozen=True)
class Published:
    """Events on the stage's bus that start an execution each.

    Attributes
    ----------
    source, detail_type
        Who publishes them, and which they are.
    """

    source: str
    detail_type: str


def named(definition: str) -> set[str]:
    """Return what a definition leaves to be filled in: the words in ``${…}``."""
    return set(_NAMED.findall(definition))


class StateMachine(Construct):
    """A state machine that may call the functions that its definition names, and no others.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage, name
        The stage, and the state machine's name within it.
    definition
        In Amazon States Language, JSON. ``${word}`` is a task's function, or a variable of what
        it reaches.
    tasks
        The functions by the names of their modules.
    access
        What the state machine itself reaches: a map's reader and writer, for example.
    started
        What starts it, if anything does.

    Raises
    ------
    ValueError
        The name is too long, or the definition names what is not given, or is not given what
        it does not name.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        name: str,
        definition: str,
        tasks: Mapping[str, Function],
        access: Sequence[Access] = (),
        started: Created | Published | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = stage.named(name)
        if len(self.name) > MAX_NAME:
            raise ValueError(f"state machine {self.name} is longer than {MAX_NAME} characters")
        variables = {key: value for one in access for key, value in one.environment.items()}
        given = variables | {task: function.arn for task, function in tasks.items()}
        if unlike := named(definition) ^ given.keys():
            raise ValueError(f"{name}: named and not given, or given and not named: {unlike}")
        invoking = Grant(["lambda:InvokeFunction"], [one.arn for one in tasks.values()])
        grants = [invoking] if tasks else []
        grants += [grant for one in access for grant in one.grants]
        role = self._role(grants, maps='"DISTRIBUTED"' in definition)
        for one in access:
            one.admit(role)
        group = log_group(self, "Logs", stage=stage, name=f"/aws/vendedlogs/states/{self.name}")
        self._machine = stepfunctions.CfnStateMachine(
            self,
            "StateMachine",
            state_machine_name=self.name,
            state_machine_type="STANDARD",
            role_arn=role.attr_arn,
            # On one line: CloudFormation takes it as it is, and space counts.
            definition_string=json.dumps(json.loads(definition), separators=(",", ":")),
            definition_substitutions=given or None,
            logging_configuration=_logging(group),
            tracing_configuration={"enabled": True},
        )
        self.arn = self._machine.attr_arn
        for metric, ending in _ENDINGS.items():
            alarm(
                self,
                metric,
                stage=stage,
                name=f"{name}-{ending}",
                description=f"An execution of {self.name} {ending.replace('-', ' ')}.",
                namespace="AWS/States",
                metric=metric,
                dimensions={"StateMachineArn": self.arn},
            )
        show(
            EXECUTIONS,
            "AWS/States",
            "StateMachineArn",
            "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:"
            + self.name,
            {"ExecutionsSucceeded": "succeeded"} | _ENDINGS,
            called=name,
        )
        if started:
            self._start(stage, name, started)

    def _role(self, grants: Sequence[Grant], *, maps: bool) -> iam.CfnRole:
        """Return its role; of a distributed map the state machine starts its own executions."""
        telling = [Grant(_TELLING, ["*"])]
        own = [
            Grant(["states:StartExecution"], [arn("states", f"stateMachine:{self.name}")]),
            Grant(
                ["states:DescribeExecution", "states:RedriveExecution", "states:StopExecution"],
                [arn("states", f"execution:{self.name}{of}:*") for of in _EXECUTIONS],
            ),
        ]
        statements = [one.statement() for one in (*telling, *(own if maps else ()), *grants)]
        role = iam.CfnRole(
            self,
            "Role",
            assume_role_policy_document=assumed_by("states.amazonaws.com"),
            policies=[
                iam.CfnRole.PolicyProperty(policy_name="access", policy_document=policy(statements))
            ],
        )
        acknowledge(
            role,
            "AwsSolutions-IAM5[Resource::*]",
            "delivering logs and traces knows no resources: AWS grants it on all or not at all",
        )
        for of in _EXECUTIONS if maps else ():
            shown = (
                f"arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{self.name}"
            )
            acknowledge(
                role,
                f"AwsSolutions-IAM5[Resource::{shown}{of}:*]",
                "its own executions, whose names Step Functions chooses",
            )
        return role

    def answering(self) -> Access:
        """Return the access to wake an execution that waits for an answer."""
        return Access({}, [Grant(["states:SendTaskSuccess"], [self.arn])])

    def _start(self, stage: Stage, name: str, started: Created | Published) -> None:
        """Start an execution for each event; what cannot be started is kept and rings."""
        rule_name = stage.named(name)
        bus, pattern = _events(stage, started)
        missed = DeadLetterQueue(
            self,
            "Missed",
            stage=stage,
            name=f"{name}-missed",
            holds=f"{self.name} was not started for an event.",
            rules=[arn("events", f"rule/{f'{bus}/' if bus else ''}{rule_name}")],
        )
        starting = Grant(["states:StartExecution"], [self.arn]).statement()
        role = iam.CfnRole(
            self,
            "Starter",
            assume_role_policy_document=assumed_by("events.amazonaws.com"),
            policies=[
                iam.CfnRole.PolicyProperty(policy_name="access", policy_document=policy([starting]))
            ],
        )
        events.CfnRule(
            self,
            "Rule",
            name=rule_name,
            event_bus_name=bus,
            event_pattern=pattern,
            targets=[
                events.CfnRule.TargetProperty(
                    id="target",
                    arn=self.arn,
                    role_arn=role.attr_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=missed.arn),
                )
            ],
        )


def _events(stage: Stage, started: Created | Published) -> tuple[str | None, dict[str, object]]:
    """Return the bus, None for the default one, and the pattern of what starts an execution."""
    if isinstance(started, Published):
        pattern = {"source": [started.source], "detail-type": [started.detail_type]}
        return stage.named(), {**pattern}
    return None, {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [started.bucket]},
            "object": {"key": [{"prefix": started.prefix}]},
        },
    }


def _logging(group: logs.CfnLogGroup) -> stepfunctions.CfnStateMachine.LoggingConfigurationProperty:
    """Log every step, and nothing of what goes through it."""
    of = stepfunctions.CfnStateMachine
    return of.LoggingConfigurationProperty(
        level="ALL",
        include_execution_data=False,
        destinations=[
            of.LogDestinationProperty(
                cloud_watch_logs_log_group=of.CloudWatchLogsLogGroupProperty(
                    log_group_arn=group.attr_arn
                )
            )
        ],
    )
