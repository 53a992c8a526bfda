"""ARNs of this account and region by the names of the resources, without a reference to them."""

from functools import cache

from aws_cdk import Aws


def arn(service: str, resource: str) -> str:
    """Return the ARN of a resource by its name.

    Parameters
    ----------
    service
        As ARNs spell it, like ``sns``.
    resource
        What follows the account, like ``rule/bus/name``.
    """
    partition, region, account = _here()
    return f"arn:{partition}:{service}:{region}:{account}:{resource}"


@cache
def _here() -> tuple[str, str, str]:
    return Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID
