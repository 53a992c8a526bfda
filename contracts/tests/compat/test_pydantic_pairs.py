"""Pairs of pydantic schemas that take more than a rule: told apart, covered, or far within."""

from datetime import date, datetime
from enum import IntEnum, StrEnum
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import pytest
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, create_model

from contracts.compat import compare

DECIMAL = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"  # as pydantic 2.10 to 2.12 have it
LIST: Any = list
DICT: Any = dict
UUIDS = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


class Two(StrEnum):
    A = "a"
    B = "b"


class Three(StrEnum):
    A = "a"
    B = "b"
    C = "c"


class Number(IntEnum):
    ONE = 1
    TWO = 2
    THREE = 3


class Pair(NamedTuple):
    x: int
    y: str = "q"


class Longer(NamedTuple):
    x: int
    y: str = "q"
    z: float | None = None


class Address(BaseModel):
    street: str


class WiderAddress(BaseModel):
    street: str | None
    country: str = "FR"


class Order(BaseModel):
    id: UUID
    lines: list[Address]


class LaterOrder(BaseModel):
    id: str
    lines: Annotated[list[WiderAddress], Field(max_length=100)]


class Left(BaseModel):
    right: "Right | None" = None


class Right(BaseModel):
    left: Left | None = None
    y: int = 0


class WiderLeft(BaseModel):
    right: "WiderRight | None" = None


class WiderRight(BaseModel):
    left: WiderLeft | None = None
    y: float = 0


class Term(BaseModel):
    op: Literal["+", "-"]
    left: "int | Term"
    right: "int | Term"


class WiderTerm(BaseModel):
    op: Literal["+", "-", "*"]
    left: "int | str | WiderTerm"
    right: "int | str | WiderTerm"


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    name: str


class Fish(BaseModel):
    kind: Literal["fish"] = "fish"
    size: float


class Status(BaseModel):
    status: Literal["ok", "error"]
    value: int | None = None


class Fine(BaseModel):
    status: Literal["ok"]
    value: int | None = None


class Failed(BaseModel):
    status: Literal["error"]
    value: int | None = None


def told_apart(*kinds: Any) -> Any:
    made: Any = kinds[0]
    for kind in kinds[1:]:
        made |= kind
    return Annotated[made, Field(discriminator="kind")]


def many(count: int, value: Any) -> Any:
    """Return a union of many models."""
    kinds = []
    for number in range(count):
        fields: dict[str, Any] = {"kind": (Literal[f"e{number}"], ...), "value": (value, ...)}
        kinds.append(create_model(f"E{number}", **fields))
    return told_apart(*kinds)


def schema(kind: Any) -> Any:
    return kind if isinstance(kind, dict) else TypeAdapter(kind).json_schema()


def text(*, pattern: str | None = None, least: int | None = None, most: int | None = None) -> Any:
    return Annotated[str, Field(pattern=pattern, min_length=least, max_length=most)]


def number(kind: Any = int, **bounds: Any) -> Any:
    return Annotated[kind, Field(**bounds)]


BOTH, BACKWARD, FORWARD, NEITHER = (True, True), (True, False), (False, True), (False, False)
PAIRS: list[tuple[str, Any, Any, tuple[bool, bool]]] = [
    ("ranges that touch", number(ge=0), number(ge=0, le=5) | number(ge=6), BOTH),
    ("all numbers but a hole", float, number(float, gt=0) | number(float, lt=0), FORWARD),
    ("signs and zero", int, number(gt=0) | number(lt=0) | Literal[0], BOTH),
    ("a range as an enum", number(ge=1, le=3), Number, BOTH),
    ("a hundred numbers", number(ge=1, le=100), Literal[tuple(range(1, 100))], FORWARD),
    ("whole by being a multiple", int, {"type": "number", "multipleOf": 1}, BOTH),
    ("lengths that touch", text(most=3) | text(least=4), str, BOTH),
    ("lengths with a gap", text(most=3) | text(least=5), str, BACKWARD),
    ("a long text", text(most=5_000), text(most=10_000), BACKWARD),
    (
        "a pattern and a length",
        text(pattern="^[a-f]+$", least=64, most=64),
        text(most=64),
        BACKWARD,
    ),
    (
        "a length as a pattern",
        text(pattern="^[A-Z]+$", least=4, most=8),
        text(pattern="^[A-Z]{4,8}$"),
        BOTH,
    ),
    ("a pattern of few texts", text(pattern="^(red|green)$"), Literal["red", "green"], BOTH),
    ("anchors within", text(pattern="^foo$|^bar$"), text(pattern="^(foo|bar)$"), BOTH),
    ("no white space", text(pattern=r"^\S+$"), text(least=1), BACKWARD),
    ("a Decimal", {"type": "string", "pattern": DECIMAL}, text(least=1), BACKWARD),
    (
        "digits to a Decimal",
        text(pattern=r"^\d+(\.\d+)?$"),
        {"type": "string", "pattern": DECIMAL},
        BACKWARD,
    ),
    (
        "a password",
        {"type": "string", "pattern": r"^(?=.*[A-Z])(?=.*\d).{8,}$"},
        {"type": "string", "pattern": r"^(?=.*\d).{6,}$"},
        BACKWARD,
    ),
    ("a UUID's length", UUID, text(least=36, most=36), BACKWARD),
    ("a UUID in small letters", UUID, text(pattern=UUIDS), FORWARD),
    ("a date's pattern", date, text(pattern=r"^\d{4}-\d{2}-\d{2}$"), BACKWARD),
    ("a long time", datetime, text(most=64), NEITHER),
    ("an address's pattern", IPv4Address, text(pattern=r"^\d+\.\d+\.\d+\.\d+$"), BACKWARD),
    ("a long URL", AnyUrl, HttpUrl, FORWARD),
    ("keys of an enum", dict[Two, int], dict[Three, int], BACKWARD),
    ("few keys", dict[Two, int], Annotated[dict[str, int], Field(max_length=2)], BACKWARD),
    ("keys of a format", dict[date, int], dict[UUID, int], NEITHER),
    ("long keys", DICT[text(most=10), int], DICT[text(most=20), int], BACKWARD),
    ("few items", set[Two], Annotated[list[Two], Field(max_length=2)], BACKWARD),
    (
        "many items",
        Annotated[set[int], Field(max_length=50)],
        Annotated[set[int], Field(max_length=100)],
        BACKWARD,
    ),
    ("a tuple by its items", tuple[int | str, int], tuple[int, int] | tuple[str, int], BOTH),
    (
        "a list by its length",
        Annotated[list[int], Field(min_length=1, max_length=2)],
        tuple[int] | tuple[int, int],
        BOTH,
    ),
    ("a named tuple", Pair, Longer, BACKWARD),
    ("far within", Order, LaterOrder, NEITHER),
    ("two that know each other", Left, WiderLeft, BACKWARD),
    ("terms", Term, WiderTerm, BACKWARD),
    ("many kinds", many(30, int), many(31, float), BACKWARD),
    ("a list of many kinds", LIST[many(20, int)], LIST[many(20, float)], BACKWARD),
    ("one model as two", Status, Fine | Failed, BOTH),
    ("one more kind", told_apart(Cat, Dog), told_apart(Cat, Dog, Fish), BACKWARD),
]


@pytest.mark.parametrize(("old", "new", "read"), [p[1:] for p in PAIRS], ids=[p[0] for p in PAIRS])
@pytest.mark.parametrize("nested", [False, True], ids=["alone", "as a field"])
def test_every_pair_is_answered(
    old: Any, new: Any, read: tuple[bool, bool], *, nested: bool
) -> None:
    one, other = schema(old), schema(new)
    if nested:
        one, other = (
            {
                "type": "object",
                "properties": {"a": {k: v for k, v in made.items() if k != "$defs"}},
                "required": ["a"],
                "$defs": made.get("$defs", {}),
            }
            for made in (one, other)
        )
    expected = tuple("compatible" if can else "incompatible" for can in read)
    assert (compare(one, other).outcome, compare(other, one).outcome) == expected


OPEN = [
    (
        "a part of a part",
        create_model("M", a=(Address, ...)),
        create_model("M", a=(WiderAddress, ...)),
    ),
    ("an item", list[Address], list[WiderAddress]),
    # An open cat may be as large as a fish: it would be two of three.
    ("one more kind, told by a default", told_apart(Cat, Dog), told_apart(Cat, Dog, Fish)),
]


@pytest.mark.parametrize(("old", "new"), [p[1:] for p in OPEN], ids=[p[0] for p in OPEN])
def test_taken_at_its_word_it_may_send_more_wherever_it_is_open(old: Any, new: Any) -> None:
    assert compare(schema(old), schema(new)).outcome == "compatible"
    assert compare(schema(old), schema(new), strict=True).outcome == "incompatible"


def test_extra_fields_are_as_the_model_has_them() -> None:
    class Numbered(BaseModel):
        model_config = ConfigDict(extra="allow")
        __pydantic_extra__: dict[str, int]

    assert compare(schema(Numbered), schema(dict[str, float])).outcome == "compatible"
    assert compare(schema(Numbered), schema(dict[str, bool])).outcome == "incompatible"
