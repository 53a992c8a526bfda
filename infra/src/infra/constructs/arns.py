"""Where the stack is, and ARNs by the names of resources, without a reference to them."""

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
    return f"arn:{partition()}:{service}:{region()}:{account()}:{resource}"


# Asking the kernel costs a round trip; the answer is always the same token.


@cache
def partition() -> str:
    """Return the partition: ``aws``, but for China and governments."""
    return Aws.PARTITION


@cache
def region() -> str:
    """Return the region that the stack is in."""
    return Aws.REGION


@cache
def account() -> str:
    """Return the account that the stack is in."""
    return Aws.ACCOUNT_ID


@cache
def domain() -> str:
    """Return the domain of the partition's endpoints."""
    return Aws.URL_SUFFIX
