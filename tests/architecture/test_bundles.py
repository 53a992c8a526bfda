"""What is shipped: complete, small, reproducible, and nobody else's."""

import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra import bundling
from infra.discovery import services
from infra.paths import ROOT
from infra.stages import Stage
from tests.synthesis import synthesised

MEGABYTE = 1_000_000
BUDGETS = {"media": 16, "users": 6, "orders": 6, "search-sync": 6.2, "platform": 7}
# A function's process: no site-packages, nothing of this environment but the interpreter.
BARE = [sys.executable, "-I", "-S", "-W", "error", "-c"]
IMPORT = """
import importlib, json, sys
paths, handlers = json.loads(sys.argv[1])
sys.path[:0] = paths
for handler in handlers:
    module, name = handler.rsplit(".", 1)
    getattr(importlib.import_module(module), name)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture(scope="session", params=sorted(BUDGETS))
def service(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def unpacked(service: str, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The search path of a function on this machine."""
    return synthesised("test").templates[service].unpack(tmp_path_factory.mktemp(service))


def test_every_service_with_functions_has_a_budget() -> None:
    shipped = {name for name, stack in synthesised("prod").templates.items() if stack.handlers}
    assert shipped == set(BUDGETS)


@pytest.mark.parametrize("stage", ["prod", "test"])
def test_a_bundle_stays_within_its_budget(stage: str, service: str) -> None:
    zips = synthesised(stage).templates[service].bundles
    size = sum(path.stat().st_size for path in zips.values())
    assert set(zips) == {"Code", "Dependencies"}
    assert size <= BUDGETS[service] * MEGABYTE


def test_every_handler_imports_on_a_bare_interpreter(service: str, unpacked: list[Path]) -> None:
    # What is made on AWS alone too: it is the same code.
    made = (synthesised(stage).templates[service].handlers for stage in ("test", "prod"))
    handlers = sorted({handler for found in made for handler in found})
    given = json.dumps([[str(path) for path in unpacked], handlers])
    done = subprocess.run([*BARE, IMPORT, given], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"boto3", "moto", "pytest"}


def test_a_missing_dependency_would_show(unpacked: list[Path]) -> None:
    code, _dependencies = unpacked
    given = json.dumps([[str(code)], ["runtime.publisher.handler"]])
    done = subprocess.run([*BARE, IMPORT, given], capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError" in done.stderr


def test_no_service_ships_anothers_code(service: str, unpacked: list[Path]) -> None:
    code, _dependencies = unpacked
    packages = {path.name for path in code.iterdir() if path.name != "__pycache__"}
    own = set() if service == "platform" else {service.replace("-", "_")}
    assert packages - {"contracts", "runtime"} == own


def test_a_consumer_does_not_ship_the_producers_models(tmp_path: Path) -> None:
    code, _dependencies = synthesised("test").templates["search-sync"].unpack(tmp_path)
    assert not (code / "contracts" / "events").exists()


def test_bytecode_is_shipped_and_never_checked_against_the_source(unpacked: list[Path]) -> None:
    for folder in unpacked:
        modules = list(folder.rglob("*.py"))
        assert modules
        for module in modules:
            header = Path(importlib.util.cache_from_source(str(module))).read_bytes()[:8]
            assert header[:4] == importlib.util.MAGIC_NUMBER
            assert int.from_bytes(header[4:], "little") == 0b01  # PEP 552: hash-based, unchecked


def test_a_bundle_holds_no_tests_and_no_stray_files(unpacked: list[Path]) -> None:
    for folder in unpacked:
        names = {path.name for path in folder.rglob("*")}
        assert not names & {"tests", "RECORD", "INSTALLER", "direct_url.json", "bin"}


def test_the_same_sources_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = bundling.Target.of(Stage.of("prod"))
    users = services(["users"])[0]
    built = []
    for name in ("first", "second"):
        monkeypatch.setattr(bundling, "BUILD", tmp_path / name)
        built.append((bundling.code(users, target), bundling.layer(users, target)))
    for first, second in zip(*built, strict=True):
        assert first != second
        assert first.name == second.name
        assert first.read_bytes() == second.read_bytes()


def test_a_zip_says_nothing_of_when_and_by_whom_it_was_made(service: str) -> None:
    for path in synthesised("prod").templates[service].bundles.values():
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in entries} == {0o100644}
        names = [entry.filename for entry in entries]
        assert names == sorted(names, key=lambda name: Path(name).parts)


def test_the_code_on_aws_is_for_lambdas_processor(tmp_path: Path) -> None:
    for name, template in synthesised("prod").templates.items():
        if template.handlers:
            _code, dependencies = template.unpack(tmp_path / name)
            machines = {path.read_bytes()[18:20] for path in dependencies.rglob("*.so*")}
            assert machines == {b"\xb7\x00"}, name  # ELF's e_machine: AArch64


def test_every_lock_is_hashed_and_names_no_registry() -> None:
    locks = [*ROOT.glob("services/*/requirements.lock"), ROOT / "runtime" / "authorizer.lock"]
    assert len(locks) >= 5
    for lock in locks:
        text = lock.read_text()
        pinned = [line for line in text.splitlines() if "==" in line and not line[0].isspace()]
        assert text.count("--hash=sha256:") >= len(pinned) > 0
        assert "://" not in text
