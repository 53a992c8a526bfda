"""AWS clients: made once, bounded in how long they wait, with the function's own credentials."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from runtime import clients
from runtime.clients import client
from runtime.testing import forget


def start_anew() -> None:
    """Forget the session too, which keeps its credentials."""
    forget()
    clients._session.cache_clear()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "role-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "role-token")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    start_anew()
    yield
    start_anew()


def test_a_client_is_made_once_a_process() -> None:
    first = client("sqs")
    assert client("sqs") is first
    other: Any = client("events")
    assert other is not first
    forget()
    assert client("sqs") is not first


def test_a_client_waits_a_bounded_time() -> None:
    config: Any = client("dynamodb").meta.config
    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}


def test_the_credentials_are_those_of_the_environment() -> None:
    url = client("sqs").generate_presigned_url("list_queues")
    assert "role-key" in url
    assert "role-token" in url


def test_without_them_nothing_else_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = file-key\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(variable)
    start_anew()
    with pytest.raises(NoCredentialsError):
        client("sqs").generate_presigned_url("list_queues")
