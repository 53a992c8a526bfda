"""A service stands alone: on its own lock, and without the code of the others."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra import alone
from infra.alone import environment, variables
from infra.commands.test import run
from infra.discovery import Service, services
from infra.errors import StarlingError
from infra.paths import BUILD, ROOT
from tests.synthesis import synthesised

# What a service's functions do not carry, nor its tests' tools: it must not be there.
ABSENT = ["aws_cdk", "infra.app", "typer", "jpype"]
FIND = """
import importlib.util, sys
def there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
print([name for name in sys.argv[1:] if there(name)])
"""


@pytest.mark.parametrize("service", services(), ids=lambda service: service.name)
def test_where_a_services_tests_run_there_is_its_own_code_alone(service: Service) -> None:
    others = [other.package for other in services() if other.name != service.name]
    names = [service.package, "runtime", "contracts", "moto", *others, *ABSENT]
    found = subprocess.run(
        [environment(service), "-c", FIND, *names],
        cwd=BUILD,
        env=variables(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == str(names[:4])


def test_a_test_that_fails_and_one_that_is_not_there_fail_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(alone, "BUILD", tmp_path / "build")
    (users,) = services(["users"])
    service = Service(tmp_path / "lonely")
    shutil.copytree(users.source, service.source)
    shutil.copy(users.lock, service.folder)
    with pytest.raises(StarlingError, match="lonely has no tests"):
        run(service, only="", workers=1, coverage=False)
    tests = service.folder / "tests"
    tests.mkdir()
    (tests / "test_one.py").write_text(
        "def test_fine():\n    import users\ndef test_not():\n    import aws_cdk\n"
    )
    assert run(service, only="fine", workers=1, coverage=False)
    assert not run(service, only="no_such_test", workers=1, coverage=False)
    assert not run(service, only="", workers=1, coverage=False)
    assert "No module named 'aws_cdk'" in capfd.readouterr().out


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
