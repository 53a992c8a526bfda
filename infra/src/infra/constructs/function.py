"""A Lambda function: arm64, one role of its own, logs that end, and no permission but its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from aws_cdk import CfnResource, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.constructs.placement import Placement, say_why
from infra.constructs.reasons import PYTHON, XRAY, acknowledge
from infra.constructs.watching import DURATION, ERRORS, THROTTLES, show
from infra.stages import Stage

MAX_NAME = 64  # Lambda's limit
DEFAULT_TIMEOUT = 10  # seconds
MEMORY = 512  # MB; Lambda's share of a processor grows with it
_SEEN = {ERRORS: "Errors", DURATION: "Duration", THROTTLES: "Throttles"}


@dataclass(frozen=True)
class Grant:
    """Some actions that are allowed on some resources.

    Attributes
    ----------
    actions
        Like ``sqs:SendMessage``.
    resources
        ARNs.
    """

    actions: Sequence[str]
    resources: Sequence[str]

    def statement(self, **more: object) -> dict[str, object]:
        """Return it as a policy's statement, with what else the statement says."""
        return {
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": list(self.resources),
            **more,
        }


def policy(statements: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return a policy document of some statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


@dataclass(frozen=True)
class Bundle:
    """What the functions of a service share.

    Attributes
    ----------
    service
        The service's name.
    code
        Where the code is.
    layer
        ARN of the layer with the dependencies.
    """

    service: str
    code: lambda_.CfnFunction.CodeProperty
    layer: str


def _admit_nowhere(_role: iam.CfnRole) -> None:
    """Most resources need not know who is granted something on them."""


@dataclass(frozen=True)
class Access:
    """What a function may reach.

    Attributes
    ----------
    environment
        The variables by which it finds it.
    grants
        What its role may do there.
    admit
        Told of the role, for a resource that has a list of its own of who may come in.
    placement
        Where the function has to run, for a resource in a private network.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    grants: Sequence[Grant] = ()
    admit: Callable[[iam.CfnRole], None] = _admit_nowhere
    placement: Placement | None = None


@dataclass(frozen=True)
class Plan:
    """A function to be made.

    Attributes
    ----------
    stage, bundle
        The stage, and the code of the service.
    name
        The function's name within the service, with hyphens.
    handler
        What Lambda calls, like ``orders.api.place_order.handler``.
    access
        All that it may reach.
    """

    stage: Stage
    bundle: Bundle
    name: str
    handler: str
    access: tuple[Access, ...] = ()

    def reaching(self, *access: Access) -> "Plan":
        """Return the plan of a function that may reach something more."""
        return replace(self, access=(*self.access, *access))

    @property
    def within_stage(self) -> str:
        """The function's name within the stage, which its queues and alarms share."""
        return f"{self.bundle.service}-{self.name}"

    @property
    def placement(self) -> Placement | None:
        """The private network in which it runs, if what it reaches is in one.

        Raises
        ------
        ValueError
            It reaches into two: a function runs in one alone.
        """
        found = {access.placement for access in self.access if access.placement}
        if len(found) > 1:
            raise ValueError(f"function {self.within_stage} would run in {len(found)} networks")
        return found.pop() if found else None


def log_group(scope: Construct, construct_id: str, *, stage: Stage, name: str) -> logs.CfnLogGroup:
    """Return a log group that keeps its lines as long as the stage says."""
    group = logs.CfnLogGroup(
        scope, construct_id, log_group_name=name, retention_in_days=stage.log_days
    )
    keep_unless_disposable(group, stage)
    return group


def keep_unless_disposable(resource: CfnResource, stage: Stage) -> None:
    """Keep a resource when its stack goes, except on a disposable stage."""
    if not stage.disposable:
        resource.apply_removal_policy(RemovalPolicy.RETAIN)


class Function(Construct):
    """One function of a service.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    plan
        What it is.
    timeout
        How long one invocation may take, in seconds.
    memory
        In MB.
    reserved
        How many may run at once, if that is bounded.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        plan: Plan,
        *,
        timeout: int = DEFAULT_TIMEOUT,
        memory: int = MEMORY,
        reserved: int | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stage, service = plan.stage, plan.bundle.service
        self.name = stage.named(plan.within_stage)
        if len(self.name) > MAX_NAME:
            raise ValueError(f"function name {self.name} is longer than {MAX_NAME} characters")
        group = log_group(self, "Logs", stage=stage, name=f"/aws/lambda/{self.name}")
        placement = plan.placement
        self.role = _role(
            self,
            group,
            [grant for of in plan.access for grant in of.grants],
            placement.statements(self.name) if placement else (),
        )
        environment = {
            "LOG_LEVEL": "INFO",
            "POWERTOOLS_METRICS_NAMESPACE": "Starling",
            "POWERTOOLS_SERVICE_NAME": service,
            "STARLING_SERVICE": service,
            "STARLING_STAGE": stage.name,
        }
        for access in plan.access:
            environment |= access.environment
            access.admit(self.role)
        of = lambda_.CfnFunction
        function = of(
            self,
            "Function",
            function_name=self.name,
            runtime="python3.13",
            architectures=["arm64"],
            handler=plan.handler,
            code=plan.bundle.code,
            layers=[plan.bundle.layer],
            role=self.role.attr_arn,
            memory_size=memory,
            timeout=timeout,
            reserved_concurrent_executions=reserved,
            tracing_config=of.TracingConfigProperty(mode="Active"),
            logging_config=of.LoggingConfigProperty(log_group=group.ref, log_format="JSON"),
            environment=of.EnvironmentProperty(variables=environment),
            vpc_config=placement.config if placement else None,
        )
        if placement:
            say_why(self.role)
            for one in placement.after:
                function.add_resource_dependency(one)
        acknowledge(function, "AwsSolutions-L1", PYTHON)
        for graph, metric in _SEEN.items():
            show(graph, "AWS/Lambda", "FunctionName", self.name, {metric: ""})
        self._function = function

    @cached_property
    def arn(self) -> str:
        """Its ARN, once it is there."""
        return self._function.attr_arn

    @property
    def ref(self) -> str:
        """Its name, once it is there."""
        return self._function.ref

    def allow(self, construct_id: str, service: str, source_arn: str) -> None:
        """Let an AWS service call the function, on behalf of one source."""
        lambda_.CfnPermission(
            self,
            construct_id,
            action="lambda:InvokeFunction",
            function_name=self.arn,
            principal=service,
            source_arn=source_arn,
        )


def _role(
    scope: Construct,
    group: logs.CfnLogGroup,
    grants: Sequence[Grant],
    more: Sequence[Mapping[str, object]],
) -> iam.CfnRole:
    own = [
        Grant(["logs:CreateLogStream", "logs:PutLogEvents"], [group.attr_arn]),
        Grant(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"]),
    ]
    statements = [*(grant.statement() for grant in (*own, *grants)), *more]
    role = iam.CfnRole(
        scope,
        "Role",
        assume_role_policy_document=assumed_by("lambda.amazonaws.com"),
        policies=[
            iam.CfnRole.PolicyProperty(policy_name="access", policy_document=policy(statements))
        ],
    )
    acknowledge(role, "AwsSolutions-IAM5[Resource::*]", XRAY)
    return role


def assumed_by(service: str) -> dict[str, object]:
    """Return the policy by which an AWS service may take a role."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return policy([trust])
