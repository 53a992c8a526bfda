"""Settings are read when first asked for, and an error names the variable."""

import subprocess
import sys
from functools import cached_property
from pathlib import Path

import pytest

import runtime
from runtime.settings import BadSetting, Settings

GOOD = {
    "stage": ("STARLING_STAGE", "dev"),
    "service": ("STARLING_SERVICE", "search-sync"),
    "table_name": ("TABLE_NAME", "starling-dev-orders"),
    "bus_name": ("BUS_NAME", "starling-dev"),
    "queue_url": ("QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/q"),
    "dead_letter_queue_url": ("DEAD_LETTER_QUEUE_URL", "http://127.0.0.1:4566/0/dead"),
    "queue_attempts": ("QUEUE_ATTEMPTS", "500"),
    "failure_queue_url": ("FAILURE_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/1/f"),
    "cursor_secret_id": (
        "CURSOR_SECRET_ID",
        "arn:aws:secretsmanager:eu-west-1:1:secret:starling/dev/orders-cursors-AbCdEf",
    ),
    "issuer": ("ISSUER", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC"),
    "audience": ("AUDIENCE", "4h1rkmr0fnb8a"),
    "jwks_url": ("JWKS_URL", "https://cognito-idp.eu-west-1.amazonaws.com/x/jwks.json"),
    "token_use": ("TOKEN_USE", "id"),
}


def test_these_are_all_settings() -> None:
    named = {n for n, of in vars(Settings).items() if isinstance(of, cached_property)}
    assert named == GOOD.keys()


@pytest.mark.parametrize("name", GOOD)
def test_a_setting_is_read_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variable, value = GOOD[name]
    monkeypatch.setenv(variable, value)
    settings = Settings()
    assert str(getattr(settings, name)) == value
    monkeypatch.setenv(variable, "changed")
    assert str(getattr(settings, name)) == value


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [None, "", " ", "a b", "x\n", "x" * 3000])
def test_a_missing_or_malformed_setting_names_its_variable(
    name: str, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable, _ = GOOD[name]
    if value is None:
        monkeypatch.delenv(variable, raising=False)
    else:
        monkeypatch.setenv(variable, value)
    with pytest.raises(BadSetting, match=f"^environment variable {variable} ") as error:
        getattr(Settings(), name)
    assert error.value.variable == variable
    if value and value.strip():
        assert value not in str(error.value)


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "٣", "05", "10000", "many"])
def test_attempts_are_a_number(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUEUE_ATTEMPTS", value)
    with pytest.raises(BadSetting, match="QUEUE_ATTEMPTS"):
        _ = Settings().queue_attempts


MODULES = sorted(
    f"runtime.{path.stem}"
    for path in Path(runtime.__path__[0]).glob("*.py")
    if path.stem not in {"__init__", "commits", "conformance", "in_process", "testing"}
)
ALONE = """
import sys
import botocore.session
def refuse(*_, **__):
    raise SystemExit("a client was made")
botocore.session.Session.create_client = refuse
botocore.session.Session.__init__ = refuse
import {module}
import contracts.limits
loaded = set(sys.modules)
watched = "boto3 cryptography jwt moto pydantic pytest requests"
print(*loaded.intersection(watched.split()))
"""
PLAIN = {"authorizer", "publisher", "stream", "table", "changes", "clients", "logs", "queue"}


def test_the_modules_are_found() -> None:
    assert {f"runtime.{name}" for name in PLAIN} < set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_importing_a_module_needs_no_environment_and_makes_no_client(module: str) -> None:
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-W", "error", "-c", ALONE.format(module=module)],
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    loaded = set(done.stdout.split())
    allowed = {"jwt", "cryptography"} if module == "runtime.authorizer" else set()
    if module.removeprefix("runtime.") not in PLAIN:
        allowed |= {"pydantic"}
    assert loaded <= allowed
