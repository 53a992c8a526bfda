"""Processes that outlive the command that started them, found again without mistake.

A daemon is known by its pid and the time it started: a pid file left behind never makes
another program's process ours. Each leads a process group of its own, so that it ends
with everything that it started.
"""

import os
import signal
import subprocess
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infra.errors import StarlingError

POLL_SECONDS = 0.05
TAIL_LINES = 25
_KILL_SECONDS = 5.0
_PROC = Path("/proc/self/stat").exists()
_GROUP, _START_TIME = 2, 19  # fields of /proc/PID/stat after the command name


@dataclass(frozen=True)
class Daemon:
    """A process that was started, perhaps by an earlier command."""

    name: str
    pid: int
    started: str
    """When it started, as the system says it; opaque."""
    port: int
    log: str
    """Path of its log file."""
    mark: str
    """Given to it to show in its health, so that no other server is taken for it."""

    @property
    def is_alive(self) -> bool:
        """Whether just this process still runs."""
        return start_time(self.pid) == self.started

    def stop(self, grace_seconds: float = 10.0) -> None:
        """End it and its children: asked first, killed after the grace period."""
        running = start_time(self.pid)
        if running is not None and running != self.started:
            return  # the pid belongs to another program by now
        if not self._end(signal.SIGTERM, grace_seconds):
            self._end(signal.SIGKILL, _KILL_SECONDS)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.is_alive:
            self._end(signal.SIGKILL, _KILL_SECONDS)

    def _end(self, sign: signal.Signals, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, sign)
        while _group_lives(self.pid):
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def tail(self) -> str:
        """Return the end of its log."""
        try:
            with Path(self.log).open(errors="replace") as file:
                return "".join(deque(file, TAIL_LINES)).rstrip()
        except OSError as error:
            return f"({error})"

    def died(self) -> StarlingError:
        """Return the error that says it ended by itself."""
        return StarlingError(
            f"{self.name} ended by itself. The end of its log ({self.log}):\n{self.tail()}",
            "If the log names no cause that you can remove, try `starling down`, then "
            "`starling up` again.",
        )


def spawn(
    name: str,
    command: list[str | Path],
    *,
    env: dict[str, str],
    cwd: Path,
    port: int,
    log: Path,
    mark: str = "",
) -> Daemon:
    """Start a daemon that writes to a log file of its own.

    Parameters
    ----------
    name
        What people call it.
    command
        Program and arguments.
    env
        Its whole environment.
    cwd
        Its working directory.
    port
        The port on 127.0.0.1 that it will listen on.
    log
        File for its output, started afresh.
    mark
        What its health will show.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    # Its identity is safe even if it has ended: this process has not reaped it.
    started = start_time(process.pid) or ""
    process.returncode = 0  # it is meant to outlive this object: no warning for that
    return Daemon(name, process.pid, started, port, str(log), mark)


def start_time(pid: int) -> str | None:
    """Return when a process started, in the system's own words; None if it is not running."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # collects it if it was this process's child, and ended
    if _PROC:
        fields = _stat(pid)
        return fields[_START_TIME] if fields else None
    answer = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()


def _stat(pid: int) -> list[str] | None:
    """Return /proc's fields after the command name; None for a process that has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields  # one that nobody collects is no process


def _group_lives(group: int) -> bool:
    with suppress(ChildProcessError):
        os.waitpid(group, os.WNOHANG)
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    if not _PROC:
        return True
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return any((fields := _stat(pid)) and fields[_GROUP] == str(group) for pid in pids)
