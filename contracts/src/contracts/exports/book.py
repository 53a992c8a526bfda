"""All that an export tells of: services, events with every version, and who reads them."""

import ast
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.deprecations import Deprecation
from contracts.exports.fields import leaves
from contracts.exports.meanings import Meanings, first_paragraph
from contracts.gate import tree
from contracts.gate.findings import BadContract
from contracts.gate.tree import Golden, Half, Major
from contracts.schema import Schema

BUS = "starling-{stage}"
"""The name of the bus, which every stage has one of."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service, by its folder.

    Attributes
    ----------
    name
        The folder's name.
    version
        The version of its package.
    summary
        The first paragraph of its README.
    owners
        Its teams, as ``CODEOWNERS`` names them.
    """

    name: str
    version: str
    summary: str
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """One released version of an event.

    Attributes
    ----------
    name
        ``<major>.<minor>``.
    golden
        Its golden schema.
    example
        Its example, as EventBridge delivers it.
    """

    name: str
    golden: Golden
    example: dict[str, Any]

    @property
    def path(self) -> str:
        """The place of its files below a folder of schemas or examples, without the ending."""
        return f"{self.golden.major.service}/{self.golden.major.event}/{self.name}"

    @property
    def schema(self) -> Schema:
        """The schema of the event's detail."""
        document: Schema = self.golden.document
        return document


@dataclass(frozen=True, slots=True)
class Reading:
    """A reaction that reads an event.

    Attributes
    ----------
    half
        Who it is, and the schema of what it reads of the payload.
    meaning
        What it does.
    """

    half: Half
    meaning: str

    @property
    def paths(self) -> list[str]:
        """The fields that it reads, within the event's detail."""
        return leaves(self.half.schema, "data")


@dataclass(frozen=True, slots=True)
class Event:
    """One major of an event, which is one detail-type.

    Attributes
    ----------
    major
        What it is called.
    meaning
        The fact that it tells of.
    versions
        Its minors, the oldest first.
    readings
        Who reads it.
    deprecation
        The record of its end, if there is one.
    owners
        Whose it is, as ``CODEOWNERS`` names them.
    """

    major: Major
    meaning: str
    versions: Sequence[Version]
    readings: Sequence[Reading]
    deprecation: Deprecation | None
    owners: tuple[str, ...]

    @property
    def source(self) -> str:
        """EventBridge's ``source``."""
        return f"starling.{self.major.service}"

    @property
    def current(self) -> Version:
        """The version that is published now."""
        return self.versions[-1]


@dataclass(frozen=True, slots=True)
class Book:
    """The contracts of a repository.

    Attributes
    ----------
    services
        All services, in alphabetical order.
    events
        All majors of all events, by service, name and number.
    meanings
        What fields mean.
    """

    services: Sequence[Service]
    events: Sequence[Event]
    meanings: Meanings


def read(root: Path) -> Book:
    """Return the contracts of the repository whose root this is.

    Raises
    ------
    BadContract
        A file is missing or is not what it should be.
    """
    contracts = tree.working(root)
    rules = _owning(root / "CODEOWNERS")
    meanings = Meanings(root / "contracts" / "src")
    events = []
    for major in contracts.majors():
        schemas = f"contracts/schemas/{major.service}/{major.event}/"
        versions = [
            _version(golden, path, contracts)
            for path, golden in contracts.goldens.items()
            if golden.major == major
        ]
        events.append(
            Event(
                major=major,
                meaning=meanings.of_class(major.module, major.class_name),
                versions=sorted(versions, key=lambda version: version.golden.minor),
                readings=[_reading(root, half) for half in contracts.readers(major)],
                deprecation=contracts.records.get(major.detail_type),
                owners=_owners(rules, schemas),
            )
        )
    folders = sorted(file.parent for file in root.glob("services/*/pyproject.toml"))
    services = [_service(folder, rules) for folder in folders]
    for name in {event.major.service for event in events} - {one.name for one in services}:
        raise BadContract(f"services/{name}/pyproject.toml", "is missing, and it publishes events")
    return Book(services, events, meanings)


def _version(golden: Golden, path: str, contracts: tree.Tree) -> Version:
    place = path.replace("/schemas/", "/examples/")
    if place not in contracts.examples:
        raise BadContract(place, "is missing: every version has an example")
    name = f"{golden.major.number}.{golden.minor}"
    example: dict[str, Any] = contracts.examples[place].document
    if not isinstance(example.get("detail"), dict):
        raise BadContract(place, "$.detail: is not an object")
    return Version(name, golden, example)


def _reading(root: Path, half: Half) -> Reading:
    for file in root.glob(f"services/{half.service}/src/*/reactions/{half.reaction}.py"):
        try:
            text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
        except (SyntaxError, ValueError) as error:
            raise BadContract(file.relative_to(root), error) from None
        return Reading(half, first_paragraph(text))
    return Reading(half, "")


def _service(folder: Path, rules: Sequence[tuple[str, tuple[str, ...]]]) -> Service:
    file = folder / "pyproject.toml"
    try:
        version = str(tomllib.loads(file.read_text(encoding="utf-8"))["project"]["version"])
    except (KeyError, ValueError) as error:
        raise BadContract(f"services/{folder.name}/{file.name}", error) from None
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else ""
    summary = first_paragraph(re.sub(r"\A\s*#.*\n", "", text))
    return Service(folder.name, version, summary, _owners(rules, f"services/{folder.name}/"))


def _owning(file: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Return the lines of ``CODEOWNERS``: a folder or ``*``, and its owners."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    said = [line.partition("#")[0].split() for line in lines]
    return [(words[0], tuple(words[1:])) for words in said if words]


def _owners(rules: Sequence[tuple[str, tuple[str, ...]]], folder: str) -> tuple[str, ...]:
    """Return the owners of a folder; the last line that covers it decides."""
    found: tuple[str, ...] = ()
    for place, owners in rules:
        if place == "*" or folder.startswith(place.lstrip("/").rstrip("/") + "/"):
            found = owners
    return found
