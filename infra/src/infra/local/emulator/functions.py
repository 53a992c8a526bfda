"""Corrections of how functions run."""

import os
import threading
from collections.abc import Iterator
from typing import Any

from .private import FUNCTIONS, RUNTIME, edit, find, function, put

LOG_WAIT_SECONDS = 0.004
LOG_IDLE_SECONDS = 0.002
STREAM_POLL_SECONDS = 0.05
WORKER_SCRIPT = "_PYTHON_WORKER_SCRIPT"


def isolate_functions() -> None:
    """Run functions on a bare interpreter, their own code before their layers'.

    Stock, they run on the emulator's interpreter and import whatever it has installed: a
    dependency missing from a bundle goes unnoticed until AWS. Stock also puts layers first.
    """
    detect = function(RUNTIME, "_detect_runtime_binary", "runtime")
    edit(
        RUNTIME,
        WORKER_SCRIPT,
        "    _ms_install_invoke_depth()\n    try:\n",
        "    sys.path.remove(code_dir)\n    sys.path.insert(0, code_dir)\n"
        "    _ms_install_invoke_depth()\n    try:\n",
    )
    bare = os.environ["STARLING_WORKER_PYTHON"]

    def detect_runtime_binary(runtime: str) -> Any:
        if runtime.startswith("python"):
            return bare, find(RUNTIME, WORKER_SCRIPT)
        return detect(runtime)

    put(RUNTIME, "_detect_runtime_binary", detect_runtime_binary)


def keep_error_types() -> None:
    """Keep the type's name of an error that a function raises, and its environment, as AWS does.

    Stock calls every one `Runtime.HandlerError`: state machines that catch an error by
    name, and people who read a failure, need the real one. It also ends the process: the next
    invocation has to start another.
    """
    edit(
        RUNTIME,
        WORKER_SCRIPT,
        '"status": "error", "error": str(e), "trace"',
        '"status": "ok", "type": type(e).__name__, "error": str(e), "trace"',
    )
    invoke = function(
        RUNTIME,
        "Worker.invoke",
        *("self", "event", "request_id", "trace_id", "depth", "durable", "invoked_function_arn"),
    )
    execute = function(FUNCTIONS, "_execute_function_warm", "func", "event", "request_id")
    last = threading.local()  # an invocation stays on one thread from `execute` to `invoke`

    def remember_type(self: Any, *args: Any, **named: Any) -> Any:
        result = invoke(self, *args, **named)
        last.type = result.get("type")
        return result | {"status": "error"} if last.type else result

    def execute_function_warm(func: Any, event: Any, request_id: str) -> Any:
        last.type = None
        result = execute(func, event, request_id)
        if result.get("error") and last.type:
            result["body"]["errorType"] = last.type
        return result

    put(RUNTIME, "Worker.invoke", remember_type)
    put(FUNCTIONS, "_execute_function_warm", execute_function_warm)


def answer_without_waiting_for_logs() -> None:
    """Answer at once when a function logs nothing.

    Stock waits 50 ms for a first log line after every invocation; AWS does not wait at all.
    """
    drain = function(
        RUNTIME,
        "Worker._drain_stderr_bounded",
        *("self", "first_line_wait", "idle_confirm", "hard_cap"),
    )

    def drain_stderr_bounded(self: Any) -> Any:
        return drain(self, first_line_wait=LOG_WAIT_SECONDS, idle_confirm=LOG_IDLE_SECONDS)

    put(RUNTIME, "Worker._drain_stderr_bounded", drain_stderr_bounded)


def poll_each_stream_alone() -> None:
    """Poll each table's stream on a thread of its own, as AWS does.

    Stock calls stream functions one after the other on the thread that also polls all
    queues: one slow function delays every service.
    """
    poll = function(FUNCTIONS, "_poll_dynamodb_streams")
    iterate = function(FUNCTIONS, "_iter_all_esms")
    wake = find(FUNCTIONS, "_esm_wake")
    here = threading.local()
    polled: set[str] = set()

    def iterate_own() -> Iterator[Any]:
        own = getattr(here, "mapping", None)
        return (entry for entry in iterate() if own is None or entry[2]["UUID"] == own)

    def exists(mapping: str) -> bool:
        return any(entry[2]["UUID"] == mapping for entry in iterate())

    def poll_one(mapping: str) -> None:
        here.mapping = mapping
        while exists(mapping):
            try:
                idle = not poll()
            except Exception:  # noqa: BLE001 - as the stock loop: one failure must not end the polling
                find(FUNCTIONS, "logger").exception("polling the stream of %s", mapping)
                idle = True
            if idle:
                wake.wait(STREAM_POLL_SECONDS)
        polled.discard(mapping)

    def start_pollers() -> bool:
        for _, __, mapping in iterate():
            key = mapping["UUID"]
            if ":dynamodb:" in mapping.get("EventSourceArn", "") and key not in polled:
                polled.add(key)
                threading.Thread(target=poll_one, args=(key,), daemon=True).start()
        return False

    put(FUNCTIONS, "_iter_all_esms", iterate_own)
    put(FUNCTIONS, "_poll_dynamodb_streams", start_pollers)


CORRECTIONS = (
    isolate_functions,
    keep_error_types,
    answer_without_waiting_for_logs,
    poll_each_stream_alone,
)
