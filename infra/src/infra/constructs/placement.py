"""Where in a private network a function runs, and what Lambda needs to connect it."""

from dataclasses import dataclass

from aws_cdk import CfnResource
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from infra.constructs.arns import arn
from infra.constructs.reasons import INTERFACES, acknowledge

# What the role of a function in a VPC must allow ("Giving Lambda functions access to resources in
# an Amazon VPC", developer guide): Lambda takes the role to make and delete network interfaces.
_CHANGES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
)
_LOOKS = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")


@dataclass(frozen=True)
class Placement:
    """A place for functions in a private network.

    Attributes
    ----------
    subnets
        Ids of the subnets.
    security_group
        Id of the group that says what they reach.
    after
        What has to be there before a function runs, and as long as it does.
    """

    subnets: tuple[str, ...]
    security_group: str
    after: tuple[CfnResource, ...] = ()

    @property
    def config(self) -> lambda_.CfnFunction.VpcConfigProperty:
        """The place as a function's property."""
        return lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=list(self.subnets), security_group_ids=[self.security_group]
        )

    @staticmethod
    def statements(function: str) -> list[dict[str, object]]:
        """Return what lets Lambda connect a function by its role, and the function do nothing.

        Parameters
        ----------
        function
            The function's name.
        """
        # Interfaces have no ids yet when a policy is written, and Lambda asks for all of them.
        interfaces, everything = [arn("ec2", "*/*")], ["*"]
        own = {"ArnEquals": {"lambda:SourceFunctionArn": arn("lambda", f"function:{function}")}}
        both = sorted((*_CHANGES, *_LOOKS))
        return [
            {"Effect": "Allow", "Action": list(_CHANGES), "Resource": interfaces},
            {"Effect": "Allow", "Action": list(_LOOKS), "Resource": everything},
            {"Effect": "Deny", "Action": both, "Resource": everything, "Condition": own},
        ]


def say_why(role: iam.CfnRole) -> None:
    """Record why the role of a function in a private network is allowed as much."""
    for resource in ("*", "arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:*/*"):
        acknowledge(role, f"AwsSolutions-IAM5[Resource::{resource}]", INTERFACES)
