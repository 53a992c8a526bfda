import signal
import subprocess
import sys

import pytest
from botocore.exceptions import EndpointConnectionError

from infra import cli
from infra.commands import outputs
from infra.errors import StarlingError
from infra.local import stage


@pytest.fixture
def starling(monkeypatch, capsys, tmp_path):
    """Run the command line; returns the exit code, stdout and stderr."""
    monkeypatch.setattr(stage, "STAGES", tmp_path)
    signals = (signal.SIGTERM, signal.SIGHUP)
    before = {sign: signal.signal(sign, signal.SIG_DFL) for sign in signals}

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["starling", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0), *capsys.readouterr()

    yield run
    for sign, handler in before.items():
        signal.signal(sign, handler)


@pytest.mark.parametrize(
    "command",
    [
        "up",
        "down",
        "status",
        "demo",
        "deploy",
        "synth",
        "outputs",
        "login",
        "run",
        "events tail",
        "tools",
    ],
)
def test_every_command_explains_itself(starling, command):
    code, out, _ = starling(*command.split(), "--help")
    assert code == 0
    assert "Usage" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["login"],
        ["login", "--tenant", "acme", "--user", "ada", "--role", "king"],
        ["outputs", "--stage", "Not A Stage"],
        ["up", "--nonsense"],
        ["tools", "nonsense"],
    ],
)
def test_wrong_usage_exits_with_2(starling, arguments):
    code, out, err = starling(*arguments)
    assert code == 2
    assert out == ""
    assert err


def test_a_command_on_a_stage_that_is_down_says_how_to_start_it(starling):
    code, out, err = starling("outputs", "--json")
    assert code == 1
    assert out == ""
    assert "not up" in err
    assert "starling up" in err


def test_status_of_a_stage_that_is_down_fails(starling):
    assert starling("status")[:2] == (1, "The stage 'local' is down.\n")


def test_stopping_what_is_down_is_fine(starling):
    code, _, err = starling("down")
    assert code == 0
    assert "Nothing runs" in err


@pytest.mark.parametrize("command", ["up", "down", "status"])
def test_a_stage_on_aws_is_not_started_here(starling, command):
    code, _, err = starling(command, "--stage", "dev")
    assert code == 1
    assert "not a local stage" in err


@pytest.mark.parametrize("name", ["prod", "prod-eu"])
def test_nobody_signs_in_to_production(starling, name):
    code, out, err = starling("login", "--stage", name, "--tenant", "acme", "--user", "ada")
    assert (code, out) == (1, "")
    assert "production" in err


@pytest.mark.parametrize(("tenant", "user"), [("Acme", "ada"), ("acme", "a/b"), ("", "ada")])
def test_a_name_that_is_no_name_is_refused(starling, tenant, user):
    code, out, err = starling("login", "--stage", "dev", "--tenant", tenant, "--user", user)
    assert (code, out) == (1, "")
    assert "is not a" in err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StarlingError("the cause", "the remedy"), "the remedy"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "http://127.0.0.1:1"),
        (KeyError("BusName"), "STARLING_DEBUG"),
    ],
)
def test_a_failure_is_told_without_a_traceback(starling, monkeypatch, error, said):
    def fail(name: str) -> None:
        raise error

    monkeypatch.setattr(outputs, "running", fail)
    code, _, err = starling("outputs")
    assert code == 1
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize("sign", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_command_with_1(sign):
    # In a process of its own: the signal is not to end the tests.
    command = (
        "import os, signal, sys\n"
        # A shell's background jobs, the tests among them perhaps, do not hear it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from infra import cli\n"
        "from infra.commands import outputs\n"
        f"outputs.running = lambda name: os.kill(os.getpid(), signal.{sign})\n"
        "sys.argv = ['starling', 'outputs']\n"
        "cli.main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "Interrupted" in ended.stderr
