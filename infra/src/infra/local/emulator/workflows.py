"""Corrections of how state machines run."""

import threading
from typing import Any

from .private import STATES, find, function, put


def time_out_as_the_input_says() -> None:
    """Time a task out after the seconds that ``TimeoutSecondsPath`` finds in its input.

    Stock reads ``TimeoutSeconds`` alone: a task that waits for a token waits for 27 hours.
    """
    execute = function(STATES, "_execute_task", "state_def", "raw_input", "execution", "ctx")
    resolve = function(STATES, "_resolve_path_or_ctx", "path", "data", "ctx")
    error = find(STATES, "_ExecutionError")

    def execute_task(state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> Any:
        if "TimeoutSecondsPath" in state_def:
            seconds = resolve(state_def["TimeoutSecondsPath"], raw_input, ctx)
            if not isinstance(seconds, int) or seconds <= 0:
                told = f"{state_def['TimeoutSecondsPath']} is no number of seconds"
                raise error("States.Runtime", told)
            state_def = {**state_def, "TimeoutSeconds": seconds}
        return execute(state_def, raw_input, execution, ctx)

    put(STATES, "_execute_task", execute_task)


def fail_with_the_function() -> None:
    """Fail a task that waits for a token when the function that is to keep the token fails.

    Stock ignores the failure and waits for a token that nobody has.
    """
    call = function(STATES, "_call_lambda", "func_ref", "event")
    invoke = function(
        STATES, "_invoke_with_callback", "resource", "input_data", "token", "state_def"
    )
    error = find(STATES, "_ExecutionError")
    waits = threading.local()

    def invoke_with_callback(resource: Any, input_data: Any, token: Any, state_def: Any) -> Any:
        waits.token = token
        try:
            return invoke(resource, input_data, token, state_def)
        finally:
            waits.token = None

    def call_lambda(func_ref: Any, event: Any) -> Any:
        try:
            return call(func_ref, event)
        except error as failure:
            waiting = find(STATES, "_task_tokens").get(getattr(waits, "token", None))
            if waiting is not None:
                waiting["error"] = {"Error": failure.error, "Cause": failure.cause}
                waiting["event"].set()
            raise

    put(STATES, "_invoke_with_callback", invoke_with_callback)
    put(STATES, "_call_lambda", call_lambda)


CORRECTIONS = (time_out_as_the_input_says, fail_with_the_function)
