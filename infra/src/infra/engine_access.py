"""The search engine of a stage, as an operator reaches it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    DeferredRefreshableCredentials,
)
from botocore.session import get_session
from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth

from infra import aws
from infra.errors import StarlingError
from infra.stages import SEARCH_OPERATOR, Stage

_SECONDS = 60  # an operator waits longer than a function
_CONNECTIONS = 8  # of the threads of a reindex


@contextmanager
def engine(stage: Stage, where: dict[str, Any]) -> Iterator[OpenSearch]:
    """Yield a client of a stage's search engine.

    Parameters
    ----------
    stage
        A stage that is up.
    where
        What the stage tells of itself (`infra.outputs.describe`).

    Raises
    ------
    StarlingError
        The stage has none, or nobody may take the operator's role.
    """
    address = where["search_engine"]
    if not address:
        raise StarlingError(
            f"The stage {stage.name!r} has no search engine.",
            f"Deploy it: starling deploy search-sync --stage {stage.name}.",
        )
    client = OpenSearch(
        hosts=[address],
        http_auth=None if stage.local else _signer(stage, where["region"]),
        timeout=_SECONDS,
        maxsize=_CONNECTIONS,
        max_retries=0,
    )
    try:
        yield client
    finally:
        client.close()


def _signer(stage: Stage, region: str) -> Urllib3AWSV4SignerAuth:
    """Return what signs requests as the stage's operator, for as long as they go on."""
    session = get_session()
    own = session.get_credentials()
    if own is None:
        raise StarlingError("There are no AWS credentials.", "Sign in: aws sso login, or the like.")
    identity = aws.client(stage, "sts").get_caller_identity()
    partition = identity["Arn"].split(":")[1]
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=session.create_client,
        source_credentials=own,
        role_arn=f"arn:{partition}:iam::{identity['Account']}:role/{stage.named(SEARCH_OPERATOR)}",
    )
    taken = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
    return Urllib3AWSV4SignerAuth(taken, region, "es")
