"""What the emulator makes of a task that waits until somebody sends its token back."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.journey_steps import until

PATIENCE = 120
"""How many seconds a busy machine may take for what takes one."""

KEEPER = """
import pathlib
FOLDER = pathlib.Path({folder!r})

class Busy(Exception):
    pass

def handler(event, context):
    tries = FOLDER / f"{{event['name']}} tries"
    with tries.open("a") as file:
        file.write(".")
    if tries.stat().st_size <= event["failures"]:
        raise Busy("try again")
    part = FOLDER / f"{{event['name']}} part"
    part.write_text(event["token"])
    part.rename(FOLDER / f"{{event['name']}} token")
"""
WAIT = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
    "Parameters": {
        "FunctionName": "${Keeper}",
        "Payload": {
            "name.$": "$.name", "failures.$": "$.failures", "token.$": "$$.Task.Token"
        },
    },
    "TimeoutSecondsPath": "$.within.seconds",
    "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 1}],
    "Catch": [
        {"ErrorEquals": ["States.Timeout"], "ResultPath": "$.error", "Next": "Late"},
        {"ErrorEquals": ["Busy"], "ResultPath": "$.error", "Next": "Never"},
    ],
    "ResultPath": "$.answer",
    "End": True,
}  # fmt: skip
STATES = {"Wait": WAIT, "Late": {"Type": "Succeed"}, "Never": {"Type": "Succeed"}}


class Waits:
    """A state machine that waits, and the folder where its tokens are left."""

    def __init__(self, emulator: Any, arn: str, folder: Path) -> None:
        self.states, self.arn, self.folder = emulator.client("stepfunctions"), arn, folder

    def start(self, name: str, *, seconds: int, failures: int = 0) -> str:
        given = {"name": name, "failures": failures, "within": {"seconds": seconds}}
        told = self.states.start_execution(stateMachineArn=self.arn, input=json.dumps(given))
        return str(told["executionArn"])

    def token(self, name: str) -> str:
        """Return the token of an execution as soon as it has one."""
        file = self.folder / f"{name} token"
        until(f"{name} had a token", file.exists, bool, PATIENCE)
        return file.read_text()

    def ended(self, arn: str) -> Mapping[str, Any]:
        """Return what an execution comes to."""

        def look() -> Any:
            return self.states.describe_execution(executionArn=arn)

        told = until("it ended", look, lambda seen: seen["status"] != "RUNNING", PATIENCE)
        assert told["status"] == "SUCCEEDED", told
        output: dict[str, Any] = json.loads(told["output"])
        return output


@pytest.fixture(scope="module")
def waits(emulator: Any, function_of: Any, tmp_path_factory: pytest.TempPathFactory) -> Waits:
    folder = tmp_path_factory.mktemp("tokens")
    keeper = function_of(KEEPER.format(folder=str(folder)), FunctionName="keeper", Timeout=60)
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::000000000000:role/none",
            "DefinitionString": json.dumps({"StartAt": "Wait", "States": STATES}),
            "DefinitionSubstitutions": {"Keeper": {"Fn::GetAtt": ["Keeper", "Arn"]}},
        },
    }
    template = {
        "Resources": {"Keeper": keeper, "Machine": machine},
        "Outputs": {"Arn": {"Value": {"Ref": "Machine"}}},
    }
    return Waits(emulator, emulator.deploy("waits", template)["Arn"], folder)


def test_whoever_sends_the_token_back_wakes_the_task_with_an_answer(waits: Waits) -> None:
    arn = waits.start("answered", seconds=3600)
    waits.states.send_task_success(taskToken=waits.token("answered"), output='{"yes": true}')
    assert waits.ended(arn)["answer"] == {"yes": True}


def test_the_time_to_answer_is_what_the_input_says_and_then_the_token_is_void(
    waits: Waits,
) -> None:
    patient = waits.start("patient", seconds=3600)
    output = waits.ended(waits.start("late", seconds=1))
    assert output["error"]["Error"] == "States.Timeout"
    with pytest.raises(waits.states.exceptions.ClientError):
        waits.states.send_task_success(taskToken=waits.token("late"), output="{}")
    waits.states.send_task_success(taskToken=waits.token("patient"), output="{}")
    assert "error" not in waits.ended(patient)


def test_a_function_that_cannot_keep_the_token_fails_the_task_with_its_error(
    waits: Waits,
) -> None:
    """Another that waits at the same time is not concerned."""
    other = waits.start("other", seconds=3600)
    output = waits.ended(waits.start("failing", seconds=3600, failures=2))
    assert output["error"]["Error"] == "Busy"
    assert json.loads(output["error"]["Cause"])["errorMessage"] == "try again"
    assert not (waits.folder / "failing token").exists()
    waits.states.send_task_success(taskToken=waits.token("other"), output="{}")
    assert "error" not in waits.ended(other)


def test_a_task_that_failed_at_first_waits_at_the_second_attempt(waits: Waits) -> None:
    arn = waits.start("again", seconds=3600, failures=1)
    waits.states.send_task_success(taskToken=waits.token("again"), output='"well"')
    assert waits.ended(arn)["answer"] == "well"
