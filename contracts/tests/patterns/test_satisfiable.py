"""Whether an event that obeys its schema could match: by hand for each operator and keyword."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contracts.envelope import Metadata, parse_event
from contracts.events.orders import OrderPlaced
from contracts.patterns.ruler import InvalidPattern, Ruler
from contracts.patterns.satisfiable import (
    Answer,
    EventSchema,
    UnknownEvent,
    event_schema,
    satisfiable,
)

RULER = Ruler()
PLACED = event_schema("OrderPlaced.v1")


def data(**fields: Any) -> dict[str, Any]:
    return {"detail": {"data": fields}}


def metadata(**fields: Any) -> dict[str, Any]:
    return {"detail": {"metadata": fields}}


def checked(pattern: dict[str, Any], event: EventSchema = PLACED) -> Answer:
    """Return the answer, its example put to the engine and to another validator."""
    answer = satisfiable(pattern, event, RULER)
    if answer.verdict == "yes":
        assert answer.example is not None
        assert RULER.matches(pattern, answer.example)
        Draft202012Validator(event.schema).validate(answer.example)
    else:
        assert answer.example is None
        assert answer.reasons
    return answer


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["starling.orders"], "detail-type": ["OrderPlaced.v1"]},
        {"detail-type": [{"prefix": "OrderPlaced."}], "account": ["123456789012"]},
        {"region": [{"wildcard": "eu-*-1"}], "time": [{"prefix": "2027-01-31"}]},
        {"resources": [{"exists": False}], "replay-name": [{"exists": True}]},
        {"replay-name": [{"exists": False}]},
        metadata(tenant_id=["globex"]),
        metadata(tenant_id=[{"equals-ignore-case": "GLOBEX"}]),
        metadata(tenant_id=[{"anything-but": ["acme", "globex"]}]),
        metadata(tenent_id=[{"exists": False}]),
        metadata(causation_id=[{"exists": False}]),
        metadata(causation_id=[{"exists": True}], traceparent=[{"exists": False}]),
        metadata(causation_id=[None]),
        metadata(causation_id=[{"anything-but": {"prefix": "r"}}]),
        metadata(revision=[{"numeric": [">", 9007199254740990]}]),
        metadata(revision=[1, "1"], subject=[{"cidr": "10.1.0.0/16"}]),
        metadata(id=[{"suffix": "XYZ"}]),
        data(type=[{"anything-but": "EXPRESS"}]),
        data(order_id=[{"wildcard": "ord_*A*B"}], customer_id=[{"prefix": "usr_7"}]),
        data(order_id=[{"anything-but": {"wildcard": ["*0*", "*1*"]}}]),
        data(total={"amount": [{"numeric": [">", 3000, "<=", 3001]}], "currency": ["JPY", 7]}),
        data(total={"amount": [{"anything-but": [0, 1, 3248]}]}),
        data(total=[{"exists": False}]),
        data(items={"sku": ["lamp"], "quantity": [{"numeric": ["=", 10000]}]}),
        data(items={"name": [{"suffix": "“"}], "price": {"currency": ["USD"]}}),
        data(placed_at=[{"suffix": "Z"}]),
        {"$or": [metadata(tenent_id=["x"]), metadata(tenant_id=["x"])]},
        {"detail": {"metadata.tenant_id": ["x"]}},
        {"detail": {"$or": [{"data": {"type": ["EXPRESS"]}}, {"metadata": {"revision": [1]}}]}},
    ],
)
def test_a_pattern_that_an_event_can_match_comes_with_that_event(pattern: dict[str, Any]) -> None:
    answer = checked(pattern)
    assert answer.verdict == "yes", answer.reasons
    assert answer.example is not None
    parse_event(answer.example, OrderPlaced)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (metadata(tenent_id=["acme"]),
         "$.detail.metadata.tenent_id: no such field is declared: did you mean tenant_id?"),
        ({"detail": {"tenant_id": [{"exists": True}]}},
         "$.detail.tenant_id: no such field is declared"),
        ({"detail_type": ["OrderPlaced.v1"]},
         "$.detail_type: no such field is declared: did you mean detail-type?"),
        ({"source": ["starling.order"]},
         '$.source: is always "starling.orders": never "starling.order"'),
        ({"detail-type": ["OrderPlaced.v2"]},
         '$.detail-type: is always "OrderPlaced.v1": never "OrderPlaced.v2"'),
        ({"resources": [{"exists": True}]}, "$.resources: is always an empty array"),
        (metadata(tenant_id=["ACME"]),
         '$.detail.metadata.tenant_id: "ACME" does not match "^[a-z][a-z0-9-]{0,62}$"'),
        (metadata(tenant_id=[{"exists": False}]), "$.detail.metadata.tenant_id: is always there"),
        (metadata(tenant_id={"x": [1]}),
         "$.detail.metadata.tenant_id: is a text: it has no field x"),
        (metadata(id=[{"cidr": "10.0.0.0/8"}]),
         ('$.detail.metadata.id: no text of pattern "^[0-7][0-9A-HJKMNP-TV-Z]{25}$" '
         'matches cidr "10.0.0.0/8"')),
        (metadata(revision=[0]),
         "$.detail.metadata.revision: 0 is less than the minimum of 1"),
        (metadata(revision=["1"]),
         '$.detail.metadata.revision: is a number, which is never "1"'),
        (metadata(revision=[{"numeric": [">", 1, "<", 2]}]),
         ("$.detail.metadata.revision: no number that the schema takes matches "
         'numeric [">", 1, "<", 2]')),
        (metadata(causation_id=[{"prefix": "a b"}]),
         ('$.detail.metadata.causation_id: no text of pattern "^[A-Za-z0-9._:-]{1,128}$" '
         'matches prefix "a b"')),
        (data(type=["express"]),
         '$.detail.data.type: is always one of "STANDARD", "EXPRESS": never "express"'),
        (data(type=[{"anything-but": ["EXPRESS", "STANDARD"]}]),
         ('$.detail.data.type: is always one of "STANDARD", "EXPRESS": '
         'never anything-but ["EXPRESS", "STANDARD"]')),
        (data(order_id=[{"prefix": "usr_"}]),
         ('$.detail.data.order_id: no text of pattern "^ord_[0-7][0-9A-HJKMNP-TV-Z]{25}$" '
         'matches prefix "usr_"')),
        (data(total=[100]),
         "$.detail.data.total: is an object: a pattern reaches only values in it"),
        (data(items={"name": ["x" * 201]}),
         f'$.detail.data.items[*].name: "{"x" * 201}" is longer than 200 characters'),
        (data(items={"name": [{"prefix": "x" * 201}]}),
         ("$.detail.data.items[*].name: no text of minLength 1, maxLength 200 matches "
         f'prefix "{"x" * 201}"')),
        (data(items={"sku": [{"exists": False}]}),
         "$.detail.data.items[*].sku: is always there"),
        (data(placed_at=[{"prefix": "yesterday"}]),
         '$.detail.data.placed_at: no text of format "date-time" matches prefix "yesterday"'),
        ({"$or": [metadata(tenent_id=[1]), data(type=[None])]},
         ("alternative 1 of $or: $.detail.metadata.tenent_id: no such field is declared: "
         "did you mean tenant_id?")),
    ],
)  # fmt: skip
def test_a_pattern_that_no_event_can_match_says_where_and_why(
    pattern: dict[str, Any], reason: str
) -> None:
    answer = checked(pattern)
    assert answer.verdict == "no"
    assert answer.reasons[0] == reason


def test_several_values_of_which_none_can_be_each_say_why() -> None:
    answer = checked(metadata(tenant_id=["A", 7]))
    assert answer.reasons == [
        (
            '$.detail.metadata.tenant_id: "A" does not match "^[a-z][a-z0-9-]{0,62}$"; '
            "is a text, which is never 7"
        )
    ]


def test_an_invalid_pattern_is_refused() -> None:
    with pytest.raises(InvalidPattern, match="Unrecognized match type prefx"):
        satisfiable({"source": [{"prefx": "x"}]}, PLACED, RULER)


def test_an_event_is_known_by_its_newest_minor(tmp_path: Path) -> None:
    for minor in (2, 10):
        for folder in ("schemas", "examples"):
            file = tmp_path / "contracts" / folder / "shop" / "Sold" / f"1.{minor}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            document = {"properties": {f"in_{minor}": {"type": "string"}}, "type": "object"}
            example = {"detail-type": "Sold.v1", "detail": {"minor": minor}}
            file.write_text(json.dumps(document if folder == "schemas" else example))
    found = event_schema("Sold.v1", tmp_path)
    assert found.example["detail"] == {"minor": 10}
    assert "in_10" in found.schema["properties"]["detail"]["properties"]
    assert found.schema["properties"]["source"] == {"const": "starling.shop"}
    file.unlink()
    with pytest.raises(UnknownEvent, match=r"no example: contracts/examples/shop/Sold/1\.10\.json"):
        event_schema("Sold.v1", tmp_path)


@pytest.mark.parametrize("name", ["OrderPlaced.v9", "OrderPlaced", "../x.v1", "order.v1", ""])
def test_an_event_that_there_is_not_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(UnknownEvent, match=r"has no golden schema; there are: .*OrderPlaced\.v1"):
        event_schema(name)


def shaped(schema: dict[str, Any], **definitions: Any) -> EventSchema:
    return EventSchema({"$defs": definitions, "type": "object", "properties": {"f": schema}}, {})


TEXT = {"type": "string"}
CARD = {"properties": {"kind": {"const": "card"}, "iban": False}, "required": ["kind"]}
BANK = {"properties": {"kind": {"const": "bank"}, "iban": TEXT}, "required": ["kind", "iban"]}
UNION = {"oneOf": [{"type": "object", **CARD}, {"type": "object", **BANK}]}
WHEN = {
    "properties": {"kind": {"enum": ["card", "bank"]}},
    "required": ["kind"],
    "type": "object",
    "if": {"properties": {"kind": {"const": "bank"}}},
    "then": {"properties": {"iban": TEXT}},
}
NODE = {"properties": {"v": {"type": "integer"}, "next": {"$ref": "#/$defs/N"}}, "type": "object"}


@pytest.mark.parametrize(
    ("schema", "wanted", "verdict"),
    [
        (UNION, {"kind": ["bank"], "iban": [{"prefix": "DE"}]}, "yes"),
        (UNION, {"kind": ["card"], "iban": [{"exists": True}]}, "no"),
        (UNION, {"kind": ["card"], "iban": [{"exists": False}]}, "yes"),
        ({"allOf": [{"minimum": 3}, {"maximum": 4}], "type": "integer"}, [4, 5], "yes"),
        ({"type": "number", "allOf": [{"maximum": 4}]}, [{"numeric": [">", 4]}], "no"),
        ({"maximum": 4}, [{"numeric": [">", 4]}], "yes"),
        ({"type": "number", "multipleOf": 0.25}, [{"numeric": [">", 0, "<", 0.5]}], "yes"),
        ({"type": ["boolean", "null"]}, [True], "yes"),
        ({"type": ["boolean", "null"]}, ["true", {"prefix": "t"}, 1], "no"),
        ({"type": "null"}, [{"anything-but": "x"}], "yes"),
        ({"const": {"a": 1}}, {"a": [1]}, "yes"),
        ({"const": {"a": 1}}, {"a": [2]}, "no"),
        ({"enum": ["a", 1], "type": "integer"}, ["a"], "no"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"any": [7]}, "yes"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"any": ["7"]}, "no"),
        ({"type": "object", "additionalProperties": TEXT}, {"a": {"b": ["x"]}}, "unknown"),
        ({"patternProperties": {"^x": TEXT}, "type": "object"}, {"xy": ["7"]}, "yes"),
        ({"additionalProperties": {}, "type": "object"}, {"xy": ["7"]}, "yes"),
        (WHEN, {"kind": ["bank"], "iban": ["x"]}, "yes"),
        (WHEN, {"kind": ["bank"], "iban": [7]}, "unknown"),
        (WHEN, {"kind": ["card"], "iban": [7]}, "yes"),
        ({"type": "object"}, {"free": {"form": ["x"]}}, "yes"),
        ({}, {"free": {"form": [{"exists": True}]}}, "yes"),
        ({"type": "array", "items": TEXT}, ["a"], "yes"),
        ({"type": "array", "items": TEXT}, [1], "no"),
        ({"type": "array", "items": {"type": "array", "items": {"const": 1}}}, [1], "yes"),
        ({"type": "array", "items": TEXT, "minItems": 3, "uniqueItems": True}, ["a"], "unknown"),
        ({"type": "array", "prefixItems": [TEXT, {"const": 1}], "items": False}, [1], "unknown"),
        ({"type": "array", "prefixItems": [TEXT, {"const": 1}], "items": False}, [2], "no"),
        ({"type": "array", "items": TEXT}, [{"exists": False}], "yes"),
        ({"type": "string", "not": {"pattern": "^a"}}, ["b"], "yes"),
        ({"type": "string", "not": {"pattern": "^a"}}, [{"prefix": "a"}], "unknown"),
        ({"type": "string", "not": {"pattern": "^a"}}, ["a"], "no"),
        ({"type": "string", "pattern": "^(?!a)"}, [{"prefix": "b"}], "yes"),
        ({"type": "string", "pattern": "^(?!a)"}, [{"prefix": "a"}], "unknown"),
        ({"type": "string", "format": "uuid"}, [{"prefix": "7"}], "unknown"),
        ({"type": "string", "format": "uuid"}, [{"prefix": "x"}], "no"),
        ({"$ref": "#/$defs/N"}, {"next": {"next": {"v": [1]}}}, "yes"),
        ({"$ref": "#/$defs/N"}, {"next": {"next": {"w": [1]}}}, "no"),
        ({"$ref": "#/$defs/Loop"}, ["x"], "unknown"),
        ({"$ref": "#/$defs/Nowhere"}, ["x"], "unknown"),
        ({"$ref": "#/$defs/N/properties/v"}, [1], "unknown"),
        ({"type": "string", "pattern": "^[A-Z]+$"}, [{"exactly": "AB"}], "yes"),
        ({"type": "string", "pattern": "^x"}, [{"exactly": "AB"}], "no"),
        ({"type": "string"}, [{"prefix": {"equals-ignore-case": "ä"}}], "yes"),
        ({"type": "number"}, [{"prefix": "1"}, {"cidr": "10.0.0.0/8"}], "no"),
        ({"$ref": "https://example.com/schema"}, ["x"], "unknown"),
        ({"allOf": [{"anyOf": [{"minimum": n} for n in range(9)]}] * 3}, [7], "unknown"),
        (False, [1], "no"),
        ({"allOf": [{"type": "string"}, {"type": "null"}]}, [{"exists": True}], "no"),
        ({"properties": {"a": TEXT, "a.b": {"const": 1}}, "type": "object"}, {"a": {"b": [1]}},
         "yes"),
        ({"properties": {"a": {"const": {"b": 1}}, "a.b": TEXT}, "type": "object"},
         {"a": {"b": [1]}}, "unknown"),
    ],
)  # fmt: skip
def test_every_kind_of_schema_is_looked_through(schema: Any, wanted: Any, verdict: str) -> None:
    loop = {"anyOf": [{"$ref": "#/$defs/Loop"}, TEXT]}
    assert checked({"f": wanted}, shaped(schema, N=NODE, Loop=loop)).verdict == verdict


def test_a_required_object_that_never_ends_is_given_up() -> None:
    node = {"properties": {"l": {"$ref": "#/$defs/N"}, "r": {"$ref": "#/$defs/N"}},
            "required": ["l", "r"], "type": "object"}  # fmt: skip
    answer = checked({"f": {"l": [{"exists": True}]}}, shaped({"$ref": "#/$defs/N"}, N=node))
    assert answer.verdict != "yes"


def test_fields_that_fit_alone_and_not_together_are_unknown() -> None:
    schema = {
        "properties": {"a": {"type": "boolean"}, "b": {"type": "boolean"}},
        "type": "object",
        "not": {"properties": {"a": {"const": True}, "b": {"const": True}},
                "required": ["a", "b"]},
    }  # fmt: skip
    answer = checked({"f": {"a": [True], "b": [True]}}, shaped(schema))
    assert answer.verdict == "unknown"
    assert checked({"f": {"a": [True], "b": [False]}}, shaped(schema)).verdict == "yes"


def test_what_a_union_at_the_root_refuses_is_unknown() -> None:
    fields = [{"properties": {"f": each}} for each in (TEXT, {**TEXT, "minLength": 1})]
    answer = checked({"f": ["x"]}, EventSchema({"type": "object", "oneOf": fields}, {}))
    assert answer.verdict == "unknown"
    assert answer.reasons == ["$: fields that fit alone were not found to fit together"]


def test_every_one_of_very_many_alternatives_is_tried() -> None:
    many: list[dict[str, Any]] = [{f"f{number}": [1]} for number in range(120)]
    answer = checked({"$or": many})
    assert answer.verdict == "no"
    assert len(answer.reasons) == 120
    assert checked({"$or": [*many, {"version": ["0"]}]}).verdict == "yes"


# Any event of the producer, and any pattern that it matches: there, no must never be said.

ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "detail.metadata.tenant_id": st.from_regex("^[a-z][a-z0-9-]{0,9}$", fullmatch=True),
    "detail.metadata.revision": st.integers(1, 2**53 - 1),
    "detail.metadata.causation_id": st.none()
    | st.from_regex("[A-Za-z0-9._:-]{1,9}", fullmatch=True),
    "detail.metadata.subject": st.from_regex("[!-~]{1,20}", fullmatch=True),
    "detail.data.order_id": st.from_regex(f"ord_{ULID}", fullmatch=True),
    "detail.data.type": st.sampled_from(["STANDARD", "EXPRESS"]),
    "detail.data.total.amount": st.integers(0, 10**12),
    "detail.data.total.currency": st.from_regex("[A-Z]{3}", fullmatch=True),
    "detail.data.items.name": st.text(min_size=1, max_size=10),
    "detail.data.items.quantity": st.integers(1, 10_000),
}


@st.composite
def alternative(draw: st.DrawFn, value: Any) -> Any:
    """Draw what matches a value, in one of the ways that there are."""
    ways: list[Any] = [value, {"exists": True}, {"anything-but": ["zz", "ZZZ"]}]
    if isinstance(value, str):
        at = draw(st.integers(0, len(value)))
        plain = value.replace("\\", "\\\\").replace("*", "\\*")
        ways += [
            {"prefix": value[:at]}, {"suffix": value[at:]}, {"exactly": value},
            {"equals-ignore-case": value.swapcase() if value.isascii() else value},
            {"prefix": {"equals-ignore-case": value[:at].upper() if value.isascii() else ""}},
            {"wildcard": plain}, {"wildcard": f"*{plain}"},
            {"anything-but": {"prefix": "zz"}}, {"anything-but": {"suffix": ["!", "zz"]}},
        ]  # fmt: skip
    elif value is not None:
        ways += [
            {"numeric": ["=", value]}, {"numeric": [">=", value]}, {"numeric": ["<", value + 1]},
            {"numeric": [">", value - 1, "<=", value]}, {"anything-but": [value + 1, 0.5]},
        ]  # fmt: skip
    return draw(st.sampled_from(ways))


@st.composite
def events_with_patterns(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    event = copy.deepcopy(PLACED.example)
    pattern: dict[str, Any] = {}
    del event["detail"]["data"]["items"][1:]
    for field in draw(st.sets(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=4)):
        value = draw(FIELDS[field])
        place: Any = event
        *steps, last = field.split(".")
        for step in steps:
            place = place[step][0] if step == "items" else place[step]
        place[last] = value
        others = draw(st.lists(st.sampled_from(["never", 0.125, {"prefix": "?~"}]), max_size=1))
        pattern[field] = [*others, draw(alternative(value))]
    for field in draw(st.sets(st.sampled_from(["traceparent", "causation", "x"]), max_size=1)):
        pattern[f"detail.metadata.{field}"] = [{"exists": False}, {"anything-but": "y"}]
    return event, pattern


@settings(max_examples=100, deadline=None)
@given(events_with_patterns())
def test_what_any_event_matches_is_never_called_unsatisfiable(
    drawn: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    event, pattern = drawn
    Metadata.model_validate(event["detail"]["metadata"])
    parse_event(event, OrderPlaced)
    try:
        assume(RULER.matches(pattern, event))
    except InvalidPattern:
        assume(False)
    assert checked(pattern).verdict == "yes"
