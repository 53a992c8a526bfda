"""The contracts that lie in a tree of the repository: in the working tree, or in a revision."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from contracts.compat import BadSchema, parse
from contracts.compat.documents import Document
from contracts.deprecations import Deprecation, deprecations
from contracts.gate import git
from contracts.gate.findings import BadContract
from contracts.schema import Schema

RECORDS = "contracts/deprecations.toml"
_NUMBER = r"(0|[1-9][0-9]{0,3})"
_VERSIONED = re.compile(
    rf"contracts/(?:schemas|examples)/([a-z0-9-]+)/([A-Z][A-Za-z0-9]*)/{_NUMBER}\.{_NUMBER}\.json"
)
_HALF = re.compile(
    r"services/([a-z0-9-]+)/consumes/([A-Z][A-Za-z0-9]*)\.v([1-9][0-9]{0,3})\.(\w+)\.json"
)
_FOLDER = re.compile(r"contracts/(schemas|examples)/.*|services/[^/]+/(consumes)/.*")


class Major(NamedTuple):
    """One major version of one event: what a detail-type names."""

    service: str
    event: str
    number: int

    @property
    def detail_type(self) -> str:
        """The name on the bus."""
        return f"{self.event}.v{self.number}"

    @property
    def class_name(self) -> str:
        """The name of the class that declares it."""
        return self.event if self.number == 1 else f"{self.event}V{self.number}"

    @property
    def module(self) -> str:
        """The file in which it is declared."""
        return f"contracts/src/contracts/events/{self.service.replace('-', '_')}.py"


class Golden(NamedTuple):
    """The schema, or an example, of one version of an event."""

    major: Major
    minor: int
    document: Any

    @property
    def what(self) -> str:
        """The event and its version, as people say it."""
        return f"{self.major.event} {self.major.number}.{self.minor}"

    @property
    def data(self) -> Schema:
        """The part of the schema that is the payload's."""
        definitions = {"$defs": self.document["$defs"]} if "$defs" in self.document else {}
        return {**definitions, **self.document["properties"]["data"]}


class Half(NamedTuple):
    """What one reaction reads of an event: the consumer's half of a contract."""

    service: str
    detail_type: str
    reaction: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class Tree:
    """The files, by path from the repository's root.

    Attributes
    ----------
    goldens, examples
        Schema and example of every version of every event.
    halves
        What each reaction reads.
    records
        The deprecated majors, by detail-type.
    """

    goldens: Mapping[str, Golden]
    examples: Mapping[str, Golden]
    halves: Mapping[str, Half]
    records: Mapping[str, Deprecation]

    def readers(self, major: Major) -> list[Half]:
        """Return who reads a major."""
        return [half for half in self.halves.values() if half.detail_type == major.detail_type]

    def majors(self) -> list[Major]:
        """Return the majors that have a golden schema, in order."""
        return sorted({golden.major for golden in self.goldens.values()})


def working(root: Path) -> Tree:
    """Return the contracts in the working tree.

    Raises
    ------
    BadContract
        One of the files is not what it should be.
    """
    folders = (root / "contracts" / "schemas", root / "contracts" / "examples")
    paths = [*(file for folder in folders for file in folder.rglob("*"))]
    paths += [*root.glob("services/*/consumes/*"), root / RECORDS]
    found = {path.relative_to(root).as_posix(): path for path in paths if path.is_file()}
    return of({name: path.read_bytes() for name, path in sorted(found.items())})


def at(root: Path, commit: str) -> Tree:
    """Return the contracts as they were at a commit.

    Raises
    ------
    BadContract
        One of the files is not what it should be.
    contracts.gate.git.NoSuchRevision
        There is no such commit.
    """
    found = git.files(root, commit, lambda path: path == RECORDS or bool(_FOLDER.fullmatch(path)))
    return of(found, f"{commit[:12]}:")


def of(files: Mapping[str, bytes], origin: str = "") -> Tree:
    """Return the contracts in files, given by path from the repository's root.

    Parameters
    ----------
    files
        Schemas, examples, halves, and the records of deprecations; nothing else.
    origin
        What errors say before a path.

    Raises
    ------
    BadContract
        One of them is not what it should be.
    """
    goldens, examples, halves = {}, {}, {}
    records: dict[str, Deprecation] = {}
    for path, content in sorted(files.items()):
        if path == RECORDS:
            try:
                records = deprecations(content.decode())
            except ValueError as error:
                raise BadContract(origin + path, error) from None
        elif path.startswith("contracts/schemas/"):
            goldens[path] = _golden(path, content, origin)
        elif path.startswith("contracts/examples/"):
            examples[path] = _golden(path, content, origin)
        else:
            halves[path] = _half(path, content, origin)
    return Tree(goldens, examples, halves, records)


def _golden(path: str, content: bytes, origin: str) -> Golden:
    """Return what the file of a schema or an example holds."""
    named = _VERSIONED.fullmatch(path)
    if not named or named[3] == "0":
        raise BadContract(origin + path, "is not named <service>/<Event>/<major>.<minor>.json")
    is_schema = path.startswith("contracts/schemas/")
    document = _parsed(origin + path, content, is_schema=is_schema)
    data = document.get("properties", {}).get("data") if is_schema else {}
    if not isinstance(data, dict):
        raise BadContract(origin + path, "$.properties.data: is no schema of a payload")
    return Golden(Major(named[1], named[2], int(named[3])), int(named[4]), document)


def _half(path: str, content: bytes, origin: str) -> Half:
    """Return what the file of a consumer's half holds."""
    named = _HALF.fullmatch(path)
    if not named:
        raise BadContract(origin + path, "is not named <Event>.v<major>.<reaction>.json")
    schema = _parsed(origin + path, content, is_schema=True)
    return Half(named[1], f"{named[2]}.v{named[3]}", named[4], schema)


def _parsed(path: str, content: bytes, *, is_schema: bool) -> dict[str, Any]:
    """Return the JSON object that a file holds."""
    try:
        document = parse(content.decode())
        if not isinstance(document, dict):
            raise BadContract(path, "is not a JSON object")
        if is_schema:
            Document(document)
    except UnicodeDecodeError:
        raise BadContract(path, "is not UTF-8") from None
    except BadSchema as error:
        raise BadContract(path, error) from None
    return document
