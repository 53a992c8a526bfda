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


CORRECTIONS = (unpack_layers_once, initialise_functions_ahead)
