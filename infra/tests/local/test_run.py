"""`starling run`, on functions of the emulator that stand in the place of schedules."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import cli
from infra.commands import run
from infra.discovery import Declared
from infra.errors import StarlingError
from infra.journey_steps import until
from infra.local import stage as local_stage
from runtime.capacity import Capacity
from runtime.schedule import schedule

Starling = Callable[..., tuple[int, str, str]]

# In the places of schedules that are declared: what they are asked, they answer.
FUNCTIONS = {
    "media-give-up-waiting": "def handler(event, context): return None",
    "orders-clean-up-unpaid": "def handler(event, context): raise LookupError('2 orders failed')",
    "orders-daily-report": "def handler(event, context): return {'asked': event, 'é': 1}",
}
# Notes that it was called, and waits until it may end.
SLOW = """
import pathlib, time
def handler(event, context):
    folder = pathlib.Path({folder!r})
    with (folder / "calls").open("a") as calls:
        calls.write("called ")
    until = time.monotonic() + 60
    while not (folder / "end").exists() and time.monotonic() < until:
        time.sleep(0.01)
    (folder / "ended").touch()
"""


def _nothing(_event: Any) -> None: ...


@pytest.fixture(scope="module")
def deployed(emulator: Any, function_of: Callable[..., Any]) -> Iterator[Any]:
    resources = {
        name.title().replace("-", ""): function_of(
            source, FunctionName=f"starling-test-{name}", Timeout=20
        )
        for name, source in FUNCTIONS.items()
    }
    emulator.deploy("schedules", {"Resources": resources})
    yield emulator
    emulator.client("cloudformation").delete_stack(StackName="schedules")


@pytest.fixture
def starling(
    deployed: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Starling:
    """Run the command line on the emulator; returns the exit code, stdout and stderr."""
    monkeypatch.setattr(run, "running", lambda name: deployed.stage)

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["starling", "run", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0), *capsys.readouterr()

    return command


def test_it_prints_what_the_schedule_says_of_the_run(starling: Starling) -> None:
    code, out, _ = starling("orders", "daily-report", "--date", "2026-11-20", "--stage", "test")
    assert code == 0
    assert json.loads(out) == {"asked": {"date": "2026-11-20"}, "é": 1}


def test_without_a_date_the_schedule_takes_its_own(starling: Starling) -> None:
    code, out, _ = starling("orders", "daily-report")
    assert (code, json.loads(out)["asked"]) == (0, {})


def test_one_that_says_nothing_is_done(starling: Starling) -> None:
    code, out, err = starling("media", "give-up-waiting")
    assert (code, out) == (0, "")
    assert "give-up-waiting is done" in err


def test_a_failure_is_told_with_where_to_look(starling: Starling) -> None:
    code, out, err = starling("orders", "clean-up-unpaid")
    assert (code, out) == (1, "")
    assert "LookupError: 2 orders failed" in err
    assert "/aws/lambda/starling-test-orders-clean-up-unpaid" in err
    assert "Traceback" not in err


def test_one_that_is_not_deployed_is_named_with_what_to_do(starling: Starling) -> None:
    code, out, err = starling("orders", "reconcile-payments", "--date", "2026-11-20")
    assert (code, out) == (1, "")
    assert "no function starling-test-orders-reconcile-payments" in err
    assert "starling deploy orders --stage test" in err


def test_one_that_does_not_end_is_not_called_again(
    deployed: Any,
    function_of: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    made = function_of(
        SLOW.format(folder=str(tmp_path)), FunctionName="starling-test-birds-migrate", Timeout=90
    )
    deployed.deploy("slow", {"Resources": {"Slow": made}})
    monkeypatch.setattr(run, "_ANSWER_SECONDS", 1)
    declared = schedule("rate(1 hour)", _nothing, capacity=Capacity(seconds=0))
    slow = Declared("migrate", "birds.schedules.migrate.handler", declared)
    with pytest.raises(StarlingError, match="did not end within 1 s"):
        run.invoke(deployed.stage, "birds", slow, {})
    (tmp_path / "end").touch()
    until("the function ended", (tmp_path / "ended").exists, bool)
    assert (tmp_path / "calls").read_text() == "called "


def test_one_that_is_cut_off_is_told(
    deployed: Any, function_of: Callable[..., Any], tmp_path: Path
) -> None:
    made = function_of(
        SLOW.format(folder=str(tmp_path)), FunctionName="starling-test-birds-sleep", Timeout=1
    )
    deployed.deploy("cut-off", {"Resources": {"CutOff": made}})
    slow = Declared("sleep", "birds.schedules.sleep.handler", schedule("rate(1 hour)", _nothing))
    with pytest.raises(StarlingError, match="timed out"):
        run.invoke(deployed.stage, "birds", slow, {})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["orders", "weekly-report"], ["weekly-report", "clean-up-unpaid, daily-report"]),
        (["users", "daily-report"], ["it has: none"]),
        (["nobody", "daily-report"], ["no service 'nobody'", "orders"]),
        (["orders", "daily-report", "--date", "20.11.2026"], ["20.11.2026"]),
        (["orders", "daily-report", "--date", "2026-02-30"], ["2026-02-30"]),
        (["orders", "clean-up-unpaid", "--date", "2026-11-20"], ["takes no date"]),
        (["media", "give-up-waiting", "--date", "2026-11-20"], ["takes no date"]),
        (["orders"], ["SCHEDULE"]),
    ],
)
def test_what_there_is_not_is_refused_before_anything_is_asked(
    starling: Starling, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: list[str]
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("asked for a stage")

    monkeypatch.setattr(run, "running", asked)
    code, out, err = starling(*arguments)
    assert (code, out) == (2, "")
    shown = " ".join(err.replace("│", " ").split())
    assert all(words in shown for words in said), shown


def test_a_stage_that_is_down_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    monkeypatch.setattr(local_stage, "STAGES", tmp_path)
    monkeypatch.setattr(sys, "argv", ["starling", "run", "orders", "daily-report"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    assert "starling up" in capsys.readouterr().err
