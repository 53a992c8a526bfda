"""A service's own environment: what its lock names and what its tests need, nobody else's code."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from infra.archive import digest
from infra.discovery import Service
from infra.errors import StarlingError
from infra.paths import BUILD, ROOT

_UV = Path(sys.executable).with_name("uv")
# What the tests of a service need besides what the service needs; moto brings boto3.
_TEST_TOOLS = [
    *("pytest", "pytest-xdist", "coverage", "hypothesis", "jsonschema-rs"),
    "moto[dynamodb,events,s3,sqs]",
]
_KEPT = ("HOME", "PATH", "PYTHONUNBUFFERED", "TERM", "TMPDIR")


def environment(service: Service) -> Path:
    """Return the interpreter of a service's environment; it is made if the locks have changed.

    Raises
    ------
    StarlingError
        It could not be made.
    """
    tools = ROOT / "requirements.lock"
    recipe = digest([service.lock.read_bytes(), tools.read_bytes(), sys.version, *_TEST_TOOLS])
    folder = BUILD / "alone" / service.name
    python, made_from = folder / "bin" / "python", folder / ".made-from"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made_from.exists() or made_from.read_text() != recipe:
            install = ["pip", "install", "--quiet", "--no-config", "--python", str(python)]
            _uv("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
            _uv(*install, "--no-deps", "--require-hashes", "-r", str(service.lock))
            constraints = ["-c", str(service.lock), "-c", str(tools)]
            _uv(*install, *_TEST_TOOLS, *constraints)
            made_from.write_text(recipe)
    sources = [ROOT / "contracts" / "src", ROOT / "runtime" / "src", service.source]
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "starling.pth").write_text("".join(f"{source}\n" for source in sources))
    return python


def variables() -> dict[str, str]:
    """Return the variables that a service's environment starts with: none of this one's paths."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"AWS_EC2_METADATA_DISABLED": "true"}


def _uv(*arguments: str) -> None:
    # Python compiles what is imported, which is little of the emulated AWS.
    env = os.environ | {"UV_COMPILE_BYTECODE": "false"}
    done = subprocess.run([_UV, *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StarlingError(f"uv {arguments[0]} failed: {done.stderr.strip()}")
