"""Every module of a bundle works on a bare interpreter with the bundle's two folders alone."""

import json
import subprocess
from pathlib import Path

import pytest

from infra import bundling
from infra.discovery import services
from infra.stages import Stage
from infra.tools import ensure, python_of
from tests.synthesis import synthesised

# Only with what a request or a message needs does a lazy import show: so not only the handlers
# are imported, but every module of ours, and the declarations are made ready as for a request.
PROGRAM = """
import importlib, json, os, pathlib, sys
code, dependencies = sys.argv[1:3]
sys.path[:0] = [code, dependencies]
assert set(os.environ) <= {"LC_CTYPE", "PWD", "SHLVL", "_"}, dict(os.environ)
for file in sorted(pathlib.Path(code).rglob("*.py")):
    parts = file.relative_to(code).with_suffix("").parts
    importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
for handler in sys.argv[3:]:
    module, name = handler.rsplit(".", 1)
    declaration = getattr(importlib.import_module(module), name)
    for model in ("body", "query", "answer", "reader"):
        getattr(declaration, model, None)
places = {getattr(module, "__file__", None) for module in sys.modules.values()}
print(json.dumps(sorted(place for place in places if place)))
"""


@pytest.fixture(scope="session")
def bare() -> Path:
    """An interpreter of an environment with nothing in it, as the local stage's workers have."""
    ensure("bare")
    return python_of("bare")


WITH_FUNCTIONS = [
    service.name
    for service in services()
    if any((service.source / service.package).glob("*/[!_]*.py"))
]


@pytest.fixture(scope="session", params=["platform", *WITH_FUNCTIONS])
def unpacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a service's unpacked bundle, named for the service, for this machine."""
    template = synthesised("test").templates[request.param]
    assert template.handlers, f"{request.param} has modules with handlers, and no functions"
    folder: Path = tmp_path_factory.mktemp("bundle") / request.param
    template.unpack(folder)
    return folder


def test_every_module_of_a_bundle_is_imported_from_the_bundle_alone(
    bare: Path, unpacked: Path
) -> None:
    handlers = synthesised("test").templates[unpacked.name].handlers
    folders = [unpacked / "Code", unpacked / "Dependencies" / "python"]
    command: list[str | Path] = [bare, "-I", "-W", "error", "-c", PROGRAM, *folders, *handlers]
    done = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        f"{unpacked.name}: a bundle lacks what its code imports: is it in the service's lock, "
        f"and not on the list of what is trimmed away?\n{done.stderr[-2000:]}"
    )
    elsewhere = [
        place
        for place in json.loads(done.stdout)
        if "site-packages" in place or ("starling" in place and str(unpacked) not in place)
    ]
    assert not elsewhere, f"{unpacked.name} imports {elsewhere} from outside its bundle"


def test_no_bundle_has_the_helpers_or_the_tools_of_tests(unpacked: Path) -> None:
    files = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*.py")}
    helpers = {
        "Code/contracts/recording.py",
        "Code/runtime/commits.py",
        "Code/runtime/conformance.py",
        "Code/runtime/in_process.py",
        "Code/runtime/serving.py",
        "Code/runtime/testing.py",
        "Code/contracts/patterns/ruler.py",
    }
    assert not files & helpers, f"{unpacked.name} ships {files & helpers}"
    packages = {path.name for path in (unpacked / "Dependencies" / "python").iterdir()}
    tools = packages & {"pytest", "moto", "hypothesis", "boto3", "pip", "setuptools", "uv"}
    assert not tools, f"{unpacked.name} ships {tools}"


def test_the_largest_bundle_built_again_elsewhere_has_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (service,) = services(["search-sync"])
    target = bundling.Target.of(Stage.of("dev"))
    before = [bundling.code(service, target), bundling.layer(service, target)]
    monkeypatch.setattr(bundling, "BUILD", tmp_path)
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    again = [bundling.code(service, target), bundling.layer(service, target)]
    for first, second in zip(before, again, strict=True):
        assert first != second
        assert first.read_bytes() == second.read_bytes(), f"{first.name} differs when built again"
