"""State machines' definitions, judged by a validator of Amazon States Language."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.patterns.rules import ACCOUNT, REGION
from infra.constructs.state_machine import named
from infra.discovery import Service, declared, services
from infra.paths import ROOT, TOOLS
from infra.tools import ensure, node
from runtime.task import Task

VALIDATOR = TOOLS / "formats" / "node_modules" / "asl-validator" / "dist" / "bin"
DEFINITIONS = sorted(ROOT.glob("services/*/src/*/workflow/*.asl.json"))
EACH = pytest.mark.parametrize("file", DEFINITIONS, ids=lambda file: file.name.partition(".")[0])
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:starling-dev-task"


@pytest.fixture(scope="module", autouse=True)
def validator() -> None:
    """Install the validator, if `make setup` has not."""
    ensure("formats")


def filled(file: Path) -> Any:
    """Return a definition with an address wherever it leaves one to be filled in."""
    text = file.read_text(encoding="utf-8")
    for word in named(text):
        text = text.replace(f"${{{word}}}", FUNCTION if word.islower() else "a-bucket")
    return json.loads(text)


def judged(definition: Any, folder: Path) -> str:
    """Return what the validator has to say; nothing, if the definition is good."""
    file = folder / "definition.asl.json"
    file.write_text(json.dumps(definition), encoding="utf-8")
    done = subprocess.run(
        [str(node.NODE), VALIDATOR / "asl-validator.js", "--json-path", file],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=node.environment(),
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@EACH
def test_the_validator_finds_nothing_wrong(file: Path, tmp_path: Path) -> None:
    assert judged(filled(file), tmp_path) == ""


BROKEN: dict[str, Callable[[Any], Any]] = {
    "a state that is not there": lambda one: one | {"StartAt": "Nowhere"},
    "a path that is none": lambda one: changed(one, {"OutputPath": "a..b["}),
    "a type that is none": lambda one: changed(one, {"Type": "Errand"}),
    "no state after it": lambda one: changed(one, {"Next": None}),
    "a retry without an error": lambda one: changed(one, {"Retry": [{"MaxAttempts": 1}]}),
}


def changed(definition: Any, fields: dict[str, Any]) -> Any:
    first = definition["StartAt"]
    state = {**definition["States"][first], **fields}
    state = {name: value for name, value in state.items() if value is not None}
    return {**definition, "States": {**definition["States"], first: state}}


@pytest.mark.parametrize("what", BROKEN)
@EACH
def test_the_validator_finds_what_is_broken(file: Path, what: str, tmp_path: Path) -> None:
    assert judged(BROKEN[what](filled(file)), tmp_path), f"{what} goes unnoticed"


@pytest.mark.parametrize("service", services(), ids=lambda service: str(service.name))
def test_every_task_is_named_by_a_definition(service: Service) -> None:
    folder = service.source / service.package / "workflow"
    words = {word for file in folder.glob("*.asl.json") for word in named(file.read_text())}
    tasks = {found.name.replace("-", "_") for found in declared(service, "workflow", Task)}
    assert {word for word in words if word.islower()} == tasks


@EACH
def test_what_cannot_be_helped_is_not_tried_again_and_all_else_is(file: Path) -> None:
    for name, state in tasks_in(filled(file)["States"]):
        (*_, last) = state["Retry"]
        assert last["ErrorEquals"] == ["States.ALL"], f"{name}: a failure of AWS is final"
        assert last["MaxAttempts"] <= 10, name
        if state["Resource"].endswith(".waitForTaskToken"):
            assert "TimeoutSecondsPath" in state, f"{name} waits for ever"
        else:
            assert state["TimeoutSeconds"] <= 900, f"{name}: a function has 15 minutes"


def tasks_in(states: Any) -> list[tuple[str, Any]]:
    """Return the tasks among states, and within their maps and branches."""
    found = []
    for name, state in states.items():
        if state["Type"] == "Task":
            found.append((name, state))
        found += tasks_in(state.get("ItemProcessor", {}).get("States", {}))
        for branch in state.get("Branches", []):
            found += tasks_in(branch["States"])
    return found


def test_there_are_definitions() -> None:
    assert DEFINITIONS
