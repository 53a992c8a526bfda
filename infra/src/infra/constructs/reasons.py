"""Says why a rule of cdk-nag does not apply to a resource, on that resource alone.

Only who judges an app needs to hear it: a deployment makes hundreds of resources, and to tell the
CDK of each reason would cost it a tenth of its time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

PYTHON: Final = "the services' locks are resolved and tested for Python 3.13"
XRAY: Final = "X-Ray's write actions know no resources: AWS grants them on all or not at all"
INTERFACES: Final = (
    "Lambda connects functions by their roles, to interfaces that have no ids yet; the function's "
    "own requests are denied it"
)
LIST_STREAMS: Final = "dynamodb:ListStreams knows no resources: AWS grants it on all or not at all"


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Record that a finding on one resource is meant, and why.

    Parameters
    ----------
    construct
        The resource with the finding.
    rule
        The rule's id with its pack, like ``AwsSolutions-APIG3``; of a rule that finds several
        things, one of them: ``AwsSolutions-IAM5[Resource::*]``.
    reason
        Why it is right here.
    """
    if _judged.get():
        Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))


@contextmanager
def judged() -> Iterator[None]:
    """Tell the CDK the reasons of what is made within: for an app that cdk-nag judges."""
    token = _judged.set(True)
    try:
        yield
    finally:
        _judged.reset(token)


_judged: ContextVar[bool] = ContextVar("judged", default=False)
