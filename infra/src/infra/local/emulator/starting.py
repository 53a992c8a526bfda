"""Corrections of how fast functions start: what AWS does in milliseconds takes files here."""

import hashlib
import json
import os
import shutil
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from .private import FUNCTIONS, RUNTIME, MovedError, find, function, put

LAYERS_VARIABLE = "_LAMBDA_LAYERS_DIRS"  # where the worker script looks for layers
LOOK_SECONDS = 0.25
BUSY_PER_PROCESSOR = 8  # most of what a function does is to wait for the emulator


def unpack_layers_once() -> None:
    """Share a layer's files between all environments that use it, as /opt is read-only on AWS.

    Stock unpacks every layer anew for each environment: a quarter of a second and 20 MB.
    """
    spawn = function(RUNTIME, "Worker._spawn", "self")
    content = function(FUNCTIONS, "_resolve_layer_zip", "attachment")
    if LAYERS_VARIABLE not in find(RUNTIME, "_PYTHON_WORKER_SCRIPT"):
        raise MovedError(f"the worker script no longer reads {LAYERS_VARIABLE}")
    home = Path(mkdtemp(prefix="starling-layers-"))
    lock = threading.Lock()

    def unpacked(data: bytes) -> str:
        folder = home / hashlib.sha256(data).hexdigest()
        with lock:
            if not folder.exists():
                unfinished = folder.with_suffix(".part")
                shutil.rmtree(unfinished, ignore_errors=True)
                zipfile.ZipFile(BytesIO(data)).extractall(unfinished)
                unfinished.rename(folder)
        return str(folder)

    def spawn_on_shared_layers(self: Any) -> None:
        own = self.config
        layers = [data for layer in own.get("Layers") or () if (data := content(layer))]
        variables = dict((own.get("Environment") or {}).get("Variables") or {})
        if layers and str(own.get("Runtime", "")).startswith("python"):
            variables[LAYERS_VARIABLE] = os.pathsep.join(map(unpacked, layers))
            self.config = {**own, "Layers": [], "Environment": {"Variables": variables}}
        try:
            spawn(self)
        finally:
            self.config = own

    put(RUNTIME, "Worker._spawn", spawn_on_shared_layers)


def initialise_functions_ahead() -> None:
    """Initialise each function's first environment when it is deployed.

    As with provisioned concurrency: the first request of a fresh stage meets a warm function,
    and one that cannot even be imported is known at once. What came of it is written to the
    file STARLING_FUNCTIONS_FILE: revision and error, by function.
    """
    functions = find(FUNCTIONS, "_functions")
    in_scope = find(FUNCTIONS, "_run_with_function_config_scope")
    acquire = find(RUNTIME, "acquire_worker")
    ready = function(RUNTIME, "ensure_spawned", "worker")
    release = function(RUNTIME, "release_worker", "worker")
    report = Path(os.environ["STARLING_FUNCTIONS_FILE"])
    results: dict[str, dict[str, str | None]] = {}
    lock = threading.Lock()

    def initialise(config: Any, code: bytes) -> None:
        error = None
        worker, _ = acquire(config["FunctionName"], config, code)
        try:
            ready(worker)
        except RuntimeError as failure:
            error = str(failure)
        finally:
            release(worker)
        with lock:
            results[config["FunctionName"]] = {"revision": config["RevisionId"], "error": error}
            unfinished = report.with_suffix(".part")
            unfinished.write_text(json.dumps(results))
            unfinished.replace(report)

    def watch() -> None:
        known: dict[Any, Any] = {}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            while True:
                for key, record in list(functions._data.items()):  # noqa: SLF001 - of all scopes
                    config, code = record["config"], record.get("code_zip")
                    if code and known.get(key) != config["RevisionId"]:
                        known[key] = config["RevisionId"]
                        pool.submit(in_scope, config, initialise, config, code)
                time.sleep(LOOK_SECONDS)

    threading.Thread(target=watch, daemon=True).start()


def share_the_machine() -> None:
    """Let only so many functions run, and fewer start, at once: the others wait for their turn.

    On AWS a hundred requests have a hundred environments and none of them is slower. Here they
    share some processors: all at once, none would be done before its function's time is over,
    which begins when its turn comes. No function waits for another, so every turn ends.
    """
    processors = os.cpu_count() or 1
    most_busy = BUSY_PER_PROCESSOR * processors
    acquire = function(
        RUNTIME,
        "acquire_worker",
        *("func_name", "config", "code_zip", "qualifier", "max_concurrency"),
    )
    release = function(RUNTIME, "release_worker", "worker")
    spawn = function(RUNTIME, "Worker._spawn", "self")
    key_of = function(RUNTIME, "_worker_key", "func_name", "config", "qualifier")
    workers = find(RUNTIME, "_workers")
    change = threading.Condition()
    starting: set[int] = set()

    def may_go_on(key: str) -> bool:
        if sum(worker.in_use for pool in workers.values() for worker in pool) >= most_busy:
            return False
        free = any(not worker.in_use for worker in workers.get(key, ()))
        return free or len(starting) < processors

    def acquire_worker(
        func_name: str,
        config: Any,
        code_zip: bytes,
        qualifier: str = "$LATEST",
        max_concurrency: int | None = None,
    ) -> Any:
        key = key_of(func_name, config, qualifier)
        with change:
            change.wait_for(lambda: may_go_on(key))
            worker, reason = acquire(func_name, config, code_zip, qualifier, max_concurrency)
            if reason == "spawn":
                starting.add(id(worker))
            return worker, reason

    def spawn_counted(self: Any) -> None:
        try:
            spawn(self)
        finally:
            with change:
                starting.discard(id(self))
                change.notify_all()

    def release_worker(worker: Any) -> None:
        with change:
            release(worker)
            if worker is not None:
                starting.discard(id(worker))
            change.notify_all()

    put(RUNTIME, "Worker._spawn", spawn_counted)
    for module in (RUNTIME, FUNCTIONS):
        put(module, "acquire_worker", acquire_worker)
        put(module, "release_worker", release_worker)


# The second before the third, which looks up what the second puts there.
CORRECTIONS = (unpack_layers_once, share_the_machine, initialise_functions_ahead)
