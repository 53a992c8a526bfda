"""The tools and engines beside the repo's own Python, installed once under .starling/tools.

Each is installed from a committed lock, stamped with a hash of what it was made from, and
left alone while the stamp fits. The stamp is written last: an interrupted installation
is never taken as complete. Nothing of the system but Python is used.
"""

import fcntl
import hashlib
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.paths import ENGINES, TOOLS
from infra.progress import Step, Steps
from infra.tools import install
from infra.tools.install import CommandError, Commands, ToolError

STAMP = ".ready"
ATTEMPTS = 2  # on top of what uv, npm and the jar downloader try themselves
WAIT_SECONDS = 3.0

Build = Callable[[Path, Path, Commands, install.Note], None]


@dataclass(frozen=True)
class Tool:
    """One tool: what it is made from, and how."""

    name: str
    title: str
    inputs: tuple[str, ...]
    """Committed files under infra/engines/NAME: a change of one installs anew."""
    build: Build
    """Called with the folder of the inputs, the folder to fill, and what it runs with."""
    megabytes: int
    """Disk space that it needs, downloads included."""
    needs: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """Return a hash of everything that the installed tool depends on."""
        parts = [(ENGINES / self.name / name).read_bytes() for name in self.inputs]
        if self.build in (install.venv, install.bare_venv):
            parts.append(f"{sys.version} {sys.base_prefix} {platform.machine()}".encode())
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def is_ready(self, root: Path) -> bool:
        """Whether it is installed from just these inputs."""
        stamp = root / self.name / STAMP
        return stamp.exists() and stamp.read_text() == self.fingerprint()


# What another one needs comes before it.
ALL = {
    tool.name: tool
    for tool in (
        Tool("jgo", "jar downloader", ("requirements.lock",), install.venv, 80),
        Tool("ruler", "EventBridge's rule engine", ("jgo.lock.toml",), install.jars, 20, ("jgo",)),
        Tool("opensearch", "OpenSearch", ("jgo.lock.toml",), install.jars, 250, ("jgo",)),
        Tool("security", "OpenSearch with access control", ("jgo.lock.toml",), install.jars, 250,
             ("jgo",)),
        Tool("emulator", "AWS emulator", ("requirements.lock",), install.venv, 200),
        Tool("vision", "vision model", ("requirements.lock",), install.venv, 480),
        Tool("openapi", "judges of APIs", ("requirements.lock",), install.venv, 70),
        Tool("bare", "bare interpreter for functions", (), install.bare_venv, 10),
        Tool("node", "CDK command line", ("package-lock.json", "package.json", ".npmrc"),
             install.npm, 150),
        Tool("formats", "validators of exports", ("package-lock.json", "package.json", ".npmrc"),
             install.npm, 150),
        Tool("resolvers", "rules of resolvers", ("package-lock.json", "package.json", ".npmrc"),
             install.npm, 80),
    )
}  # fmt: skip


def ensure(*names: str, root: Path = TOOLS) -> None:
    """Install the named tools (all by default) unless they are there and current.

    Parameters
    ----------
    names
        Keys of `ALL`; what a tool needs is installed before it.
    root
        The folder that holds a folder per tool.

    Raises
    ------
    ToolError
        Saying which installation failed, why, and what to do.
    """
    asked = set(names or ALL)
    asked |= {need for name in asked for need in ALL[name].needs}
    missing = [tool for tool in ALL.values() if tool.name in asked and not tool.is_ready(root)]
    if not missing:
        return
    root.mkdir(parents=True, exist_ok=True)
    _check_disk(root, sum(tool.megabytes for tool in missing))
    commands = Commands()
    with Steps() as steps, ThreadPoolExecutor(len(missing)) as pool:
        running: dict[str, Future[None]] = {}
        try:
            for tool in missing:
                before = [running[name] for name in tool.needs if name in running]
                running[tool.name] = pool.submit(_install, tool, root, steps, commands, before)
            for future in wait(running.values(), return_when=FIRST_EXCEPTION).done:
                future.result()
        except BaseException:
            commands.stop()
            raise


def _install(
    tool: Tool, root: Path, steps: Steps, commands: Commands, before: list[Future[None]]
) -> None:
    for other in before:
        other.result()
    with _locked(root / f".{tool.name}.lock"):
        if tool.is_ready(root):  # another process has just done it
            return
        target = root / tool.name
        (target / STAMP).unlink(missing_ok=True)
        with steps.step(f"Installing {tool.title}") as step:
            _build(tool, target, commands, step)
        (target / STAMP).write_text(tool.fingerprint())


def _build(tool: Tool, target: Path, commands: Commands, step: Step) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            tool.build(ENGINES / tool.name, target, commands, step.note)
        except CommandError as error:
            if error.is_network and attempt < ATTEMPTS and not commands.stopping.is_set():
                step.note("the network failed; trying again …")
                commands.stopping.wait(WAIT_SECONDS * attempt)
                continue
            message = f"Installing {tool.title} failed:\n{error}"
            raise ToolError(message, error.remedy) from error
        except OSError as error:
            message = f"Installing {tool.title} failed: {error}"
            raise ToolError(message, CommandError(str(error)).remedy) from error
        return


def _check_disk(root: Path, megabytes: int) -> None:
    free = shutil.disk_usage(root).free // 1_000_000
    if free < megabytes:
        raise ToolError(
            f"The tools need {megabytes} MB of disk space under {root}; {free} MB are free.",
            "Free some disk space, then run the same command again.",
        )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock against other processes that install the same tool."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def python_of(name: str, root: Path = TOOLS) -> Path:
    """Return the interpreter of a tool that is a virtual environment."""
    return root / name / "bin" / "python"


def class_path(name: str, root: Path = TOOLS) -> str:
    """Return the Java class path of a tool that is made of jars."""
    jars = root / name / ".jgo"
    # What comes first is used: the engine's own jars before those that a plugin brings along.
    return ":".join(f"{jars / place}/*" for place in ("jars", "modules", "plugins"))


def cdk(root: Path = TOOLS) -> Path:
    """Return the CDK command line's program, to be run by `infra.tools.node.NODE`."""
    return root / "node" / "node_modules" / "aws-cdk" / "bin" / "cdk"
