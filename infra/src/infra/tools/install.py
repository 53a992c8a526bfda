"""How each kind of tool is installed: subprocesses of uv, npm and jgo."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from infra.errors import StarlingError
from infra.tools import node

UV = Path(sys.executable).parent / "uv"
TAIL_LINES = 25

_NETWORK = (
    "dns error", "name resolution", "error sending request", "timed out", "timeout", "ETIMEDOUT",
    "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "connection", "Failed to fetch",
    "network", "certificate", "Max retries exceeded", "IncompleteRead",
)  # fmt: skip
_DISK = ("No space left on device", "ENOSPC", "Disk quota exceeded")
_HASH = ("Hash mismatch", "hash mismatch", "EINTEGRITY", "SHA-256")


class ToolError(StarlingError):
    """An installation failed."""


class CommandError(Exception):
    """A command of an installation failed; the message is the end of what it wrote."""

    @property
    def is_network(self) -> bool:
        """Whether another attempt may help."""
        return self.says(_NETWORK) and not self.says(_HASH) and not self.says(_DISK)

    def says(self, signs: tuple[str, ...]) -> bool:
        """Whether the output holds one of the signs."""
        text = str(self).lower()
        return any(sign.lower() in text for sign in signs)

    @property
    def remedy(self) -> str:
        """What a person can do about it."""
        if self.says(_DISK):
            return "Free some disk space, then run the same command again."
        if self.says(_HASH):
            return (
                "A registry or mirror served a file that is not the locked one. Check which "
                "index or mirror your uv, npm or Maven settings name, then try again."
            )
        if self.says(_NETWORK):
            return (
                "Check the network (and HTTPS_PROXY, if you are behind a proxy), then run the "
                "same command again: what was downloaded is kept."
            )
        return "Run the same command again; if it fails the same way, this output is the cause."


class Commands:
    """Runs the subprocesses of installations, and ends them all when asked to."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self.stopping = threading.Event()

    def run(
        self,
        *command: str | Path,
        cwd: Path,
        env: dict[str, str] | None = None,
        line: Callable[[str], None] | None = None,
    ) -> None:
        """Run one command to its end.

        Parameters
        ----------
        command
            Program and arguments.
        cwd
            Its working directory.
        env
            Its whole environment; this process's by default.
        line
            Called with each line that it writes.

        Raises
        ------
        CommandError
            If it exits with another status than 0.
        """
        with self._lock:
            if self.stopping.is_set():
                raise CommandError("stopped")
            process = subprocess.Popen(
                command, cwd=cwd, env=env, text=True, errors="replace",
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
            self._running.add(process)
        tail: deque[str] = deque(maxlen=TAIL_LINES)
        with process:
            for text in process.stdout or ():
                tail.append(text.rstrip())
                if line:
                    line(text.strip())
        with self._lock:
            self._running.discard(process)
        if process.returncode:
            raise CommandError("\n".join(tail) or f"{command[0]} exited with {process.returncode}")

    def stop(self) -> None:
        """End what runs, and let nothing more start."""
        with self._lock:
            self.stopping.set()
            for process in self._running:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGTERM)


Note = Callable[[str], None]


def _uv_environment() -> dict[str, str]:
    # A uv of the system's choosing may fetch an interpreter; ours is the one that runs this.
    return {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}


def bare_venv(_: Path, target: Path, commands: Commands, __: Note) -> None:
    """Make a virtual environment with nothing in it."""
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    commands.run(
        UV, "venv", "--quiet", "--no-project", "--python", sys.executable, target,
        cwd=target.parent, env=_uv_environment(),
    )  # fmt: skip


def venv(source: Path, target: Path, commands: Commands, note: Note) -> None:
    """Make a virtual environment from a hash-checked requirements.lock, compiled."""
    bare_venv(source, target, commands, note)
    commands.run(
        UV, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode",
        "--python", target / "bin" / "python", source / "requirements.lock",
        cwd=target, env=_uv_environment(),
    )  # fmt: skip


def npm(source: Path, target: Path, commands: Commands, _: Note) -> None:
    """Install a package-lock.json with the wheel's node and npm."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(source / name, target)
    commands.run(
        node.NODE, node.NPM_CLI, "ci", "--ignore-scripts", "--no-audit", "--no-fund",
        "--fetch-retry-mintimeout", "2000",
        cwd=target, env=node.environment(),
    )  # fmt: skip
    packages = json.loads((source / "package-lock.json").read_text())["packages"]
    for place, package in packages.items():
        if place and not package.get("optional") and not (target / place / "package.json").exists():
            raise CommandError(f"npm ended without an error, but {place} is not there")


def jars(source: Path, target: Path, commands: Commands, note: Note) -> None:
    """Fetch the jars of a jgo.lock.toml into .jgo/jars and .jgo/modules; unpack its plugins."""
    target.mkdir(parents=True, exist_ok=True)
    commands.run(
        target.parent / "jgo" / "bin" / "python",
        Path(__file__).parent / "fetch_jars.py",
        source / "jgo.lock.toml",
        target,
        cwd=target,
        line=lambda text: (
            note(text.replace(" ", " of ", 1) + " jars") if text[:1].isdigit() else None
        ),
    )
    plugins = target / ".jgo" / "plugins"
    shutil.rmtree(plugins, ignore_errors=True)
    for plugin in (target / ".jgo" / "jars").glob("*.zip"):
        shutil.unpack_archive(plugin, plugins)
