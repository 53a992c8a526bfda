"""Schemas as pydantic emits them: what a team may change, and whom it breaks."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import jsonschema_rs
import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, create_model

from contracts.compat import check, compare
from contracts.compat.documents import Document


class Address(BaseModel):
    street: str
    city: str | None = None


class WiderAddress(BaseModel):
    street: str | None
    city: str | None = None
    country: str = "FR"


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class Node(BaseModel):
    value: int
    children: list["Node"] = []


class WiderNode(BaseModel):
    value: float
    children: list["WiderNode"] = []


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Fish(BaseModel):
    kind: Literal["fish"]


Two = Annotated[Cat | Dog, Field(discriminator="kind")]
Three = Annotated[Cat | Dog | Fish, Field(discriminator="kind")]


def schema(**fields: Any) -> dict[str, Any]:
    """Return the schema of a model; fields given as a type alone are required."""
    given = {n: f if isinstance(f, tuple) else (f, ...) for n, f in fields.items()}
    made: dict[str, Any] = create_model("Model", **given).model_json_schema()
    return made


BOTH, BACKWARD, FORWARD, NEITHER = (True, True), (True, False), (False, True), (False, False)
# (what changes, old, new, (new reads old, old reads new))
CHANGES: list[tuple[str, dict[str, Any], dict[str, Any], tuple[bool, bool]]] = [
    ("nothing", schema(a=str), schema(a=str), BOTH),
    ("an optional field more", schema(a=str), schema(a=str, b=(str | None, None)), BOTH),
    ("a field with a default more", schema(a=str), schema(a=str, b=(int, 3)), BOTH),
    ("a required field more", schema(a=str), schema(a=str, b=str), FORWARD),
    ("a required field less", schema(a=str, b=str), schema(a=str), BACKWARD),
    ("an optional field less", schema(a=str, b=(str | None, None)), schema(a=str), BOTH),
    ("a field renamed", schema(a=str), schema(b=str), NEITHER),
    ("required, from now on", schema(a=(str, "x")), schema(a=str), FORWARD),
    ("nullable", schema(a=str), schema(a=str | None), BACKWARD),
    ("an integer, now any number", schema(a=int), schema(a=float), BACKWARD),
    ("a text, now a number", schema(a=str), schema(a=int), NEITHER),
    ("a text, now a time", schema(a=str), schema(a=datetime), FORWARD),
    ("a text, now a UUID", schema(a=str), schema(a=UUID), FORWARD),
    ("one more value", schema(a=Literal["x"]), schema(a=Literal["x", "y"]), BACKWARD),
    ("an enum, now any text", schema(a=Color), schema(a=str), BACKWARD),
    ("an enum as literals", schema(a=Color), schema(a=Literal["red", "blue"]), BOTH),
    (
        "longer texts",
        schema(a=Annotated[str, Field(max_length=3)]),
        schema(a=Annotated[str, Field(max_length=5)]),
        BACKWARD,
    ),
    (
        "larger numbers",
        schema(a=Annotated[int, Field(ge=1, le=10)]),
        schema(a=Annotated[int, Field(ge=0, lt=12)]),
        BACKWARD,
    ),
    (
        "a pattern",
        schema(a=Annotated[str, Field(pattern="^usr_[0-9]{3}$")]),
        schema(a=Annotated[str, Field(pattern="^[a-z]{3}_[0-9]+$")]),
        BACKWARD,
    ),
    ("one of two", schema(a=str), schema(a=str | int), BACKWARD),
    ("a wider part", schema(a=Address), schema(a=WiderAddress), BACKWARD),
    ("wider items", schema(a=list[int]), schema(a=list[float]), BACKWARD),
    (
        "fewer items",
        schema(a=list[int]),
        schema(a=Annotated[list[int], Field(max_length=2)]),
        FORWARD,
    ),
    ("a set", schema(a=list[int]), schema(a=set[int]), FORWARD),
    ("a map's values", schema(a=dict[str, int]), schema(a=dict[str, int | None]), BACKWARD),
    ("a tuple", schema(a=tuple[int, str]), schema(a=tuple[float, str]), BACKWARD),
    ("a tuple as a list", schema(a=tuple[int, int]), schema(a=list[int]), BACKWARD),
    ("a tree", Node.model_json_schema(), WiderNode.model_json_schema(), BACKWARD),
    ("one more kind", schema(a=Two), schema(a=Three), BACKWARD),
    ("a decimal", schema(a=Decimal), schema(a=float | str), BOTH),
    ("anything", schema(a=int), schema(a=Any), BACKWARD),
]


@pytest.mark.parametrize(
    ("old", "new", "read"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES]
)
def test_a_change_breaks_whom_it_breaks(
    old: dict[str, Any], new: dict[str, Any], read: tuple[bool, bool]
) -> None:
    verdicts = check([old], new, "full")
    assert [direction for _index, direction, _verdict in verdicts] == ["backward", "forward"]
    expected = tuple("compatible" if can else "incompatible" for can in read)
    assert tuple(verdict.outcome for _index, _direction, verdict in verdicts) == expected


def test_taken_at_its_word_an_open_object_may_send_what_it_does_not_name() -> None:
    old, new = schema(a=str), schema(a=str, b=(int | None, None))
    assert compare(old, new).outcome == "compatible"
    verdict = compare(old, new, strict=True)
    assert verdict.outcome == "incompatible"
    assert set(verdict.witness) == {"a", "b"}


def test_a_writer_that_says_that_it_sends_more_is_believed() -> None:
    extra = create_model("Model", __config__=ConfigDict(extra="allow"), a=(str, ...))
    new = schema(a=str, b=(int | None, None))
    assert compare(extra.model_json_schema(), new).outcome == "incompatible"
    free: dict[str, Any] = TypeAdapter(dict[str, Any]).json_schema()
    assert compare(free, new).outcome == "incompatible"


def test_a_closed_reader_refuses_what_it_does_not_know() -> None:
    closed = create_model("Model", __config__=ConfigDict(extra="forbid"), a=(str, ...))
    old, new = closed.model_json_schema(), schema(a=str, b=(str, ""))
    assert compare(new, old).outcome == "incompatible"
    assert compare(old, new).outcome == "compatible"


def test_the_whole_history_counts_in_the_transitive_modes() -> None:
    first, second, third = schema(a=str), schema(a=str | int), schema(a=int)
    assert [i for i, _, v in check([first, second], third) if v.outcome != "compatible"] == [1]
    verdicts = check([first, second], third, "backward-transitive")
    assert [(index, verdict.outcome) for index, _, verdict in verdicts] == [
        (0, "incompatible"),
        (1, "incompatible"),
    ]
    assert check([], third) == []


@pytest.mark.parametrize("model", [Node, Cat, Address, WiderAddress])
def test_what_a_model_writes_is_what_its_closed_schema_takes(model: type[BaseModel]) -> None:
    samples = {
        Node: Node(value=1, children=[Node(value=2)]),
        Cat: Cat(kind="cat", lives=9),
        Address: Address(street="a"),
        WiderAddress: WiderAddress(street=None),
    }
    closed = Document(model.model_json_schema(), closed=True)
    written = samples[model].model_dump(mode="json")
    assert closed.valid(closed.root, written)
    assert not closed.valid(closed.root, {**written, "more": 1})


def test_places_that_several_schemas_describe_are_closed_as_a_whole() -> None:
    parts = [
        {"properties": {"p": {"properties": {"a": {"type": "string"}}}}},
        {"properties": {"p": {"properties": {"b": {"type": "string"}}}, "q": True}},
    ]
    closed = Document({"allOf": parts}, closed=True)
    assert closed.valid(closed.root, {"p": {"a": "x", "b": "y"}, "q": 1})
    assert not closed.valid(closed.root, {"p": {}, "r": 1})


def test_a_closed_schema_takes_nothing_that_the_open_one_refuses() -> None:
    document = {"$ref": "#/$defs/A", "$defs": {"A": {"properties": {"a": {"type": "string"}}}}}
    closed = Document(document, closed=True)
    for value in ({"a": 1}, {"a": "x", "b": 1}):
        assert not closed.valid(closed.root, value)
    assert jsonschema_rs.is_valid(document, {"a": "x", "b": 1})
    assert closed.valid(closed.root, {"a": "x"})
