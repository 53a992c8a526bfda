"""A service stands alone: on its own lock, and without the code of the others."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.archive import digest
from infra.discovery import Service, services
from infra.paths import BUILD, ROOT
from tests.synthesis import synthesised

UV = Path(sys.executable).with_name("uv")
TESTED = [s for s in services() if any((s.folder / "tests").glob("test_*.py"))]
# What the tests of a service need besides what the service needs; moto brings boto3.
TEST_TOOLS = ["pytest", "hypothesis", "jsonschema-rs", "moto[dynamodb,events,s3,sqs]"]
# What a service's functions do not carry, nor its tests' tools: it must not be there.
ABSENT = ["aws_cdk", "infra.app", "typer", "jpype"]


@pytest.mark.xdist_group("alone")  # one after the other, so that other tests go on meanwhile
@pytest.mark.parametrize("service", TESTED, ids=lambda service: service.name)
def test_a_service_passes_its_tests_with_its_own_lock_alone(service: Service) -> None:
    python = environment(service)
    others = [other.package for other in services() if other.name != service.name]
    probe = f"import importlib.util as u; print([n for n in {others + ABSENT} if _(n)])"
    found = "def _(n):\n try: return u.find_spec(n)\n except ModuleNotFoundError: return None\n"
    there = run(python, ["-c", found + probe], cwd=BUILD)
    assert there.stdout.strip() == "[]", f"{service.name}: {there.stdout} is there as well"
    done = run(
        python,
        [
            # What a service lacks is found in the first of many runs of a property.
            *("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not seeded"),
            *("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)),
            *("--confcutdir", str(service.folder), str(service.folder / "tests")),
        ],
        cwd=service.folder,
    )
    assert done.returncode == 0, (
        f"{service.name} does not pass with its own lock alone. Does it import what is not in "
        f"{service.lock.relative_to(ROOT)}?\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
    )


def test_every_service_with_code_has_tests() -> None:
    without = {
        service.name
        for service in services()
        if service not in TESTED and len(list(service.source.rglob("*.py"))) > 1
    }
    assert not without, f"{without}: no test to run"


@pytest.mark.parametrize("service", services(), ids=lambda service: service.name)
def test_a_service_is_synthesised_without_the_code_of_the_others(
    service: Service, tmp_path: Path
) -> None:
    copy = tmp_path / "repository"
    skip = shutil.ignore_patterns("__pycache__", "tests", "node_modules", "*.egg-info")
    for part in ("contracts", "runtime", "infra", f"services/{service.name}"):
        shutil.copytree(ROOT / part, copy / part, ignore=skip)
    (copy / "build").mkdir()
    (BUILD / "bundles").mkdir(parents=True, exist_ok=True)
    (copy / "build" / "bundles").symlink_to(BUILD / "bundles")  # they are cached by content
    # The editable installation of this repository is taken off the path, so that what the
    # copy does not have is not found.
    (copy / "sitecustomize.py").write_text(
        "import sys\n"
        f"sys.path[:] = [p for p in sys.path if not p.startswith({str(ROOT)!r}) or '.venv' in p]\n"
    )
    path = [copy, *(copy / part / "src" for part in ("contracts", "runtime", "infra"))]
    program = "import sys; from infra.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, "synth", service.name, "--stage", "dev"],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = copy.glob("build/cdk.out/*/*.template.json")
    assert made.name == f"starling-dev-{service.name}.template.json"
    # The same as when all are made together: nothing of it depends on who else is there.
    assert json.loads(made.read_text()) == synthesised("dev").templates[service.name].document


def environment(service: Service) -> Path:
    """Return the interpreter of an environment with a service's lock and the tests' tools.

    It is kept for as long as the locks stay as they are.
    """
    tools = ROOT / "requirements.lock"
    recipe = digest([service.lock.read_bytes(), tools.read_bytes(), sys.version, *TEST_TOOLS])
    folder = BUILD / "alone" / service.name
    python, made_from = folder / "bin" / "python", folder / ".made-from"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made_from.exists() or made_from.read_text() != recipe:
            install = ["pip", "install", "--quiet", "--no-config", "--python", str(python)]
            uv("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
            uv(*install, "--no-deps", "--require-hashes", "-r", str(service.lock))
            constraints = ["-c", str(service.lock), "-c", str(tools)]
            uv(*install, "--compile-bytecode", *TEST_TOOLS, *constraints)
            made_from.write_text(recipe)
    sources = [ROOT / "contracts" / "src", ROOT / "runtime" / "src", service.source]
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "starling.pth").write_text("".join(f"{source}\n" for source in sources))
    return python


def uv(*arguments: str) -> None:
    done = subprocess.run([UV, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"uv {' '.join(arguments)}:\n{done.stderr}"


def run(python: Path, arguments: list[str], *, cwd: Path) -> "subprocess.CompletedProcess[str]":
    # None of this environment's variables: neither paths nor a coverage measurement go along.
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ}
    return subprocess.run(
        [python, *arguments],
        cwd=cwd,
        env=kept | {"PYTHONDONTWRITEBYTECODE": "1", "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
