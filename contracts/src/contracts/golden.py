"""The golden files: what is generated into the repository from event and reader classes.

``python -m contracts.golden`` writes them and lists what it changed; with ``--check`` it writes
nothing, and fails when they are not what the code says.
"""

import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from contracts.catalogue import catalogue
from contracts.reader import Reader
from contracts.schema import dumps, schema_of, schema_path

ROOT = Path(__file__).resolve().parents[3]
"""The repository."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction module of a service, found by its folder.

    Attributes
    ----------
    service
        The service's folder.
    module
        The module's name: ``orders.reactions.on_user_deactivated``.
    reader
        What it reads.
    """

    service: Path
    module: str
    reader: type[Reader]


@dataclass(frozen=True, slots=True)
class Difference:
    """A golden file that is not what the code says.

    Attributes
    ----------
    path
        The file.
    kind
        ``missing``, ``changed``, or ``stale``: a file that nothing declares any more.
    text
        What it should be; empty when stale.
    """

    path: Path
    kind: Literal["missing", "changed", "stale"]
    text: str = ""


def reader_golden(reader: type[Reader], reaction: str | None = None) -> tuple[str, str]:
    """Return the name and the text of the golden file of what a consumer reads.

    Parameters
    ----------
    reader
        The reader model.
    reaction
        The reaction that reads; by default the module that declares the model.
    """
    reaction = reaction or reader.__module__.rpartition(".")[2]
    return f"{reader.detail_type}.{reaction}.json", dumps(schema_of(reader))


def reactions(root: Path = ROOT) -> Iterator[Reaction]:
    """Yield every reaction of every service, by folder: ``services/*/src/*/reactions/*.py``.

    A task that reads the event that starts its state machine is one too:
    ``services/*/src/*/workflow/*.py``.

    Raises
    ------
    TypeError
        A module of reactions has no handler that names its reader.
    """
    files = [*root.glob("services/*/src/*/reactions/[!_]*.py")]
    files += root.glob("services/*/src/*/workflow/[!_]*.py")
    for file in sorted(files):
        source = file.parents[2]
        module = ".".join(file.relative_to(source).with_suffix("").parts)
        handler = getattr(importlib.import_module(module), "handler", None)
        reader = getattr(handler, "reader", None)
        if isinstance(reader, type) and issubclass(reader, Reader):
            yield Reaction(source.parent, module, reader)
        elif file.parent.name == "reactions":
            raise TypeError(f"{module}: its handler is no reaction with a reader model")


def expected(root: Path = ROOT) -> dict[Path, str]:
    """Return what the golden files should be, by path."""
    schemas = {
        root / "contracts" / "schemas" / schema_path(event): dumps(schema_of(event))
        for event in catalogue().values()
    }
    consumed = {}
    for reaction in reactions(root):
        name, text = reader_golden(reaction.reader, reaction.module.rpartition(".")[2])
        consumed[reaction.service / "consumes" / name] = text
    return schemas | consumed


def drift(root: Path = ROOT) -> list[Difference]:
    """Return where the golden files are not what the code says.

    Schemas of earlier versions stay: nothing is compared with them.
    """
    files = expected(root)
    found = [
        Difference(path, "changed" if path.exists() else "missing", text)
        for path, text in files.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    stale = set(root.glob("services/*/consumes/*.json")) - files.keys()
    return found + [Difference(path, "stale") for path in sorted(stale)]


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Write the golden files and list what changed; return the exit status."""
    differences = drift(root)
    check = "--check" in arguments
    for difference in differences:
        if not check and difference.kind == "stale":
            difference.path.unlink()
        elif not check:
            difference.path.parent.mkdir(parents=True, exist_ok=True)
            difference.path.write_text(difference.text, encoding="utf-8")
        sys.stdout.write(f"{difference.kind} {difference.path.relative_to(root)}\n")
    if check and differences:
        sys.stdout.write("run `python -m contracts.golden`, and look at what changed\n")
    return int(check and bool(differences))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
