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
from infra.commands import test as command
from infra.commands.test import run_tests
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


@pytest.fixture
def tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Where the tests belong of two services with the code of users, by their names.

    They share an environment, which is made anew.
    """
    monkeypatch.setattr(alone, "BUILD", tmp_path / "build")
    (users,) = services(["users"])
    made = {name: Service(tmp_path / name / "lonely") for name in ("here", "there")}
    for service in made.values():
        shutil.copytree(users.source, service.source)
        shutil.copy(users.lock, service.folder)
    monkeypatch.setattr(command, "services", lambda names: [made[one] for one in names or made])
    return {name: service.folder / "tests" for name, service in made.items()}


def test_the_command_passes_if_there_are_tests_of_the_name_and_all_pass(
    tests: dict[str, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(StarlingError, match="lonely has no tests"):
        run_tests()
    for name, code in (("here", "def test_a():\n    import users\n"), ("there", "")):
        tests[name].mkdir()
        (tests[name] / "test_one.py").write_text(f"{code}def test_b():\n    import aws_cdk\n")
    run_tests(only="test_a", workers=1)
    with pytest.raises(StarlingError, match="lonely: tests failed"):
        run_tests(["here"], workers=1)
    assert "No module named 'aws_cdk'" in capfd.readouterr().out
    with pytest.raises(StarlingError, match="no test is named like 'test_c'"):
        run_tests(["here"], only="test_c", workers=1)
    (tests["there"] / "test_one.py").write_text("")
    with pytest.raises(StarlingError, match="lonely: tests failed"):
        run_tests(["there"], workers=1)


def test_random_histories_count_but_are_not_measured(
    tests: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.setattr(command, "ROOT", tmp_path)
    folder = tests["here"]
    folder.mkdir()
    measured = "import sys\ndef test_a():\n    assert ('coverage' in sys.modules) is"
    (folder / "test_one.py").write_text(f"{measured} True\n")
    (folder / "test_any_two.py").write_text(f"{measured} True\n")
    with pytest.raises(StarlingError, match="lonely: tests failed"):
        run_tests(["here"], workers=1, coverage=True)
    (folder / "test_any_two.py").write_text(f"{measured} False\ndef test_b():\n    pass\n")
    run_tests(["here"], workers=1, coverage=True)
    run_tests(["here"], only="test_b", workers=1, coverage=True)


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
