"""The search engine of a stage, as an operator reaches it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.session import get_session
from opensearchpy import OpenSearch

from infra import aws
from infra.errors import StarlingError
from infra.relaying import RelayConnection
from infra.stages import SEARCH_OPERATOR, Stage

_SECONDS = 60  # an operator waits longer than a function
_CONNECTIONS = 8  # of the threads of a reindex
# Whoever asks knows best whether to ask again. The function ends after 70 s.
ONCE = Config(
    connect_timeout=5,
    read_timeout=80,
    retries={"total_max_attempts": 1},
    tcp_keepalive=True,
    max_pool_connections=_CONNECTIONS,
)


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
    if not address or not (stage.local or where["search_relay"]):
        raise StarlingError(
            f"The stage {stage.name!r} has no search engine.",
            f"Deploy it: starling deploy search-sync --stage {stage.name}.",
        )
    way: dict[str, Any] = {} if stage.local else _through_relay(stage, where)
    client = OpenSearch(
        hosts=[address], timeout=_SECONDS, maxsize=_CONNECTIONS, max_retries=0, **way
    )
    try:
        yield client
    finally:
        client.close()


def _through_relay(stage: Stage, where: dict[str, Any]) -> dict[str, Any]:
    """Return what makes a client speak to the engine as the stage's operator, however long."""
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
    operator = get_session()
    operator.register_component("credential_provider", CredentialResolver([_Taken(fetcher)]))
    functions = operator.create_client("lambda", region_name=where["region"], config=ONCE)
    return {
        "connection_class": RelayConnection,
        "functions": functions,
        "relay": where["search_relay"],
    }


class _Taken(CredentialProvider):
    """The credentials of a role, which are taken anew before they end."""

    METHOD = "assume-role"

    def __init__(self, fetcher: AssumeRoleCredentialFetcher) -> None:
        super().__init__()
        self._fetcher = fetcher

    def load(self) -> DeferredRefreshableCredentials:
        return DeferredRefreshableCredentials(self._fetcher.fetch_credentials, self.METHOD)
