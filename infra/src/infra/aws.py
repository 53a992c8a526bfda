"""AWS clients of the tooling: a local stage's emulator, or the account that the person uses."""

import os
from functools import lru_cache
from typing import Any

from botocore.config import Config
from botocore.session import get_session

from infra.stages import LOCAL_REGION, Stage

_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard"})
_LOCAL_CONFIG = _CONFIG.merge(Config(proxies={}))  # a proxy does not lead to this machine


def environment(stage: Stage) -> dict[str, str]:
    """Return the variables that lead any AWS SDK or tool to a local stage; empty for AWS."""
    if stage.emulator_url is None:
        return {}
    no_proxy = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1", "localhost"]))
    return {
        "AWS_ENDPOINT_URL": stage.emulator_url,
        "AWS_ENDPOINT_URL_REKOGNITION": stage.vision_url or stage.emulator_url,
        "AWS_REGION": LOCAL_REGION,
        "AWS_DEFAULT_REGION": LOCAL_REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        # The person's own configuration must not lead a local command to their account.
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
    }


def client(stage: Stage, service: str, patience: int | None = None) -> Any:
    """Return a client of an AWS service for a stage, made once per process.

    Parameters
    ----------
    stage
        A local stage is reached with its endpoint and dummy credentials, any other with what
        the person's environment and configuration say.
    service
        The service as botocore names it.
    patience
        How many seconds an answer may take, where a call must be made once only.
    """
    return _client(stage.emulator_url, service, patience)


@lru_cache
def _client(endpoint: str | None, service: str, patience: int | None) -> Any:
    session = get_session()
    more = Config() if patience is None else _once(patience)
    if endpoint is None:
        return session.create_client(service, config=_CONFIG.merge(more))
    return session.create_client(
        service,
        region_name=LOCAL_REGION,
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator takes any
        config=_LOCAL_CONFIG.merge(more),
    )


def _once(patience: int) -> Config:
    # The connection says nothing for minutes: what is on the way must not take it for dead.
    return Config(read_timeout=patience, retries={"total_max_attempts": 1}, tcp_keepalive=True)
