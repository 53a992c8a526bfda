"""Each keyword, in both directions, taken at its word."""

from typing import Any

import jsonschema_rs
import pytest

from contracts.compat import NOTHING, compare

TEXT, NUMBER, WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}
TREE = {"$ref": "#/$defs/T"}


def tree(value: dict[str, Any], *required: str) -> dict[str, Any]:
    node = {"properties": {"v": value, "left": TREE}, "type": "object", "required": [*required]}
    return {**TREE, "$defs": {"T": node}}


# (name, narrower, wider): the narrower can be read with the wider, and not the other way round.
PAIRS: list[tuple[str, Any, Any]] = [
    ("type", WHOLE, NUMBER),
    ("type, several", {"type": ["string"]}, {"type": ["string", "null"]}),
    ("boolean schemas", False, True),
    ("const", {"const": 1}, {"enum": [1.0, "a"]}),
    ("enum", {"enum": ["a"]}, {"enum": ["a", "b"]}),
    ("enum and type", {"enum": ["a", "b"]}, TEXT),
    ("enum of all booleans", {"enum": [True]}, {"type": "boolean"}),
    ("minimum", {**NUMBER, "minimum": 2}, {**NUMBER, "minimum": 1.5}),
    ("exclusiveMinimum", {**NUMBER, "exclusiveMinimum": 1}, {**NUMBER, "minimum": 1}),
    ("maximum", {**NUMBER, "maximum": 1}, {**NUMBER, "exclusiveMaximum": 1.1}),
    ("bounds of whole numbers", {**WHOLE, "exclusiveMinimum": 0}, {**WHOLE, "minimum": 0.5 - 1}),
    ("few whole numbers", {**WHOLE, "minimum": 1, "maximum": 2}, {"enum": [1, 2, 3]}),
    ("multipleOf", {**NUMBER, "multipleOf": 6}, {**NUMBER, "multipleOf": 3}),
    ("multipleOf, decimal", {**NUMBER, "multipleOf": 0.3}, {**NUMBER, "multipleOf": 0.1}),
    ("multipleOf 0.5", WHOLE, {**NUMBER, "multipleOf": 0.5}),
    ("minLength", {**TEXT, "minLength": 2}, {**TEXT, "minLength": 1}),
    ("maxLength", {**TEXT, "maxLength": 2}, {**TEXT, "maxLength": 3}),
    ("length by pattern", {**TEXT, "pattern": "^[a-z]{2,3}$"}, {**TEXT, "maxLength": 3}),
    ("pattern", {**TEXT, "pattern": "^[a-c]+$"}, {**TEXT, "pattern": "^[a-z]*$"}),
    ("pattern, unanchored", {**TEXT, "pattern": "xab"}, {**TEXT, "pattern": "ab"}),
    ("format", {**TEXT, "format": "uuid"}, TEXT),
    ("items", {"items": WHOLE}, {"items": NUMBER}),
    ("prefixItems", {"prefixItems": [TEXT, WHOLE]}, {"prefixItems": [TEXT]}),
    ("closed tuple", {"prefixItems": [TEXT], "items": False}, {"items": TEXT}),
    ("array items", {"items": [WHOLE], "additionalItems": False}, {"items": [NUMBER]}),
    ("minItems", {"type": "array", "minItems": 1}, {"type": "array"}),
    ("maxItems", {"type": "array", "maxItems": 1}, {"type": "array", "uniqueItems": True}),
    ("uniqueItems", {"uniqueItems": True}, {"uniqueItems": False}),
    ("contains", {"contains": WHOLE}, {"contains": NUMBER}),
    ("contains all", {"items": WHOLE, "minItems": 2}, {"contains": NUMBER, "minContains": 2}),
    ("minContains", {"contains": WHOLE, "minContains": 2}, {"contains": WHOLE}),
    (
        "maxContains",
        {"contains": NUMBER, "minContains": 0, "maxContains": 1},
        {"contains": WHOLE, "minContains": 0, "maxContains": 1},
    ),
    ("unevaluatedItems", {"prefixItems": [TEXT], "unevaluatedItems": False}, {"maxItems": 1}),
    ("properties", {"properties": {"a": WHOLE}}, {"properties": {"a": NUMBER}}),
    ("property", {"properties": {"a": TEXT}}, {}),
    ("required", {"required": ["a", "b"]}, {"required": ["a"]}),
    ("additionalProperties", {"additionalProperties": False}, {"properties": {"a": TEXT}}),
    (
        "additionalProperties, a map's",
        {"additionalProperties": WHOLE},
        {"properties": {"a": NUMBER}, "additionalProperties": WHOLE},
    ),
    (
        "patternProperties",
        {"patternProperties": {"^a": WHOLE}},
        {"patternProperties": {"^ab": NUMBER}},
    ),
    (
        "patternProperties and names",
        {"properties": {"ab": WHOLE}, "additionalProperties": False},
        {"patternProperties": {"^a": NUMBER}, "additionalProperties": False},
    ),
    ("propertyNames", {"propertyNames": {"maxLength": 2}}, {"propertyNames": {"maxLength": 3}}),
    ("minProperties", {"minProperties": 2}, {"minProperties": 1}),
    ("maxProperties", {"maxProperties": 1}, {"maxProperties": 2}),
    (
        "maxProperties of a closed object",
        {"properties": {"a": True}, "additionalProperties": False},
        {"maxProperties": 1},
    ),
    ("dependentRequired", {"dependentRequired": {"a": ["b", "c"]}}, {"dependencies": {"a": ["b"]}}),
    (
        "dependentSchemas",
        {"dependentSchemas": {"a": {"required": ["b"], "properties": {"a": WHOLE}}}},
        {"dependentSchemas": {"a": {"required": ["b"]}}},
    ),
    (
        "unevaluatedProperties",
        {"allOf": [{"properties": {"a": TEXT}}], "unevaluatedProperties": False},
        {"properties": {"a": TEXT, "b": WHOLE}},
    ),
    ("allOf", {"allOf": [TEXT, {"minLength": 1}]}, TEXT),
    ("anyOf", WHOLE, {"anyOf": [TEXT, NUMBER]}),
    ("anyOf of types", {"type": ["string", "integer"]}, {"anyOf": [NUMBER, TEXT, {"const": None}]}),
    ("oneOf", {"oneOf": [TEXT]}, {"oneOf": [WHOLE, TEXT]}),
    ("oneOf that overlap", {"type": "number", "multipleOf": 0.5, "not": WHOLE}, NUMBER),
    ("not", {"not": NUMBER}, {"not": WHOLE}),
    (
        "if",
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
        {"if": {"required": ["a", "b"]}, "then": {"required": ["b"]}, "else": True},
    ),
    ("recursion", tree(WHOLE, "v"), tree(NUMBER)),
    (
        "discriminator",
        {
            "oneOf": [
                {"properties": {"k": {"const": k}, "v": WHOLE}, "required": ["k"], "type": "object"}
                for k in "ab"
            ]
        },
        {
            "oneOf": [
                {"properties": {"k": {"const": k}}, "required": ["k"], "type": "object"}
                for k in "abc"
            ]
        },
    ),
    (
        "objects told apart by a value",
        {
            "type": "object",
            "properties": {"k": {"enum": ["a", "b"]}},
            "required": ["k"],
            "additionalProperties": False,
        },
        {"anyOf": [{"properties": {"k": {"const": "a"}}}, {"properties": {"k": {"const": "b"}}}]},
    ),
    (
        "draft 4",
        {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "minimum": 1,
            "exclusiveMinimum": True,
            "type": "number",
        },
        {"type": "number", "minimum": 1},
    ),
    (
        "definitions and $id",
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$id": "https://example.com/a",
            "definitions": {"w": WHOLE},
            "properties": {"a": {"$ref": "https://example.com/a#/definitions/w", "minimum": 5}},
        },
        {"properties": {"a": NUMBER}},
    ),
]
# (name, schema, schema): each can be read with the other.
EQUAL: list[tuple[str, Any, Any]] = [
    (
        "dependencies",
        {"dependentSchemas": {"a": {"required": ["b"]}}},
        {"dependentRequired": {"a": ["b"]}},
    ),
    ("words", {"title": "a", "type": "string"}, {"description": "b", "type": "string"}),
    ("unknown format", {"type": "string", "format": "password"}, TEXT),
    ("order", {"enum": [1, 2]}, {"enum": [2, 1]}),
    ("anyOf and type", {"anyOf": [TEXT, {"type": "null"}]}, {"type": ["null", "string"]}),
    ("allOf of one", {"allOf": [TEXT]}, {"oneOf": [TEXT]}),
    ("number", {"anyOf": [WHOLE, NUMBER]}, NUMBER),
    ("double no", {"not": {"not": TEXT}}, TEXT),
    ("nothing", {"type": "string", "minLength": 2, "maxLength": 1}, False),
    ("no such object", {"type": "object", "required": ["a"], "properties": {"a": False}}, False),
    (
        "patterns that exclude each other",
        {**TEXT, "allOf": [{"pattern": "^a"}, {"pattern": "^b"}]},
        {"not": True},
    ),
]


def shown(writer: Any, reader: Any, witness: Any) -> bool:
    return bool(
        jsonschema_rs.validator_for(writer, validate_formats=True).is_valid(witness)
        and not jsonschema_rs.validator_for(reader, validate_formats=True).is_valid(witness)
    )


@pytest.mark.parametrize(("narrower", "wider"), [p[1:] for p in PAIRS], ids=[p[0] for p in PAIRS])
def test_the_narrower_is_read_with_the_wider_and_not_the_other_way(
    narrower: Any, wider: Any
) -> None:
    assert compare(narrower, wider, strict=True).outcome == "compatible"
    verdict = compare(wider, narrower, strict=True)
    assert verdict.outcome == "incompatible", verdict.differences
    assert verdict.differences
    assert verdict.witness is not NOTHING


@pytest.mark.parametrize(("one", "other"), [p[1:] for p in EQUAL], ids=[p[0] for p in EQUAL])
def test_what_means_the_same_is_read_both_ways(one: Any, other: Any) -> None:
    assert compare(one, other, strict=True).outcome == "compatible"
    assert compare(other, one, strict=True).outcome == "compatible"


def test_a_witness_is_one_for_any_validator() -> None:
    writer = {"properties": {"a": TEXT}, "required": ["a"]}
    reader = {"properties": {"a": {**TEXT, "format": "date"}}}
    assert shown(writer, reader, compare(writer, reader, strict=True).witness)


def test_a_difference_says_where_and_why() -> None:
    old = {"properties": {"items": {"items": {"properties": {"sku": TEXT}}}}}
    new = {"properties": {"items": {"items": {"properties": {"sku": {**TEXT, "maxLength": 3}}}}}}
    (difference,) = [one for one in compare(old, new).differences if one.keyword == "maxLength"]
    assert difference.path == "$.items[*].sku"
    assert difference.reason == "may be longer than 3"


@pytest.mark.parametrize(
    "pattern",
    [r"(?<=a)b", r"(a)\1", r"\bword\b", "^(a{200}){200}$", "a" * 5_000, r"^\p{Lu}$", r"^(?=aa)\w$"],
)
def test_patterns_that_are_not_understood_are_never_called_compatible(pattern: str) -> None:
    other = {**TEXT, "pattern": "^[a-z]$"}
    assert compare(other, {**TEXT, "pattern": pattern}, strict=True).outcome != "compatible"
    assert compare({**TEXT, "pattern": pattern}, other, strict=True).outcome != "compatible"
    same = {**TEXT, "pattern": pattern}
    assert compare(same, dict(same), strict=True).outcome == "compatible"


def test_too_many_alternatives_are_unknown_in_time() -> None:
    many = {"allOf": [{"anyOf": [{"required": [f"{n}{m}"]} for m in range(9)]} for n in range(9)]}
    verdict = compare(many, {"properties": {"a": False}}, strict=True)
    assert verdict.outcome in {"unknown", "incompatible"}
    assert any("not decided" in one.reason for one in verdict.differences)
