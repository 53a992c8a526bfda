"""What an account on AWS has once, whatever stages are in it."""

from pathlib import Path
from typing import Final

from botocore.exceptions import ClientError

from infra import aws
from infra.stages import Stage

_DOMAIN: Final = "AWS::OpenSearchService::Domain"
_SERVICE: Final = "opensearchservice.amazonaws.com"
# It is there; or others see to the account's roles: a deployment says if it is missing.
_MEANT: Final = ("AccessDenied", "InvalidInput")


def prepare(stage: Stage, assembly: Path) -> None:
    """Make the role with which OpenSearch Service connects domains to networks, once an account.

    No stack can own it: it is the same one for all stages, and AWS gives it its name.

    Parameters
    ----------
    stage
        A stage on AWS.
    assembly
        What goes there; without a search domain in it, nothing is made.
    """
    if not any(_DOMAIN in file.read_text() for file in assembly.glob("*.template.json")):
        return
    try:
        aws.client(stage, "iam").create_service_linked_role(AWSServiceName=_SERVICE)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MEANT:
            raise
