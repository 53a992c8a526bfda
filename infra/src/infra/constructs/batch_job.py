"""A container on AWS Batch, for work that no function's 15 minutes hold (docs/decisions/0019).

Fargate: no machine to patch, nothing that costs while no job runs. Its disk is encrypted by AWS, as
are its logs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import aws_batch as batch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.arns import arn, region
from infra.constructs.function import Access, Grant, assumed_by, log_group, policy
from infra.constructs.queue import DeadLetterQueue
from infra.constructs.reasons import acknowledge
from infra.constructs.subscription import target
from infra.stages import Stage

# A task of Fargate begins anew where AWS ends the host under it; what fails by itself is not tried
# again: "Automated job retries" in AWS Batch's user guide.
_LOST_HOST = "Host EC2*"


@dataclass(frozen=True)
class Network:
    """Where jobs run: subnets without a route to the internet.

    They need endpoints of ECR, CloudWatch Logs and S3 (a gateway), and of what the job calls.

    Attributes
    ----------
    vpc
        Id of the VPC.
    subnets
        Ids of its private subnets, in two zones or more.
    """

    vpc: str
    subnets: Sequence[str]


@dataclass(frozen=True)
class Container:
    """What a job runs.

    Attributes
    ----------
    repository
        ARN of the ECR repository that holds the image.
    image
        The image with its digest, which names one content: ``…/name@sha256:…``.
    command
        ``Ref::name`` in it is a parameter of each job.
    parameters
        What those are if a job does not say.
    processors, memory
        In vCPU and in MB, in one of the pairs that Fargate has ("RegisterJobDefinition", API
        reference).
    hours
        After how many a job is ended.
    attempts
        How often a job is started whose host was lost.
    """

    repository: str
    image: str
    command: Sequence[str]
    parameters: Mapping[str, str] = field(default_factory=dict)
    processors: int = 1
    memory: int = 4096
    hours: int = 12
    attempts: int = 3

    def __post_init__(self) -> None:
        """Refuse a tag: it may name another content tomorrow.

        Raises
        ------
        ValueError
            The image has no digest.
        """
        if "@sha256:" not in self.image:
            raise ValueError(f"image {self.image} has no digest")


class BatchJob(Construct):
    """A queue whose jobs each run one container, and where failures are kept.

    A job is submitted by what is granted `submitting`: a state machine, mostly. It has no secret
    and no address of its own, and writes to its logs and to what it may reach alone.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage, name
        The stage, and the queue's name within it.
    network
        Where the jobs run.
    container
        What they run.
    access
        What they may reach.
    at_once
        For how many vCPU jobs run at the same time; others wait.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        name: str,
        network: Network,
        container: Container,
        access: Sequence[Access] = (),
        at_once: int = 16,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = stage.named(name)
        self._queue = self._jobs(network, at_once)
        self._definition = self._job(stage, container, access)
        self._keep_failures(stage, name)

    def submitting(self) -> Access:
        """Return the access to submit jobs; the variables name the queue and the definition."""
        # Without its revision: who submits runs the latest.
        definition = arn("batch", f"job-definition/{self.name}")
        return Access(
            {"JOB_QUEUE": self._queue.ref, "JOB_DEFINITION": definition},
            [Grant(["batch:SubmitJob"], [self._queue.ref, definition, f"{definition}:*"])],
            self._admit,
        )

    def _admit(self, role: iam.CfnRole) -> None:
        shown = "arn:<AWS::Partition>:batch:<AWS::Region>:<AWS::AccountId>:job-definition"
        acknowledge(
            role,
            f"AwsSolutions-IAM5[Resource::{shown}/{self.name}:*]",
            "the revisions of one job definition, which AWS Batch counts",
        )

    def _jobs(self, network: Network, at_once: int) -> batch.CfnJobQueue:
        group = ec2.CfnSecurityGroup(
            self,
            "SecurityGroup",
            group_description=f"Jobs of {self.name}: nothing comes in, TLS goes out",
            vpc_id=network.vpc,
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="tcp",
                    from_port=443,
                    to_port=443,
                    cidr_ip="0.0.0.0/0",
                    description="Endpoints of AWS; the subnets have no route to anything else",
                )
            ],
        )
        environment = batch.CfnComputeEnvironment(
            self,
            "Environment",
            type="MANAGED",
            state="ENABLED",
            # A change makes another environment beside it, to which the queue goes over.
            replace_compute_environment=True,
            compute_resources=batch.CfnComputeEnvironment.ComputeResourcesProperty(
                type="FARGATE",
                maxv_cpus=at_once,
                subnets=list(network.subnets),
                security_group_ids=[group.attr_group_id],
            ),
        )
        return batch.CfnJobQueue(
            self,
            "Queue",
            job_queue_name=self.name,
            priority=1,
            state="ENABLED",
            compute_environment_order=[
                batch.CfnJobQueue.ComputeEnvironmentOrderProperty(
                    compute_environment=environment.attr_compute_environment_arn, order=1
                )
            ],
        )

    def _job(
        self, stage: Stage, container: Container, access: Sequence[Access]
    ) -> batch.CfnJobDefinition:
        group = log_group(self, "Logs", stage=stage, name=f"/aws/batch/{self.name}")
        logging = Grant(["logs:CreateLogStream", "logs:PutLogEvents"], [group.attr_arn])
        pulling = Grant(
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [container.repository],
        )
        signing_in = Grant(["ecr:GetAuthorizationToken"], ["*"])
        starter = self._role("Starter", [logging, pulling, signing_in])
        acknowledge(
            starter,
            "AwsSolutions-IAM5[Resource::*]",
            "signing in to ECR knows no resources; images are pulled from one repository alone",
        )
        role = self._role("Role", [grant for one in access for grant in one.grants])
        for one in access:
            one.admit(role)
        environment = {"LOG_LEVEL": "INFO", "STARLING_STAGE": stage.name}
        for one in access:
            environment |= one.environment
        of = batch.CfnJobDefinition
        needs = {"VCPU": container.processors, "MEMORY": container.memory}
        return of(
            self,
            "Definition",
            type="container",
            job_definition_name=self.name,
            platform_capabilities=["FARGATE"],
            parameters=dict(container.parameters),
            propagate_tags=True,
            timeout=of.TimeoutProperty(attempt_duration_seconds=container.hours * 60 * 60),
            retry_strategy=of.RetryStrategyProperty(
                attempts=container.attempts,
                evaluate_on_exit=[
                    of.EvaluateOnExitProperty(action="RETRY", on_status_reason=_LOST_HOST),
                    of.EvaluateOnExitProperty(action="EXIT", on_reason="*"),
                ],
            ),
            container_properties=of.ContainerPropertiesProperty(
                image=container.image,
                command=list(container.command),
                environment=[
                    of.EnvironmentProperty(name=key, value=value)
                    for key, value in sorted(environment.items())
                ],
                execution_role_arn=starter.attr_arn,
                job_role_arn=role.attr_arn,
                readonly_root_filesystem=True,
                privileged=False,
                resource_requirements=[
                    of.ResourceRequirementProperty(type=kind, value=str(value))
                    for kind, value in needs.items()
                ],
                runtime_platform=of.RuntimePlatformProperty(
                    cpu_architecture="ARM64", operating_system_family="LINUX"
                ),
                # From 1.4.0 on a task's disk is encrypted ("Fargate task ephemeral storage").
                fargate_platform_configuration=of.FargatePlatformConfigurationProperty(
                    platform_version="1.4.0"
                ),
                network_configuration=of.NetworkConfigurationProperty(assign_public_ip="DISABLED"),
                log_configuration=of.LogConfigurationProperty(
                    log_driver="awslogs",
                    options={
                        "awslogs-group": group.ref,
                        "awslogs-region": region(),
                        "awslogs-stream-prefix": "job",
                    },
                ),
            ),
        )

    def _role(self, construct_id: str, grants: Sequence[Grant]) -> iam.CfnRole:
        document = policy([grant.statement() for grant in grants])
        access = iam.CfnRole.PolicyProperty(policy_name="access", policy_document=document)
        return iam.CfnRole(
            self,
            construct_id,
            assume_role_policy_document=assumed_by("ecs-tasks.amazonaws.com"),
            policies=[access] if grants else None,
        )

    def _keep_failures(self, stage: Stage, name: str) -> None:
        """Keep the news of each job that failed; it rings."""
        rule_name = stage.named(name)
        failed = DeadLetterQueue(
            self,
            "Failed",
            stage=stage,
            name=f"{name}-failed",
            holds=f"A job of {self.name} failed.",
            rules=[arn("events", f"rule/{rule_name}")],
        )
        events.CfnRule(
            self,
            "Rule",
            name=rule_name,
            description=f"Jobs of {self.name} that failed",
            event_pattern={
                "source": ["aws.batch"],
                "detail-type": ["Batch Job State Change"],
                "detail": {"status": ["FAILED"], "jobQueue": [self._queue.ref]},
            },
            targets=[target(failed.arn, failed)],
        )
