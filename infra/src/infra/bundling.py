"""Lambda bundles without Docker: a layer of locked dependencies and a zip of code.

Bundles are cached by the content that they are made from: a second synthesis builds none.
"""

import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra import archive, rewriting, trimming
from infra.discovery import Service, aws_operations
from infra.errors import StarlingError
from infra.paths import BUILD, ROOT
from infra.reaching import SHARED, reachable
from infra.stages import Stage

PYTHON = (3, 13)
"""The version of Lambda's Python that functions run on."""

_KEPT_SECONDS = 7 * 24 * 60 * 60
AUTHORIZER_LOCK = ROOT / "runtime" / "authorizer.lock"


@dataclass(frozen=True)
class Target:
    """What a bundle runs on.

    Attributes
    ----------
    platform
        uv's name of the platform; None for this machine.
    python
        Version of the interpreter, major and minor.
    """

    platform: str | None
    python: tuple[int, int]

    @classmethod
    def of(cls, stage: Stage) -> "Target":
        """Return what a stage's functions run on: this machine for a local one, else Lambda."""
        if stage.local:
            return cls(None, sys.version_info[:2])
        # Lambda's Python 3.13 runs on Amazon Linux 2023, whose glibc is 2.34; arm64.
        return cls("aarch64-manylinux_2_34", PYTHON)

    @property
    def compiles(self) -> bool:
        """Whether this interpreter writes bytecode that the target reads.

        If it does not (an AWS stage deployed from Python 3.11 or 3.12), source alone is
        shipped: it runs the same and starts slower.
        """
        return self.python == sys.version_info[:2]

    @property
    def key(self) -> str:
        """Everything about the target that a bundle's bytes depend on."""
        machine = self.platform or f"{sys.platform}-{platform.machine()}"
        return f"{machine} {self.python} {sys.version if self.compiles else 'source'}"


def layer(service: Service, target: Target) -> Path:
    """Return the zip of a service's dependencies, trimmed to what it uses.

    Raises
    ------
    StarlingError
        The lock cannot be installed; the message says why.
    """
    operations = aws_operations(SHARED["runtime"].parent / "pyproject.toml")
    for name, called in service.aws().items():
        operations[name] = sorted({*operations.get(name, []), *called})
    return _layer(service.lock, operations, target)


def authorizer_layer(target: Target) -> Path:
    """Return the zip of the authorizer's dependencies; it calls no AWS service."""
    return _layer(AUTHORIZER_LOCK, {}, target)


def code(service: Service, target: Target) -> Path:
    """Return the zip of a service's own code and of the shared modules that it reaches.

    What it does not reach stays out: another service's new event changes nothing here.
    """
    own = service.source / service.package
    files = {path.relative_to(service.source): path for path in _files(own)}
    roots = [*own.rglob("*.py"), SHARED["runtime"] / "runtime" / "publisher.py"]
    return _code({**files, **reachable(roots)}, target)


def authorizer_code(target: Target) -> Path:
    """Return the zip of the authorizer's code."""
    return _code(reachable([SHARED["runtime"] / "runtime" / "authorizer.py"]), target)


def _layer(lock: Path, operations: trimming.Operations, target: Target) -> Path:
    def build(folder: Path) -> None:
        python = folder / "python"
        install(lock, python, target)
        trimming.trim(python, operations)
        rewriting.rewrite(python)
        if target.compiles:
            archive.compile_tree(python)

    requirements = [line for line in lock.read_text().splitlines() if "#" not in line]
    return _cached("layer", ["\n".join(requirements), repr(operations), target.key], build)


def _code(files: dict[Path, Path], target: Target) -> Path:
    def build(folder: Path) -> None:
        for inside, file in files.items():
            (folder / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / inside)
        if target.compiles:
            archive.compile_tree(folder)

    content = [part for inside, file in files.items() for part in (str(inside), file.read_bytes())]
    return _cached("code", [*content, target.key], build)


def _cached(kind: str, made_from: list[str | bytes], build: Callable[[Path], None]) -> Path:
    modules = (archive, rewriting, trimming)
    recipe = [Path(module.__file__ or "").read_bytes() for module in modules]
    key = archive.digest([Path(__file__).read_bytes(), *recipe, *made_from])
    bundles = BUILD / "bundles"
    path = bundles / f"{kind}-{key}.zip"
    if path.exists():
        path.touch()
        return path
    bundles.mkdir(parents=True, exist_ok=True)
    with _alone(bundles / f".{kind}.lock"):
        if not path.exists():
            _forget_old(bundles)
            with tempfile.TemporaryDirectory(dir=bundles) as folder:
                build(Path(folder) / "content")
                unfinished = Path(folder) / "bundle.zip"
                archive.write_zip(Path(folder) / "content", unfinished)
                unfinished.rename(path)
    return path


def _forget_old(bundles: Path) -> None:
    """Delete the bundles that nothing has used for a week."""
    for path in bundles.glob("*.zip"):
        if path.stat().st_mtime < time.time() - _KEPT_SECONDS:
            path.unlink(missing_ok=True)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # released when the file is closed
        yield


def install(lock: Path, target_folder: Path, target: Target) -> None:
    """Install what a lock names for a target, whole, into a folder.

    Raises
    ------
    StarlingError
        It cannot be installed; the message says why.
    """
    options = ["--python-platform", target.platform] if target.platform else []
    version = ".".join(map(str, target.python))
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("uv"), "pip", "install", "--quiet", "--no-deps"),
            *("--require-hashes", "--only-binary", ":all:", "--no-config"),
            *("--requirement", lock, "--target", target_folder),
            *("--python", sys.executable, "--python-version", version, *options),
        ],
        # What is installed is trimmed in place, and compiled after. Copies, then: links into uv's
        # cache would cut the same files of every other environment on this machine.
        env={**os.environ, "UV_COMPILE_BYTECODE": "0", "UV_LINK_MODE": "copy"},
        text=True,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise StarlingError(
            f"The dependencies in {lock} cannot be installed:\n{done.stderr.strip()}",
            "Check the network and the package index, then try again.",
        )


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.name != "py.typed":
            yield path
