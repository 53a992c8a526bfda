"""What the measured processes run on: as a user installs it, and as Lambda unpacks it."""

import compileall
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from infra.archive import write_zip
from infra.bundling import Target, code, install, layer
from infra.discovery import Service
from infra.paths import BUILD, ROOT
from infra.stages import Stage

FOLDER = BUILD / "bench"
_BOTO3 = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
_SEARCH = (
    *("botocore", "certifi", "charset-normalizer", "events", "idna", "jmespath", "opensearch-py"),
    *("python-dateutil", "requests", "six", "urllib3"),
)
_REQUIREMENT = re.compile(r"^([a-z0-9-]+)==\S+ .*\n(?:    .*\n)*", re.MULTILINE)


def bare() -> Path:
    """Return an interpreter that has nothing but the standard library."""
    return _interpreter("bare", "", lambda _: None)


def with_boto3() -> Path:
    """Return an interpreter with the lock's boto3 as a user installs it, compiled."""
    return _installed("boto3", requirements_of((ROOT / "requirements.lock").read_text(), _BOTO3))


def with_opensearch(service: Service) -> Path:
    """Return an interpreter with the lock's opensearch-py as a user installs it, compiled."""
    return _installed("opensearch", requirements_of(service.lock.read_text(), _SEARCH))


def _installed(name: str, requirements: str) -> Path:
    def install(folder: Path) -> None:
        lock = folder / f"{name}.lock"
        lock.write_text(requirements)
        _run(
            *(Path(sys.executable).with_name("uv"), "pip", "install", "--quiet", "--no-deps"),
            *("--require-hashes", "--compile-bytecode", "--no-config"),
            *("--python", folder / "bin" / "python", "--requirement", lock),
        )

    return _interpreter(name, requirements, install)


def requirements_of(lock: str, names: tuple[str, ...]) -> str:
    """Return the part of a hash-checked lock that is about some distributions.

    Raises
    ------
    LookupError
        The lock does not have one of them.
    """
    found = {match[1]: match[0] for match in _REQUIREMENT.finditer(lock)}
    if missing := [name for name in names if name not in found]:
        raise LookupError(f"the lock has no {', '.join(missing)}")
    return "".join(found[name] for name in names)


def shipped(service: Service) -> list[Path]:
    """Return the search path of a service's functions on this machine, as its bundles are.

    The code comes before the layer, as on Lambda.
    """
    target = Target.of(Stage.of("local"))
    return [_unpacked(code(service, target)), _unpacked(layer(service, target)) / "python"]


def compiled(path: list[Path]) -> list[Path]:
    """Return a copy of a search path whose bytecode was freshly made from its source."""
    copies = []
    for folder in path:
        copy = FOLDER / "compiled" / folder.relative_to(FOLDER)
        if not copy.exists():
            with _unfinished(copy) as unfinished:
                shutil.copytree(folder, unfinished, ignore=shutil.ignore_patterns("__pycache__"))
                if not compileall.compile_dir(unfinished, quiet=1, force=True):
                    raise RuntimeError(f"{folder} has source that cannot be compiled")
        copies.append(copy)
    return copies


def uploaded_bytes(service: Service) -> int:
    """Return the size of a service's code and layer as they are uploaded for Lambda."""
    target = Target.of(Stage.of("dev"))
    return code(service, target).stat().st_size + layer(service, target).stat().st_size


def untrimmed_bytes(service: Service) -> int:
    """Return the size of a service's code, and of its lock as a user installs it for Lambda.

    Packed as its layer is, but whole, and without bytecode.
    """
    target = Target.of(Stage.of("dev"))
    key = sha256(service.lock.read_bytes() + target.key.encode()).hexdigest()[:16]
    packed = FOLDER / f"untrimmed-{key}.zip"
    if not packed.exists():
        packed.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=FOLDER) as temporary:
            install(service.lock, Path(temporary, "python"), target)
            unfinished = Path(temporary, "layer.zip")
            write_zip(Path(temporary, "python"), unfinished)
            unfinished.rename(packed)
    return code(service, target).stat().st_size + packed.stat().st_size


def _interpreter(name: str, content: str, install: Callable[[Path], None]) -> Path:
    key = sha256(f"{sys.version} {sys.executable} {content}".encode()).hexdigest()[:16]
    folder = FOLDER / f"{name}-{key}"
    if not (folder / ".ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _run(sys.executable, "-m", "venv", "--without-pip", folder)
        install(folder)
        (folder / ".ready").touch()
    return folder / "bin" / "python"


def _unpacked(bundle: Path) -> Path:
    folder = FOLDER / "bundles" / bundle.stem
    if not folder.exists():
        with _unfinished(folder) as unfinished, zipfile.ZipFile(bundle) as archive:
            archive.extractall(unfinished)
    return folder


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """Make a folder that is there either whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        content = Path(temporary) / "content"
        yield content
        try:
            content.rename(folder)
        except OSError:
            if not folder.exists():  # else another run has made the same meanwhile
                raise


def _run(*command: str | Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own tools
        [str(part) for part in command], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()}")
