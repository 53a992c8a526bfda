"""What the tests have heard services publish; and what is declared and was never heard.

The tests of producers and those on a deployed stage write down the events that they hear, each held
against the golden schema of its version. An event that no test makes a service publish, or a field
that never has a value, is an intention: nobody knows whether it works. Where there is a reason, it
stands in ``contracts/unrecorded.toml``.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from contracts.catalogue import catalogue
from contracts.exports.fields import fields
from contracts.golden import ROOT
from contracts.schema import Schema, schema_of, schema_path

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

RECORDED = ROOT / "build" / "recorded"
"""Where the tests write down what they heard: a file per process."""

EXCUSED = ROOT / "contracts" / "unrecorded.toml"
"""What need not be heard, and why."""

_SCHEMAS = ROOT / "contracts" / "schemas"


class Gap(NamedTuple):
    """What is wrong with what was heard.

    Attributes
    ----------
    what
        ``UserDeactivated.v2``, or one field of it, ``UserDeactivated.v2 data.note``.
    problem
        What is wrong with it.
    """

    what: str
    problem: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of one version of an event.

    Attributes
    ----------
    events
        How many.
    fields
        The fields that had a value.
    """

    events: int
    fields: frozenset[str]


class Recorder:
    """Writes down the events that a process hears."""

    def __init__(self) -> None:
        self._heard: dict[str, Heard] = {}

    def hear(self, source: str, detail_type: str, detail: Mapping[str, Any]) -> None:
        """Write down an event that a service has published.

        Raises
        ------
        jsonschema_rs.ValidationError
            It is not what the golden schema of its version says.
        FileNotFoundError
            There is no such schema: the version was never released.
        """
        name = detail_type.rpartition(".v")[0]
        version = detail["metadata"]["schema_version"]
        path = f"{source.removeprefix('starling.')}/{name}/{version}.json"
        _validator(path).validate(detail)
        before = self._heard.get(path, Heard(0, frozenset()))
        had = {one for one in _fields(path) - before.fields if _has_value(detail, one)}
        self._heard[path] = Heard(before.events + 1, before.fields | had)

    def save(self, folder: Path = RECORDED) -> None:
        """Write what was heard into a file of its own, if it was anything."""
        if not self._heard:
            return
        said = {
            path: {"events": heard.events, "fields": sorted(heard.fields)}
            for path, heard in sorted(self._heard.items())
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{uuid4()}.json").write_text(json.dumps(said, indent=2), encoding="utf-8")


def recorded(folder: Path = RECORDED) -> dict[str, Heard]:
    """Return what all processes have heard, by the golden schema's path."""
    heard: dict[str, Heard] = {}
    for file in sorted(folder.glob("*.json")):
        for path, said in json.loads(file.read_text(encoding="utf-8")).items():
            before = heard.get(path, Heard(0, frozenset()))
            heard[path] = Heard(before.events + said["events"], before.fields | {*said["fields"]})
    return heard


def excuses(file: Path = EXCUSED) -> dict[str, str]:
    """Return the reasons why something need not be heard, by what it is, as in `Gap`."""
    return {what: str(why) for what, why in tomllib.loads(file.read_text(encoding="utf-8")).items()}


def gaps(heard: Mapping[str, Heard], excused: Mapping[str, str]) -> list[Gap]:
    """Return what is declared and was not heard, and the excuses that excuse nothing.

    The metadata is the same for all events: to hear a field of it once is enough.
    """
    declared = {one.what: one for one in _declared()}
    missing = {what: problem for what, one in declared.items() if (problem := one.problem(heard))}
    found = [Gap(what, problem) for what, problem in missing.items() if what not in excused]
    for what, why in excused.items():
        if what not in declared:
            found.append(Gap(what, "is excused, but nothing of that name is declared"))
        elif what not in missing and declared[what].event in heard:
            found.append(Gap(what, "is excused, but it was heard: take it off the list"))
        elif not why.strip():
            found.append(Gap(what, "is excused without a reason"))
    return found


class _Declaration(NamedTuple):
    """What can be heard: an event, by its golden schema's path, or a field of one."""

    what: str
    event: str
    field: str

    def problem(self, heard: Mapping[str, Heard]) -> str:
        """Return what is wrong if it was not heard, else an empty text."""
        if self.event not in heard:
            return "" if self.field else "is published in no test"
        shared = self.field.startswith("metadata.")
        where = heard.values() if shared else [heard[self.event]]
        if not self.field or any(self.field in one.fields for one in where):
            return ""
        return "never has a value in any test"


def _declared() -> Iterator[_Declaration]:
    for event in catalogue().values():
        path = schema_path(event).as_posix()
        yield _Declaration(event.detail_type, path, "")
        for field in _names(schema_of(event)):
            shared = field.startswith("metadata.")
            yield _Declaration(field if shared else f"{event.detail_type} {field}", path, field)


@cache
def _schema(path: str) -> Schema:
    document: Schema = json.loads((_SCHEMAS / path).read_text(encoding="utf-8"))
    return document


@cache
def _validator(path: str) -> "Draft202012Validator":
    from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - a tool of the tests alone

    return Draft202012Validator(_schema(path), validate_formats=True)


@cache
def _fields(path: str) -> frozenset[str]:
    return frozenset(_names(_schema(path)))


def _names(schema: Schema) -> Iterator[str]:
    """Yield the fields below metadata and data."""
    return (field.path for field in fields(schema) if "." in field.path)


def _has_value(document: object, path: str) -> bool:
    """Whether a field is there at least once, and neither null nor empty."""
    steps = path.replace("[]", ".[]").split(".")
    reached = [document]
    for step in steps:
        match step:
            case "[]":
                reached = [item for one in reached if isinstance(one, list) for item in one]
            case "*":
                reached = [
                    item for one in reached if isinstance(one, dict) for item in one.values()
                ]
            case _:
                reached = [one[step] for one in reached if isinstance(one, dict) and step in one]
    return any(one is not None and one not in ("", [], {}) for one in reached)
