import ast
import os
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra import bundling
from infra.bundling import Target, authorizer_code, code, layer
from infra.discovery import Service
from infra.errors import StarlingError
from infra.paths import ROOT
from infra.reaching import imports, reachable
from infra.stages import Stage

HERE = Target.of(Stage.of("local"))
LAMBDA = Target.of(Stage.of("prod"))
ANOTHER_PYTHON = replace(LAMBDA, python=(3, 14))


@pytest.fixture
def bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setattr(bundling, "BUILD", tmp_path / "build")
    return tmp_path / "build" / "bundles"


def names(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def imported(file: Path) -> Iterator[str]:
    """Yield what a module imports, as Python itself reads it."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_import_is_overlooked() -> None:
    files = [*ROOT.glob("*/src/**/*.py"), *ROOT.glob("services/*/src/**/*.py")]
    assert len(files) > 50
    for file in files:
        assert set(imported(file)) <= set(imports(file)), file


def test_what_is_imported_anywhere_is_reached_with_its_packages() -> None:
    found = {path.as_posix() for path in reachable([ROOT / "runtime/src/runtime/publisher.py"])}
    assert {"runtime/__init__.py", "runtime/publisher.py", "runtime/stream.py"} <= found
    assert {"contracts/__init__.py", "contracts/limits.py"} <= found
    assert "runtime/authorizer.py" not in found
    assert not any(name.startswith("contracts/events") for name in found)


def test_code_has_all_of_its_own_and_what_it_reaches(birds: Service, bundles: Path) -> None:
    (birds.source / "birds" / "songs.json").write_text("[]")
    try:
        inside = names(code(birds, HERE))
    finally:
        (birds.source / "birds" / "songs.json").unlink()
    assert {"birds/songs.json", "birds/api/add_bird.py", "runtime/endpoint.py"} <= inside
    assert "runtime/publisher.py" in inside
    assert "runtime/authorizer.py" not in inside
    assert not any("py.typed" in name or "test" in name for name in inside)


def test_the_authorizer_ships_without_the_rest_of_the_runtime(bundles: Path) -> None:
    inside = names(authorizer_code(HERE))
    assert "runtime/authorizer.py" in inside
    assert not {"runtime/endpoint.py", "runtime/table.py", "runtime/clients.py"} & inside


def test_a_bundle_is_built_once(birds: Service, bundles: Path) -> None:
    first = code(birds, HERE)
    written = first.read_bytes()
    first.write_bytes(b"what is there is taken")
    assert code(birds, HERE).read_bytes() == b"what is there is taken" != written


def test_a_change_makes_another_bundle(birds: Service, bundles: Path) -> None:
    before = code(birds, HERE)
    module = birds.source / "birds" / "api" / "get_bird.py"
    text = module.read_text()
    module.write_text(text + "\n# changed\n")
    try:
        assert code(birds, HERE) != before
    finally:
        module.write_text(text)
    assert code(birds, HERE) == before


def test_bundles_that_nothing_uses_any_more_are_deleted(birds: Service, bundles: Path) -> None:
    bundles.mkdir(parents=True)
    old, recent = bundles / "code-old.zip", bundles / "code-recent.zip"
    old.touch()
    recent.touch()
    os.utime(old, (0, 0))
    code(birds, HERE)
    assert (old.exists(), recent.exists()) == (False, True)


def test_for_another_python_the_source_alone_is_shipped(birds: Service, bundles: Path) -> None:
    assert not ANOTHER_PYTHON.compiles
    inside = names(code(birds, ANOTHER_PYTHON))
    assert "runtime/endpoint.py" in inside
    assert not any(name.endswith(".pyc") for name in inside)


def test_bytecode_is_for_the_python_that_runs_it(birds: Service, bundles: Path) -> None:
    tag = f"cpython-{sys.version_info[0]}{sys.version_info[1]}.pyc"
    compiled = {name for name in names(code(birds, HERE)) if name.endswith(".pyc")}
    assert compiled
    assert all(name.endswith(tag) for name in compiled)


def test_a_local_stages_target_is_this_machine() -> None:
    assert HERE.platform is None
    assert HERE.compiles
    assert HERE.key != LAMBDA.key


def test_the_layer_of_lambda_is_for_arm64() -> None:
    assert LAMBDA.platform is not None
    assert LAMBDA.platform.startswith("aarch64-manylinux")
    assert LAMBDA.python == (3, 13)


def test_services_with_the_same_lock_share_a_layer(birds: Service, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    twin.mkdir()
    (twin / "pyproject.toml").write_text("")
    (twin / "requirements.lock").write_text("# another comment\n" + birds.lock.read_text())
    assert layer(Service(twin), HERE) == layer(birds, HERE)


def test_a_lock_whose_hash_is_wrong_is_refused(tmp_path: Path, bundles: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(StarlingError, match=r"requirements\.lock") as failure:
        layer(Service(tmp_path), HERE)
    assert "six" in str(failure.value)
    assert not list(bundles.glob("*.zip"))


def test_trimming_leaves_what_others_installed_alone(
    birds: Service, tmp_path: Path, bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    match = re.search(r"^six==.*\n(?:    .*\n)*", birds.lock.read_text(), re.MULTILINE)
    assert match
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "requirements.lock").write_text(match[0])
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    assert "six.py" in "".join(names(layer(Service(tmp_path), HERE)))
    # What is in uv's cache is what it links into other environments.
    (metadata,) = (tmp_path / "cache").rglob("six-*.dist-info/METADATA")
    assert "Author" in metadata.read_text()
