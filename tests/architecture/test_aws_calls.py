"""Every AWS operation that the code calls is declared, so that its model is shipped."""

import re
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from infra.discovery import Service, aws_operations, services
from infra.paths import ROOT

RUNTIME = ROOT / "runtime"
_NAMED = re.compile(r"(?:\.|[\"'])([a-z]+(?:_[a-z]+)*)\b")


def methods(operations: dict[str, list[str]]) -> set[str]:
    """Return the names of the clients' methods for operations."""
    return {xform_name(name) for names in operations.values() for name in names}


def known() -> set[str]:
    """Return the methods of all the clients that anything here uses."""
    session = botocore.session.Session()
    used = set(aws_operations(RUNTIME / "pyproject.toml"))
    for service in services():
        used |= set(service.aws())
    return {
        xform_name(operation)
        for name in used
        for operation in session.get_service_model(name).operation_names
    }


def called(folder: Path) -> set[str]:
    """Return the client methods that the modules of a folder name, as attributes or in quotes."""
    names = {
        name
        for path in folder.rglob("*.py")
        if path.name not in {"in_process.py", "testing.py"}
        for name in _NAMED.findall(path.read_text())
    }
    return names & known()


def test_the_runtimes_calls_are_the_declared_ones() -> None:
    declared = methods(aws_operations(RUNTIME / "pyproject.toml"))
    assert called(RUNTIME / "src") == declared


@pytest.mark.parametrize("service", services(), ids=lambda service: str(service.name))
def test_a_services_calls_are_declared(service: Service) -> None:
    declared = methods(aws_operations(RUNTIME / "pyproject.toml")) | methods(service.aws())
    assert called(service.source) <= declared
