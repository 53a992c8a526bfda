"""A network without a way out, for what may be reached by a service's own functions alone."""

from collections.abc import Sequence
from typing import Final

from aws_cdk import CfnTag, Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.arns import account, partition, region
from infra.constructs.function import (
    Grant,
    assumed_by,
    keep_unless_disposable,
    log_group,
    policy,
)
from infra.constructs.placement import Placement
from infra.stages import Stage

_NETWORK: Final = "10.0.0.0/24"
# One for each zone, of 59 addresses: a domain wants three a node, Lambda one for all functions.
_SUBNETS: Final = ("10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/26")
_TLS: Final = 443


class PrivateNetwork(Construct):
    """A VPC of isolated subnets: no gateway to the internet, no NAT, no public address.

    AWS's services are reached through endpoints, which let only the account's own roles pass to
    the account's own resources. The VPC's default security group, which AWS makes, is used by
    nothing.

    Parameters
    ----------
    scope, construct_id
        Where in the tree.
    stage, name
        The stage, and the network's name within it. A disposable stage has one zone, any other
        three.
    services
        What functions in it call besides DynamoDB, as endpoints spell it: ``sqs``.

    Attributes
    ----------
    subnets
        Ids of the subnets, each in a zone of its own.
    inside
        Id of the security group of what the functions may reach.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        name: str,
        services: Sequence[str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage
        self._name = stage.named(name)
        self._tags = [CfnTag(key="Name", value=self._name)]
        vpc = ec2.CfnVPC(
            self,
            "Vpc",
            cidr_block=_NETWORK,
            # Both, so that a service's usual name leads to its endpoint.
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags,
        )
        # What is kept when its stack goes keeps what it stands on.
        keep_unless_disposable(vpc, stage)
        self._vpc = vpc.ref
        self._log()
        self._callers, self.inside = self._groups()
        self._routes = ec2.CfnRouteTable(self, "Routes", vpc_id=self._vpc, tags=self._tags).ref
        zones = _SUBNETS[:1] if stage.disposable else _SUBNETS
        made = [self._subnet(zone, block) for zone, block in enumerate(zones)]
        self.subnets = tuple(subnet.subnet_id for subnet in made)
        self._needed = (
            *made,
            self._gateway("dynamodb", _own_to_own()),
            self._gateway("s3", _answers_to_cloudformation()),
            *(self._endpoint(service) for service in services),
        )

    def placement(self) -> Placement:
        """Return the place of functions that reach what is inside, and AWS by the endpoints."""
        return Placement(self.subnets, self._callers, self._needed)

    def _subnet(self, zone: int, block: str) -> ec2.CfnSubnetRouteTableAssociation:
        subnet = ec2.CfnSubnet(
            self,
            f"Subnet{zone + 1}",
            vpc_id=self._vpc,
            cidr_block=block,
            availability_zone=Fn.select(zone, Fn.get_azs()),
            map_public_ip_on_launch=False,
            tags=self._tags,
        )
        keep_unless_disposable(subnet, self._stage)
        return ec2.CfnSubnetRouteTableAssociation(
            self, f"Routed{zone + 1}", subnet_id=subnet.ref, route_table_id=self._routes
        )

    def _groups(self) -> tuple[str, str]:
        of = ec2.CfnSecurityGroup
        callers = of(
            self,
            "Callers",
            group_description=f"Functions in {self._name}: nothing comes in, TLS goes out",
            vpc_id=self._vpc,
            security_group_egress=[
                of.EgressProperty(
                    ip_protocol="tcp",
                    from_port=_TLS,
                    to_port=_TLS,
                    # To all, as nothing tells a template the ids of the lists of addresses behind
                    # the gateways. The subnets have routes to these and to each other alone.
                    cidr_ip="0.0.0.0/0",
                    description="What is inside and the endpoints of AWS; there is no other route",
                )
            ],
        )
        inside = of(
            self,
            "Inside",
            group_description=f"What functions in {self._name} reach: TLS comes in from them alone",
            vpc_id=self._vpc,
            security_group_ingress=[
                of.IngressProperty(
                    ip_protocol="tcp",
                    from_port=_TLS,
                    to_port=_TLS,
                    source_security_group_id=callers.attr_group_id,
                    description="Functions of the service",
                )
            ],
            # A rule that leads nowhere takes the place of the one that AWS would add: to all.
            security_group_egress=[
                of.EgressProperty(
                    ip_protocol="-1", cidr_ip="127.0.0.1/32", description="Nothing goes out"
                )
            ],
        )
        for group in (callers, inside):
            keep_unless_disposable(group, self._stage)
        return callers.attr_group_id, inside.attr_group_id

    def _gateway(self, service: str, document: dict[str, object]) -> ec2.CfnVPCEndpoint:
        return ec2.CfnVPCEndpoint(
            self,
            service.title(),
            vpc_id=self._vpc,
            service_name=f"com.amazonaws.{region()}.{service}",
            vpc_endpoint_type="Gateway",
            route_table_ids=[self._routes],
            policy_document=document,
        )

    def _endpoint(self, service: str) -> ec2.CfnVPCEndpoint:
        return ec2.CfnVPCEndpoint(
            self,
            service.title(),
            vpc_id=self._vpc,
            service_name=f"com.amazonaws.{region()}.{service}",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=list(self.subnets),
            security_group_ids=[self.inside],
            policy_document=_own_to_own(),
        )

    def _log(self) -> None:
        group = log_group(self, "Flows", stage=self._stage, name=f"/starling/{self._name}/flows")
        writing = Grant(
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [group.attr_arn],
        )
        role = iam.CfnRole(
            self,
            "Logging",
            assume_role_policy_document=assumed_by("vpc-flow-logs.amazonaws.com"),
            policies=[
                iam.CfnRole.PolicyProperty(
                    policy_name="access", policy_document=policy([writing.statement()])
                )
            ],
        )
        ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_id=self._vpc,
            resource_type="VPC",
            traffic_type="ALL",
            log_group_name=group.ref,
            deliver_logs_permission_arn=role.attr_arn,
        )


def _own_to_own() -> dict[str, object]:
    """Return the policy by which the account's roles reach the account's resources alone."""
    own = {"aws:PrincipalAccount": account(), "aws:ResourceAccount": account()}
    everything = Grant(["*"], ["*"])
    return policy([everything.statement(Principal="*", Condition={"StringEquals": own})])


def _answers_to_cloudformation() -> dict[str, object]:
    """Return the policy by which a custom resource's answer reaches CloudFormation's own bucket."""
    # Without the region's hyphens: "VPC endpoint policies", CloudFormation's user guide.
    where = Fn.join("", Fn.split("-", region()))
    bucket = f"arn:{partition()}:s3:::cloudformation-custom-resource-response-{where}"
    return policy([Grant(["s3:PutObject"], [f"{bucket}/*"]).statement(Principal="*")])
