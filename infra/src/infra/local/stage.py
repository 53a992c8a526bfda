"""A local stage's processes: started together, known by their pid files, stopped cleanly.

Its state is fresh at each start; everything lies under .starling/stages/NAME.
"""

import fcntl
import json
import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from infra.errors import StarlingError
from infra.local import engines
from infra.local.daemon import Daemon
from infra.local.ports import require_free
from infra.paths import STAGES
from infra.progress import Steps
from infra.stages import Stage

EMULATOR, SEARCH, VISION, PAYMENTS = "emulator", "opensearch", "vision", "payments"
TOOLS = ("emulator", "bare", "opensearch", "vision")
"""The tools that the processes need."""


def folder(name: str) -> Path:
    """Return the folder of a local stage's state and logs."""
    return STAGES / name


def local(name: str) -> Stage:
    """Return a local stage, with the ports that it runs on if it runs.

    Raises
    ------
    StarlingError
        If the stage is not a local one.
    """
    stage = Stage.of(name)
    if not stage.local:
        raise StarlingError(f"{name!r} is not a local stage; the local stages are local and test.")
    running = daemons(name)
    return replace(
        stage,
        emulator_port=running[EMULATOR].port if EMULATOR in running else stage.emulator_port,
        search_port=running[SEARCH].port if SEARCH in running else stage.search_port,
        vision_port=running[VISION].port if VISION in running else stage.vision_port,
        payments_port=running[PAYMENTS].port if PAYMENTS in running else stage.payments_port,
    )


def daemons(name: str) -> dict[str, Daemon]:
    """Return the processes of a stage as they were started, dead or alive."""
    found = {}
    for key in _ENGINE:
        try:
            found[key] = Daemon(**json.loads(_pid_file(name, key).read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            continue  # never started, or a file that an interrupted command left half-written
    return found


def is_up(name: str) -> bool:
    """Whether every process of the stage runs."""
    running = daemons(name)
    return len(running) == len(_ENGINE) and all(one.is_alive for one in running.values())


def dead(name: str) -> Daemon | None:
    """Return a process of the stage that was started and has ended by itself, if any has."""
    return next((daemon for daemon in daemons(name).values() if not daemon.is_alive), None)


def start(name: str, steps: Steps) -> bool:
    """Start the stage's processes with fresh state, and return when all are ready.

    Returns
    -------
    bool
        False if they ran already, and nothing was done.

    Raises
    ------
    StarlingError
        If a port is taken, or a process does not get ready; nothing is left running then.
    """
    with _locked(name):
        if is_up(name):
            return False
        _stop(name)  # what is left of a stage that half died
        stage = Stage.of(name)
        ports = {
            EMULATOR: stage.emulator_port or 0,
            SEARCH: stage.search_port or 0,
            VISION: stage.vision_port or 0,
            PAYMENTS: stage.payments_port or 0,
        }
        _fresh(folder(name))
        for key, port in ports.items():
            require_free(name, _ENGINE[key], port)
        try:
            with ThreadPoolExecutor(len(ports)) as pool:
                starting = [pool.submit(_start_one, name, key, ports, steps) for key in ports]
                try:
                    for future in starting:
                        future.result()
                except BaseException:
                    _stop(name)  # what the others are waiting for
                    raise
        except BaseException:
            _stop(name)  # what the others started meanwhile
            raise
        return True


def stop(name: str) -> list[str]:
    """Stop the stage's processes; return the names of those that ran."""
    with _locked(name):
        return _stop(name)


def kill_search(name: str) -> None:
    """Kill the search engine at once, as a crash would; its data stay."""
    if daemon := daemons(name).get(SEARCH):
        daemon.kill()


def restart_search(name: str) -> None:
    """Start the search engine again on its data; return when it is ready."""
    before = daemons(name)[SEARCH]
    kill_search(name)
    require_free(name, _ENGINE[SEARCH], before.port)
    _launch(name, SEARCH, {SEARCH: before.port}, before.mark)


_ENGINE = {EMULATOR: "EMULATOR", SEARCH: "SEARCH", VISION: "VISION", PAYMENTS: "PAYMENTS"}
_TITLE = {
    EMULATOR: "Starting the AWS emulator",
    SEARCH: "Starting OpenSearch",
    VISION: "Starting the vision server",
    PAYMENTS: "Starting the payments sandbox",
}
_READY = {
    EMULATOR: engines.EMULATOR_READY,
    SEARCH: engines.SEARCH_READY,
    VISION: engines.VISION_READY,
    PAYMENTS: engines.PAYMENTS_READY,
}


def _start_one(name: str, key: str, ports: dict[str, int], steps: Steps) -> None:
    with steps.step(_TITLE[key]):
        _launch(name, key, ports, f"starling-{secrets.token_hex(8)}")


def _launch(name: str, key: str, ports: dict[str, int], mark: str) -> None:
    daemon = _spawn(folder(name), key, ports, mark)
    _pid_file(name, key).write_text(json.dumps(asdict(daemon)))
    try:
        engines.wait_until_ready(daemon, _READY[key])
    except StarlingError:
        if not daemon.is_alive:  # another program may have taken the port meanwhile
            require_free(name, _ENGINE[key], ports[key])
        raise


def _spawn(home: Path, key: str, ports: dict[str, int], mark: str) -> Daemon:
    port = ports[key]
    if key == EMULATOR:
        return engines.start_emulator(home, port, mark, vision_port=ports[VISION])
    if key == VISION:
        return engines.start_vision(home, port, mark, emulator_port=ports[EMULATOR])
    if key == PAYMENTS:
        return engines.start_payments(home, port, mark)
    return engines.start_search(home, port, mark)


def _stop(name: str) -> list[str]:
    running = daemons(name)
    stopped = [daemon.name for daemon in running.values() if daemon.is_alive]
    with ThreadPoolExecutor(len(_ENGINE)) as pool:
        list(pool.map(Daemon.stop, running.values()))
    for key in running:
        _pid_file(name, key).unlink(missing_ok=True)
    return stopped


def _fresh(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    for entry in home.iterdir():
        if entry.name == _LOCK:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    (home / "logs").mkdir()


def _pid_file(name: str, key: str) -> Path:
    return folder(name) / f"{key}.pid.json"


_LOCK = ".lock"


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """Let one command at a time start or stop the stage."""
    home = folder(name)
    home.mkdir(parents=True, exist_ok=True)
    with (home / _LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StarlingError(
                f"Another command is starting or stopping the stage {name!r}.",
                "Wait for it to end, then try again.",
            ) from None
        yield
