"""Pact V4: the consumers' halves as asynchronous messages, a file per consumer and provider.

A message is an example of the provider's, cut down to what the reaction reads of it: the metadata,
which all parse, and its own fields. Its rules say what the reader's schema says of each. A field
that the reader can do without stands in the message if the example has it; the provider state names
the example, so that nobody must send that field always.

What Pact has no words for is left out and listed: no rule refuses what the reader takes, but for
one case: of a field's alternatives only the example's is told (and null). Its engine also takes
``^`` and ``$`` for the ends of a line: a text of several lines passes if one of them does.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from contracts.envelope import Metadata
from contracts.exports import Export
from contracts.exports.book import Book, Event, Reading, Version
from contracts.schema import Schema, dumps

Rules = dict[str, Any]

LOSSES = "losses.json"

_TIME = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$"
)
_TYPES = frozenset({"boolean", "integer", "null", "number"})
_SAID = frozenset(
    {"$defs", "$schema", "default", "description", "properties", "required", "title", "type"}
)
_NAMES: dict[type, str] = {
    bool: "boolean",
    dict: "object",
    float: "number",
    int: "integer",
    list: "array",
    str: "string",
    type(None): "null",
}
_STRINGS = frozenset({"const", "enum", "maxLength", "minLength", "pattern"})


def export(book: Book) -> Export:
    """Return the pacts, and what Pact cannot say of them."""
    pairs: dict[tuple[str, str], list[tuple[Event, Reading]]] = {}
    for event in book.events:
        for reading in event.readings:
            pairs.setdefault((reading.half.service, event.major.service), []).append(
                (event, reading)
            )
    files: dict[str, str] = {}
    report: dict[str, list[str]] = {}
    for (consumer, provider), read in sorted(pairs.items()):
        name = f"{consumer}-{provider}.json"
        lost: list[str] = []
        pact = {
            "consumer": {"name": consumer},
            "provider": {"name": provider},
            "interactions": [
                _interaction(event, version, reading, lost)
                for event, reading in read
                for version in event.versions
            ],
            "metadata": {"pactSpecification": {"version": "4.0"}},
        }
        files[name], report[name] = dumps(pact), list(dict.fromkeys(lost))
    files[LOSSES] = dumps(report)
    return Export(files, [f"{name}: {loss}" for name, lost in report.items() for loss in lost])


def description(version: Version, reading: Reading) -> str:
    """Return what tells a message from the others of its pact."""
    major = version.golden.major
    return f"{major.event} {version.name} for {reading.half.reaction}"


def _interaction(event: Event, version: Version, reading: Reading, lost: list[str]) -> Rules:
    schemas = {"metadata": Metadata.model_json_schema(), "data": reading.half.schema}
    content: dict[str, Any] = {}
    rules: Rules = {}
    for part, schema in schemas.items():
        reader = _Reader(schema.get("$defs", {}))
        content[part] = reader.cut(version.example["detail"].get(part), schema)
        rules |= reader.rules(content[part], schema, f"$.{part}")
        lost += [f"{reading.half.reaction}: {loss}" for loss in reader.lost]
    what = description(version, reading)
    return {
        "type": "Asynchronous/Messages",
        "key": re.sub(r"[^A-Za-z0-9]+", "-", what),
        "description": what,
        "pending": False,
        "providerStates": [{"name": f"the example {version.path}.json"}],
        "contents": {"content": content, "contentType": "application/json", "encoded": False},
        "metadata": {
            "contentType": "application/json",
            "source": event.source,
            "detail-type": event.major.detail_type,
        },
        "matchingRules": {"body": rules},
    }


class _Reader:
    """Sees documents as the reader's schema does.

    `lost` is what it says and Pact cannot.
    """

    def __init__(self, definitions: dict[str, Schema]) -> None:
        self.definitions = definitions
        self.lost: dict[str, None] = {}

    def kinds(self, schema: Any) -> list[Schema]:
        """Return the alternatives that a schema has, without references."""
        if not isinstance(schema, dict):
            return [{}]
        if "$ref" in schema:
            return self.kinds(self.definitions.get(schema["$ref"].removeprefix("#/$defs/")))
        if "anyOf" in schema:
            return [kind for choice in schema["anyOf"] for kind in self.kinds(choice)]
        return [schema]

    def cut(self, value: Any, schema: Any) -> Any:
        """Return a value without what is not read; of a list, its first element."""
        kind = self._kind(value, schema)
        if isinstance(value, dict):
            return {name: self.cut(inner, part) for name, inner, part in _parts(value, kind)}
        if isinstance(value, list):
            return [self.cut(item, kind.get("items", True)) for item in value[:1]]
        return value

    def rules(self, value: Any, schema: Any, path: str) -> Rules:
        """Return the matching rules for a value and all that is in it."""
        kinds = self.kinds(schema)
        for kind in kinds:
            for keyword in kind:
                if keyword not in self._sayable(kind):
                    self.lost[f"{path}: {keyword}"] = None
        kind = self._kind(value, schema)
        others = [one for one in kinds if one.get("type") != "null"]
        nullable = bool(others) and len(others) < len(kinds)
        matchers = self._matchers(others[0] if nullable and value is None else kind)
        found: Rules = {path: {"combine": "AND", "matchers": matchers}}
        if nullable:
            # Pact has no "or" of an "and": a text's own rules say more than that it is one.
            either = [*(matchers[1:] or matchers), {"match": "null"}]
            found[path] = {"combine": "OR", "matchers": either}
        if len(others) > 1 or (nullable and len(matchers) > 1):
            self.lost[f"{path}: anyOf"] = None
        if isinstance(value, dict):
            for name, inner, part in _parts(value, kind):
                named = name in kind.get("properties", {})
                found |= self.rules(inner, part, _step(path, name) if named else f"{path}.*")
        elif isinstance(value, list) and value:
            found |= self.rules(value[0], kind.get("items", True), f"{path}[*]")
        return found

    def _kind(self, value: Any, schema: Any) -> Schema:
        """Return the alternative that a value is of."""
        kinds = self.kinds(schema)
        return next((kind for kind in kinds if _is(value, kind.get("type"))), kinds[0])

    def _matchers(self, kind: Schema) -> list[Rules]:
        said = kind.get("type")
        if not isinstance(said, str):
            return [{"match": "type"}]
        if said == "array":
            bounds = {"min": kind.get("minItems"), "max": kind.get("maxItems")}
            given = {name: bound for name, bound in bounds.items() if bound is not None}
            return [{"match": "type", **given}]
        if said == "object" and "properties" not in kind and "additionalProperties" in kind:
            return [{"match": "values"}]
        if said in _TYPES:
            return [{"match": said}]
        patterns = _patterns(kind) if said == "string" else []
        # To a regular expression alone, the number 5 is the text "5".
        return [{"match": "type"}, *({"match": "regex", "regex": regex} for regex in patterns)]

    def _sayable(self, kind: Schema) -> frozenset[str]:
        match kind.get("type"):
            case "string":
                time = {"format"} if kind.get("format") == "date-time" else frozenset()
                return _SAID | _STRINGS | time
            case "array":
                return _SAID | {"items", "maxItems", "minItems"}
            case "object":
                return _SAID if "properties" in kind else _SAID | {"additionalProperties"}
            case [*_]:
                return _SAID - {"type"}
        return _SAID


def _patterns(kind: Schema) -> Iterator[str]:
    """Return the regular expressions that say what a schema says of a string."""
    if "pattern" in kind:
        yield kind["pattern"]
    values = kind.get("enum", [kind["const"]] if "const" in kind else [])
    if values:
        yield f"^({'|'.join(re.escape(str(value)) for value in values)})$"
    if kind.keys() & {"minLength", "maxLength"}:
        yield rf"\A[\s\S]{{{kind.get('minLength', 0)},{kind.get('maxLength', '')}}}\z"
    if kind.get("format") == "date-time":
        yield _TIME


def _parts(value: dict[str, Any], kind: Schema) -> Iterator[tuple[str, Any, Any]]:
    """Yield what of an object is read: name, value and schema."""
    named = kind.get("properties", {})
    rest = kind.get("additionalProperties")
    for name, inner in value.items():
        if name in named:
            yield name, inner, named[name]
        elif isinstance(rest, dict) or "properties" not in kind:
            yield name, inner, rest if isinstance(rest, dict) else True


def _is(value: Any, said: str | Sequence[str] | None) -> bool:
    names = [said] if isinstance(said, str) else said or []
    name = _NAMES[type(value)]
    return name in names or (name == "integer" and "number" in names)


def _step(path: str, name: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
    return f"{path}.{name}" if plain else f"{path}['{name}']"
