"""Whether any event that obeys its schema could match a pattern.

A rule on a misspelt field, or on a value that no producer may send, takes nothing and says
nothing. Here it is found: *yes* has an example, which the engine matches and a validator accepts;
*no* has the field that no event can satisfy; whatever is neither is *unknown*.
"""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from contracts.examples import examples
from contracts.golden import ROOT
from contracts.patterns import parts
from contracts.patterns.automata import NotReasoned
from contracts.patterns.fitting import Fitting
from contracts.patterns.ruler import Pattern, Ruler
from contracts.patterns.schemas import Schemas
from contracts.schema import Schema

_NAME = re.compile(r"([A-Z][A-Za-z0-9]*)[.]v([1-9][0-9]{0,3})")


class UnknownEvent(ValueError):
    """An event that has no golden schema, or no example."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether any event could match.

    Attributes
    ----------
    verdict
        ``yes``, ``no`` or ``unknown``.
    example
        With ``yes``: an event that matches.
    reasons
        Otherwise: why, each beginning with a JSON path.
    """

    verdict: Literal["yes", "no", "unknown"]
    example: dict[str, Any] | None = None
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class EventSchema:
    """An event as the bus delivers it.

    Attributes
    ----------
    schema
        What is promised of the whole of it.
    example
        The example of its newest minor.
    """

    schema: Schema
    example: dict[str, Any]


def event_schema(event: str, root: Path = ROOT) -> EventSchema:
    """Return what is promised of an event of the newest minor of its major.

    Parameters
    ----------
    event
        Its detail-type: ``OrderPlaced.v1``.
    root
        The repository.

    Raises
    ------
    UnknownEvent
        It has no golden schema, or no example.
    """
    named = _NAME.fullmatch(event)
    folder = root / "contracts"
    schemas = folder / "schemas"
    files = list(schemas.glob(f"*/{named[1]}/{named[2]}.*.json")) if named else []
    if not files:
        known = sorted({example.detail_type for example in examples(folder=folder / "examples")})
        raise UnknownEvent(f"{event} has no golden schema; there are: {', '.join(known)}")
    newest = max(files, key=lambda file: int(file.stem.partition(".")[2]))
    path = newest.relative_to(schemas)
    for example in examples(event, folder / "examples"):
        if example.path.as_posix() == path.as_posix():
            golden = json.loads(newest.read_text(encoding="utf-8"))
            return EventSchema(_whole(golden, f"starling.{path.parts[0]}", event), example.event)
    raise UnknownEvent(f"{event} has no example: contracts/examples/{path.as_posix()}")


def satisfiable(pattern: Pattern, event: EventSchema, ruler: Ruler) -> Answer:
    """Return whether any event that obeys its schema could match `pattern`.

    Raises
    ------
    contracts.patterns.ruler.InvalidPattern
        The service would refuse the pattern.
    """
    ruler.check(pattern)
    found = Schemas(event.schema)
    try:
        valid = found.validator(event.schema)
    except NotReasoned as error:
        return Answer("unknown", None, [f"$: the schema has {error}"])
    every = parts.branches(pattern)
    reasons: list[str] = []
    proven = True
    for number, branch in enumerate(every, start=1):
        fit = Fitting(found, ruler).fit(event.schema, branch, event.example)
        for value in fit.values:
            if valid.is_valid(value) and ruler.matches(pattern, value):
                return Answer("yes", value)
        proven = proven and not fit.values and fit.proven
        of = f"alternative {number} of $or: " if len(every) > 1 else ""
        reasons += [f"{of}{path}: {reason}" for path, reason in fit.reasons.items()]
        if fit.values:
            reasons.append(f"{of}$: fields that fit alone were not found to fit together")
    return Answer("no" if proven else "unknown", None, list(dict.fromkeys(reasons)))


def _whole(golden: Schema, source: str, detail_type: str) -> Schema:
    """Return the schema of an event as EventBridge delivers it, whose detail `golden` describes.

    Nothing here sends ``resources``; a replayed event also has the name of its replay.
    """
    detail = {name: value for name, value in golden.items() if name not in {"$defs", "$schema"}}
    properties: dict[str, Any] = {
        "version": {"const": "0"},
        "id": {"type": "string", "format": "uuid"},
        "detail-type": {"const": detail_type},
        "source": {"const": source},
        "account": {"type": "string", "pattern": "^[0-9]{12}$"},
        "time": {"type": "string", "format": "date-time"},
        "region": {"type": "string", "pattern": "^[a-z]{2,3}(-[a-z]+)+-[0-9]{1,2}$"},
        "resources": {"type": "array", "maxItems": 0},
        "detail": detail,
    }
    return {
        "$defs": golden.get("$defs", {}),
        "type": "object",
        "properties": properties | {"replay-name": {"type": "string", "minLength": 1}},
        "required": list(properties),
    }
