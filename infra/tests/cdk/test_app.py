import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra import deploying
from infra.app import stack_of
from infra.discovery import BadDeclaration, Service
from infra.errors import StarlingError
from infra.paths import BUILD, ROOT
from infra.stages import Stage
from infra.tools import node

PACKAGES = ("contracts", "runtime", "infra")


def copy_with(root: Path, *services: str) -> None:
    """Copy the repository's code with only some services' folders."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package / "src", root / package / "src")
        shutil.copy(ROOT / package / "pyproject.toml", root / package)
    shutil.copy(ROOT / "runtime" / "authorizer.lock", root / "runtime")
    for service in services:
        shutil.copytree(ROOT / "services" / service, root / "services" / service)
    (root / "build").mkdir()
    if (BUILD / "bundles").exists():
        (root / "build" / "bundles").symlink_to(BUILD / "bundles")


def synth(root: Path, names: str) -> subprocess.CompletedProcess[str]:
    sources = [root / package / "src" for package in PACKAGES]
    return subprocess.run(
        [sys.executable, "-m", "infra"],
        cwd=root,
        env={
            **node.environment(),
            "PYTHONPATH": ":".join(map(str, sources)),
            "CDK_OUTDIR": str(root / "out"),
            "CDK_CONTEXT_JSON": json.dumps({"stage": "prod", "services": names}),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_service_synthesises_without_the_others_folders(tmp_path: Path) -> None:
    copy_with(tmp_path, "users")
    done = synth(tmp_path, "users")
    assert done.returncode == 0, done.stderr
    templates = [path.name for path in (tmp_path / "out").glob("*.template.json")]
    assert templates == ["starling-prod-users.template.json"]


def test_only_the_named_services_code_is_imported(tmp_path: Path) -> None:
    copy_with(tmp_path, "users", "orders")
    (tmp_path / "services" / "orders" / "stack.py").write_text("raise RuntimeError('imported')\n")
    assert synth(tmp_path, "users").returncode == 0
    done = synth(tmp_path, "orders,users")
    assert done.returncode != 0
    assert "RuntimeError: imported" in done.stderr


def test_two_syntheses_are_the_same(tmp_path: Path) -> None:
    names = [deploying.PLATFORM, "users", "search-sync"]
    outputs = [
        deploying.synthesise(Stage.of("prod"), names, tmp_path / folder) for folder in ("a", "b")
    ]
    first, second = (
        {path.name: path.read_text() for path in output.glob("*.template.json")}
        for output in outputs
    )
    assert len(first) == 3
    assert first == second


def test_a_services_stack_is_deployed_after_the_platforms(tmp_path: Path) -> None:
    output = deploying.synthesise(Stage.of("prod"), [deploying.PLATFORM, "media"], tmp_path / "out")
    artifacts = json.loads((output / "manifest.json").read_text())["artifacts"]
    assert "starling-prod-platform" in artifacts["starling-prod-media"]["dependencies"]


TWO = """
from infra.constructs.service_stack import ServiceStack
class One(ServiceStack): pass
class Two(ServiceStack): pass
"""


@pytest.mark.parametrize(
    ("stack", "found"),
    [
        ("", "0 stacks"),
        (TWO, "2 stacks"),
    ],
)
def test_a_stack_file_defines_one_stack(tmp_path: Path, stack: str, found: str) -> None:
    (tmp_path / "stack.py").write_text(stack)
    with pytest.raises(BadDeclaration, match=found):
        stack_of(Service(tmp_path))


def test_a_failing_synthesis_says_why() -> None:
    with pytest.raises(StarlingError, match="no service 'pigeons'"):
        deploying.synthesise(Stage.of("prod"), ["pigeons"])
