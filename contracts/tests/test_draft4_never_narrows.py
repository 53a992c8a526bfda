"""What is valid under the original is valid in draft 4: on generated and on the real schemas."""

import copy
import json
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field

from contracts.catalogue import catalogue
from contracts.draft4 import to_draft4
from contracts.event import EventData
from contracts.examples import examples
from contracts.money import Money
from contracts.schema import Schema, schema_of

NAMES = st.sampled_from(["a", "b", "ab", "c"])
NUMBERS = st.sampled_from([0, 1, 2, 3, 1.0, 1.5, 2.0, -1, 10**20, 1e300])
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, NAMES, st.just(""))
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
ALWAYS: list[Any] = [
    None, True, False, 0, 1, 1.0, 1.5, 2, 2.0, 3, "", "a", "b", "ab", "2026-01-01",
    [], [1], [1.0], ["a"], [1, "a"], ["a", 1], [1, 1.0], [[]], [{}], ["b", "c", "a", 2],
    {}, {"a": 1}, {"a": 1.0}, {"b": "a"}, {"c": None}, {"a": "a", "b": 1.5}, {"ab": []},
    {"a": {"a": 1}}, {"a": [1]}, {"a": {}, "c": {"b": 1}},
]  # fmt: skip
"""Documents that every generated schema is asked about: small, of all kinds."""

PATTERNS = st.sampled_from(["^a", "b$", "^ab?$", "c"])
SIZES = st.integers(0, 3)


def schemas(here: tuple[str, ...], inside: tuple[str, ...], depth: int = 2) -> Any:
    """Return schemas that refer to `here` in place, and to `inside` from within the value.

    Without the difference, a schema could refer to itself for the same value, without end.
    """
    keywords: dict[str, st.SearchStrategy[Any]] = {
        "type": st.one_of(TYPES, st.lists(TYPES, min_size=1, max_size=3, unique=True)),
        "const": DOCUMENTS,
        "enum": st.lists(SCALARS, min_size=1, max_size=3),
        "minimum": NUMBERS,
        "maximum": NUMBERS,
        "exclusiveMinimum": NUMBERS,
        "exclusiveMaximum": NUMBERS,
        "multipleOf": st.sampled_from([1, 2, 0.5, 1.5]),
        "minLength": SIZES,
        "maxLength": SIZES,
        "pattern": PATTERNS,
        "format": st.just("date"),
        "minItems": SIZES,
        "maxItems": SIZES,
        "uniqueItems": st.booleans(),
        "minProperties": SIZES,
        "maxProperties": SIZES,
        "required": st.lists(NAMES, max_size=2, unique=True),
        "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True)),
        "propertyNames": st.one_of(
            st.builds(dict, pattern=PATTERNS),
            st.builds(dict, enum=st.lists(NAMES, max_size=2, unique=True)),
            st.builds(dict, maxLength=SIZES),
            st.booleans(),
        ),
        "minContains": SIZES,
        "maxContains": SIZES,
    }
    if depth:
        child = schemas(inside, inside, depth - 1)
        same = schemas(here, inside, depth - 1)
        branches = st.lists(same, min_size=1, max_size=3)
        keywords |= {
            "properties": st.dictionaries(NAMES, child, max_size=2),
            "patternProperties": st.dictionaries(PATTERNS, child, max_size=2),
            "additionalProperties": child,
            "items": child,
            "prefixItems": st.lists(child, min_size=1, max_size=2),
            "contains": child,
            "unevaluatedProperties": st.booleans(),
            "unevaluatedItems": st.booleans(),
            "dependentSchemas": st.dictionaries(NAMES, same, max_size=1),
            "allOf": branches,
            "anyOf": branches,
            "oneOf": branches,
            "not": same,
            "if": same,
            "then": same,
            "else": same,
        }
    if here:
        keywords["$ref"] = st.sampled_from(here).map(lambda name: f"#/$defs/{name}")
    # Draft 4 differs in these: they come more often, some only together.
    often = [["type"], ["const"], ["format"], ["propertyNames"], ["minimum", "exclusiveMinimum"]]
    if depth:
        often += [["oneOf"], ["not"], ["if", "then", "else"], ["contains"], ["properties"]]
    if here:
        often += [["$ref"]]
    groups = st.sampled_from([[name] for name in sorted(keywords)] + often * 5)
    chosen = st.lists(groups, min_size=1, max_size=3).flatmap(
        lambda some: st.fixed_dictionaries({n: keywords[n] for names in some for n in names})
    )
    return chosen | chosen | chosen | chosen | st.booleans()


DEFINITIONS = st.fixed_dictionaries(
    {"A": schemas(("B",), ("A", "B"), 1), "B": schemas((), ("A", "B"), 1)}
)
ROOTS = schemas(("A", "B"), ("A", "B")).filter(lambda schema: isinstance(schema, dict))


@settings(max_examples=400, deadline=None)
@given(root=ROOTS, definitions=DEFINITIONS, documents=st.lists(DOCUMENTS, max_size=5))
def test_no_document_that_was_valid_is_refused(
    root: Schema, definitions: Schema, documents: list[Any]
) -> None:
    original = {**root, "$defs": definitions}
    result, losses = to_draft4(original)
    Draft4Validator.check_schema(result)
    after = Draft4Validator(result, format_checker=Draft4Validator.FORMAT_CHECKER)
    # A format is a note for one reader of the original, a check for another.
    for checker in (None, Draft202012Validator.FORMAT_CHECKER):
        before = Draft202012Validator(original, format_checker=checker)
        for document in ALWAYS + documents:
            if before.is_valid(document):
                assert after.is_valid(document), document
            elif not losses:
                assert not after.is_valid(document), document


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["line"]
    price: Money
    note: str | None = None


class Gift(BaseModel):
    kind: Literal["gift"]
    parts: Annotated[list["Line | Gift"], Field(max_length=2)] = []


class Basket(BaseModel):
    """What a request body may use of pydantic's schemas."""

    lines: Annotated[list[Annotated[Line | Gift, Field(discriminator="kind")]], Field(min_length=1)]
    labels: dict[Annotated[str, Field(pattern="^[a-z]+$")], int] = {}
    pair: tuple[int, str] | None = None
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    tags: set[str] = set()


BASKET = {
    "lines": [
        {"kind": "line", "price": {"amount": 1, "currency": "EUR"}, "note": None},
        {"kind": "gift", "parts": [{"kind": "gift"}]},
    ],
    "labels": {"a": 1},
    "pair": [1, "a"],
    "share": 0.5,
    "tags": ["a", "b"],
}
EVENTS = catalogue()
REAL: dict[str, tuple[Schema, Any]] = {
    example.detail_type: (schema_of(EVENTS[example.detail_type]), example.event["detail"])
    for example in examples()
} | {"Basket": (Basket.model_json_schema(), BASKET)}


def places(document: Any) -> list[list[Any]]:
    """Return the path of every value in `document`, its own too."""
    found: list[list[Any]] = [[]]
    if isinstance(document, dict | list):
        inside = document if isinstance(document, dict) else range(len(document))
        found += [[key, *path] for key in inside for path in places(document[key])]
    return found


def mutated(document: Any, path: list[Any], value: Any) -> Any:
    """Return `document` with `value` at `path`."""
    if not path:
        return value
    document = copy.deepcopy(document)
    target = document
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return document


@pytest.mark.parametrize("name", sorted(REAL))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_mutant_of_a_real_document_that_was_valid_is_refused(
    name: str, data: st.DataObject
) -> None:
    schema, example = REAL[name]
    result, losses = to_draft4(schema)
    before, after = Draft202012Validator(schema), Draft4Validator(result)
    document = mutated(example, data.draw(st.sampled_from(places(example))), data.draw(DOCUMENTS))
    assert after.is_valid(document) or not before.is_valid(document)
    assert all(loss.endswith((": format", ": discriminator")) for loss in losses)


@pytest.mark.parametrize("name", sorted(REAL))
def test_the_real_schemas_lose_nothing_but_formats(name: str) -> None:
    schema, example = REAL[name]
    result, losses = to_draft4(schema)
    Draft4Validator.check_schema(result)
    Draft4Validator(result).validate(example)
    assert {loss.rpartition(": ")[2] for loss in losses} <= {"format", "discriminator"}
    assert "$defs" not in json.dumps(result)


def test_a_broken_document_is_still_refused() -> None:
    schema, example = REAL["OrderPlaced.v1"]
    result, _ = to_draft4(schema)
    for path, value in (
        (["data", "items"], []),
        (["data", "items", 0, "quantity"], 0),
        (["data", "items", 0, "quantity"], 1.5),
        (["data", "customer_id"], "usr_1"),
        (["data", "type"], "SLOW"),
        (["metadata", "revision"], 0),
        (["metadata"], None),
    ):
        assert not Draft4Validator(result).is_valid(mutated(example, path, value)), path


def test_an_event_of_the_catalogue_is_checked_here() -> None:
    assert {cls.detail_type for cls in EVENTS.values() if issubclass(cls, EventData)} <= set(REAL)
