"""What the services' code says of events: which it makes, and which names it writes out."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from contracts.gate.findings import BadContract

_EVENTS = "contracts.events."
_NAME = re.compile(r"[A-Z][A-Za-z0-9]*\.v[1-9][0-9]{0,3}")
_QUOTED = re.compile(r'"([A-Z][A-Za-z0-9]*\.v[1-9][0-9]{0,3})"')


class Named(NamedTuple):
    """A name that stands somewhere in a service's folder."""

    service: str
    name: str
    file: str
    line: int


class Sources(NamedTuple):
    """What was found in the folders of all services.

    Attributes
    ----------
    made
        The classes of `contracts.events` that a service's code imports: it publishes those.
    declared
        Classes of events that are declared outside `contracts.events`.
    written
        Detail-types that are written out: in code, in templates, in state machines.
    """

    made: set[tuple[str, str]]
    declared: list[Named]
    written: list[Named]


def read(root: Path) -> Sources:
    """Return what the code, and what lies beside it, says in the working tree.

    Raises
    ------
    BadContract
        A file is not Python, or not text.
    """
    sources = Sources(set(), [], [])
    for file in _files(root):
        service = file.relative_to(root).parts[1]
        name = file.relative_to(root).as_posix()
        try:
            text = file.read_text(encoding="utf-8")
            if file.suffix == ".py":
                _python(sources, service, name, ast.parse(text))
            else:
                for number, line in enumerate(text.splitlines(), start=1):
                    for written in _QUOTED.findall(line):
                        sources.written.append(Named(service, written, name, number))
        except (SyntaxError, ValueError) as error:
            raise BadContract(name, error) from None
    return sources


def _files(root: Path) -> Iterator[Path]:
    for pattern in ("*/src/**/*.py", "*/stack.py", "*/src/**/*.json", "*/src/**/*.y*ml"):
        yield from sorted((root / "services").glob(pattern))


def _python(sources: Sources, service: str, file: str, module: ast.Module) -> None:
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_EVENTS):
            sources.made.update((service, alias.name) for alias in node.names)
        elif isinstance(node, ast.ClassDef) and any(_is_event(base) for base in node.bases):
            sources.declared.append(Named(service, node.name, file, node.lineno))
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and _NAME.fullmatch(node.value)
        ):
            sources.written.append(Named(service, node.value, file, node.lineno))


def _is_event(base: ast.expr) -> bool:
    name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
    return name == "EventData"
