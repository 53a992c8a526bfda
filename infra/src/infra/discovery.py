"""Finds the services by their folders, and in them the functions that declare themselves."""

import importlib
import importlib.util
import pkgutil
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from infra.paths import SERVICES
from runtime.queued import Queued

D = TypeVar("D")


class UnknownService(LookupError):
    """No service of that name has a folder with a stack."""


class BadDeclaration(TypeError):
    """A module that should declare a function does not."""


@dataclass(frozen=True)
class Service:
    """A service: one folder under ``services/``."""

    folder: Path

    @property
    def name(self) -> str:
        """The service's name, which is its folder's."""
        return self.folder.name

    @property
    def package(self) -> str:
        """Name of its Python package."""
        return self.name.replace("-", "_")

    @property
    def source(self) -> Path:
        """The folder to put on the module search path."""
        return self.folder / "src"

    @property
    def lock(self) -> Path:
        """Its hash-checked dependencies."""
        return self.folder / "requirements.lock"

    def aws(self) -> dict[str, list[str]]:
        """Return the AWS operations that it calls beyond the runtime's, by AWS service."""
        return aws_operations(self.folder / "pyproject.toml")

    def definition(self, name: str) -> str:
        """Return a state machine's definition by its name, like ``large-import``."""
        file = self.source / self.package / "workflow" / f"{name.replace('-', '_')}.asl.json"
        return file.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Declared(Generic[D]):
    """A function, or a queued endpoint, as its module declares it.

    Attributes
    ----------
    name
        The module's name with hyphens, like ``place-order``.
    handler
        What Lambda calls, like ``orders.api.place_order.handler``.
    declaration
        The module's `handler`.
    """

    name: str
    handler: str
    declaration: D


def services(names: Sequence[str] = (), root: Path = SERVICES) -> list[Service]:
    """Return the services that have a stack, in order of name.

    Parameters
    ----------
    names
        Only these; all if empty.
    root
        The folder of the services' folders.

    Raises
    ------
    UnknownService
        One of the names has no folder with a ``stack.py``.
    """
    found = {path.parent.name: Service(path.parent) for path in sorted(root.glob("*/stack.py"))}
    for name in names:
        if name not in found:
            known = ", ".join(found) or "none"
            raise UnknownService(f"no service {name!r} (services with a stack: {known})")
    return [service for name, service in found.items() if not names or name in names]


def declared(service: Service, part: str, kind: type[D]) -> list[Declared[D]]:
    """Return the functions that a part of a service declares, in order of module.

    Parameters
    ----------
    service
        The service.
    part
        The subpackage: ``api``, ``reactions``, ``streams``, ``schedules``, ``workflow`` ….
    kind
        The class of declaration that each of its modules has as `handler`.

    Raises
    ------
    BadDeclaration
        A module has no such `handler`.
    """
    return [
        Declared(name.replace("_", "-"), f"{module.__name__}.handler", _handler(module, kind))
        for name, module in _modules(service, part)
        if _route(module) is None
    ]


def routes(service: Service) -> list[Declared[Queued[Any]]]:
    """Return the endpoints that are no functions: modules of ``api`` with a `route` instead."""
    return [
        Declared(name.replace("_", "-"), f"{module.__name__}.route", route)
        for name, module in _modules(service, "api")
        if (route := _route(module)) is not None
    ]


def titled(name: str) -> str:
    """Return a name with hyphens as CloudFormation writes it: ``PlaceOrder``."""
    return name.title().replace("-", "")


def load_stack(service: Service) -> ModuleType:
    """Return the service's ``stack.py`` as a module: it belongs to no package."""
    _put_on_path(service.source)  # it may import what the service declares
    path = service.folder / "stack.py"
    spec = importlib.util.spec_from_file_location(f"stack_of_{service.package}", path)
    if spec is None or spec.loader is None:  # pragma: no cover - the file was found by its folder
        raise BadDeclaration(f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def aws_operations(pyproject: Path) -> dict[str, list[str]]:
    """Return the AWS operations that a package calls: the table ``tool.starling.aws``."""
    document = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    table = document.get("tool", {}).get("starling", {}).get("aws", {})
    return {service: sorted(operations) for service, operations in sorted(table.items())}


def _modules(service: Service, part: str) -> Iterator[tuple[str, ModuleType]]:
    folder = service.source / service.package / part
    _put_on_path(service.source)
    for info in sorted(pkgutil.iter_modules([str(folder)]), key=lambda info: info.name):
        if not info.name.startswith("_"):
            yield info.name, importlib.import_module(f"{service.package}.{part}.{info.name}")


def _route(module: ModuleType) -> Queued[Any] | None:
    route = None if hasattr(module, "handler") else getattr(module, "route", None)
    return route if isinstance(route, Queued) else None


def _handler(module: ModuleType, kind: type[D]) -> D:
    handler = getattr(module, "handler", None)
    if not isinstance(handler, kind):
        raise BadDeclaration(f"{module.__name__} has no handler of kind {kind.__name__}")
    return handler


def _put_on_path(source: Path) -> None:
    # First, so that a copy of the repository deploys its own code, not the installed one's.
    if str(source) not in sys.path:
        sys.path.insert(0, str(source))
