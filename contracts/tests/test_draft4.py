"""The down-converter: what it says for each keyword, and that it never narrows."""

from typing import Any

import pytest
from jsonschema import Draft4Validator, Draft202012Validator

from contracts.draft4 import DRAFT4, to_draft4

JSON_VALUES: list[Any] = [
    None, True, False, 0, 1, 1.0, 1.5, 2, 5, 5.0, -1, 10, "", "a", "ab", "abc", "1", "ab\n",
    [], [1], [1, 1], [1, "a"], ["a"], ["a", 1], ["a", "a", "b"], [None], [True, 1], [[1]],
    {}, {"a": 1}, {"a": "x"}, {"b": 1}, {"a": 1, "b": 2}, {"ab": 1}, {"a": {"a": 1}}, {"c": None},
]  # fmt: skip


def converted(schema: Any, *losses: str) -> dict[str, Any]:
    result, lost = to_draft4(schema)
    Draft4Validator.check_schema(result)
    assert result.pop("$schema") == DRAFT4
    assert lost == list(losses)
    return result


EXACT: dict[str, tuple[Any, Any]] = {
    "type": ({"type": "string"}, {"type": "string"}),
    "several types": ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
    "one type as a list": ({"type": ["string"]}, {"type": "string"}),
    "integer takes 5.0": ({"type": "integer"}, {"type": "number", "multipleOf": 1}),
    "integer beside number": ({"type": ["integer", "number"]}, {"type": "number"}),
    "integer that is a multiple": (
        {"type": "integer", "multipleOf": 5},
        {"type": "number", "multipleOf": 1, "allOf": [{"multipleOf": 5}]},
    ),
    "const": ({"const": {"a": 1}}, {"enum": [{"a": 1}]}),
    "const beside enum": ({"const": 1, "enum": [1, 2]}, {"enum": [1], "allOf": [{"enum": [1, 2]}]}),
    "enum": ({"enum": ["a", None]}, {"enum": ["a", None]}),
    "enum with equal members": ({"enum": [1, 1.0, True, "1", [1], [1.0], {"a": 1}, {"a": 1.0}]},
                                {"enum": [1.0, True, "1", [1.0], {"a": 1.0}]}),
    "empty enum": ({"enum": []}, {"not": {}}),
    "minimum": ({"minimum": 1}, {"minimum": 1}),
    "exclusive minimum": ({"exclusiveMinimum": 1}, {"minimum": 1, "exclusiveMinimum": True}),
    "exclusive maximum": ({"exclusiveMaximum": 2}, {"maximum": 2, "exclusiveMaximum": True}),
    "tighter exclusive minimum": (
        {"minimum": 0, "exclusiveMinimum": 1}, {"minimum": 1, "exclusiveMinimum": True}),
    "tighter minimum": ({"minimum": 2, "exclusiveMinimum": 1}, {"minimum": 2}),
    "equal minima": (
        {"minimum": 1, "exclusiveMinimum": 1}, {"minimum": 1, "exclusiveMinimum": True}),
    "tighter exclusive maximum": (
        {"maximum": 5, "exclusiveMaximum": 2}, {"maximum": 2, "exclusiveMaximum": True}),
    "tighter maximum": ({"maximum": 1, "exclusiveMaximum": 2}, {"maximum": 1}),
    "lengths": ({"minLength": 1.0, "maxLength": 2}, {"minLength": 1, "maxLength": 2}),
    "pattern": ({"pattern": "^a$"}, {"pattern": "^a$"}),
    "sizes of arrays": ({"minItems": 1, "maxItems": 2, "uniqueItems": True},
                        {"minItems": 1, "maxItems": 2, "uniqueItems": True}),
    "sizes of objects": ({"minProperties": 1, "maxProperties": 1},
                         {"minProperties": 1, "maxProperties": 1}),
    "properties": (
        {"properties": {"a": {"const": 1}}, "additionalProperties": False},
        {"properties": {"a": {"enum": [1]}}, "additionalProperties": False}),
    "additional properties": (
        {"additionalProperties": {"type": "integer"}},
        {"additionalProperties": {"type": "number", "multipleOf": 1}}),
    "pattern properties": (
        {"patternProperties": {"^a": {"const": 1}}}, {"patternProperties": {"^a": {"enum": [1]}}}),
    "required": ({"required": ["a"]}, {"required": ["a"]}),
    "nothing required": ({"required": []}, {}),
    "dependent required": (
        {"dependentRequired": {"a": ["b"], "b": []}}, {"dependencies": {"a": ["b"]}}),
    "dependent on nothing": ({"dependentRequired": {"b": []}}, {}),
    "dependent schemas": (
        {"dependentSchemas": {"a": {"required": ["b"]}}},
        {"dependencies": {"a": {"required": ["b"]}}}),
    "both dependencies": (
        {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"a": False}},
        {"dependencies": {"a": ["b"]}, "allOf": [{"dependencies": {"a": {"not": {}}}}]}),
    "names by pattern": (
        {"propertyNames": {"type": "string", "pattern": "^a$"}},
        {"allOf": [{"patternProperties": {"^a$": {}}, "additionalProperties": False}]}),
    "names by a bare pattern": (
        {"propertyNames": {"pattern": "^a$"}},
        {"allOf": [{"patternProperties": {"^a$": {}}, "additionalProperties": False}]}),
    "names by enum": (
        {"propertyNames": {"enum": ["a", "b", 1]}},
        {"allOf": [{"properties": {"a": {}, "b": {}}, "additionalProperties": False}]}),
    "names by reference": (
        {"propertyNames": {"$ref": "#/$defs/N"}, "$defs": {"N": {"enum": ["a"], "title": "N"}}},
        {"allOf": [{"properties": {"a": {}}, "additionalProperties": False}],
         "definitions": {"N": {"enum": ["a"], "title": "N"}}}),
    "any names": ({"propertyNames": {"type": "string"}}, {}),
    "all names": ({"propertyNames": True}, {}),
    "no names": ({"propertyNames": False}, {"allOf": [{"maxProperties": 0}]}),
    "items": ({"items": {"const": 1}}, {"items": {"enum": [1]}}),
    "no items": ({"items": False}, {"items": {"not": {}}}),
    "tuple": ({"prefixItems": [{"type": "string"}, True]}, {"items": [{"type": "string"}, {}]}),
    "closed tuple": (
        {"prefixItems": [{"type": "string"}], "items": False},
        {"items": [{"type": "string"}], "additionalItems": False}),
    "open tuple": (
        {"items": {"const": 1}, "prefixItems": [{"type": "string"}]},
        {"additionalItems": {"enum": [1]}, "items": [{"type": "string"}]}),
    "contains": (
        {"contains": {"const": 1}},
        {"allOf": [{"anyOf": [{"not": {"type": "array"}},
                              {"not": {"items": {"not": {"enum": [1]}}}}]}]}),
    "contains none": ({"contains": {"const": 1}, "minContains": 0}, {}),
    "all of, any of": (
        {"allOf": [{"const": 1}], "anyOf": [{"const": 1}, True]},
        {"anyOf": [{"enum": [1]}, {}], "allOf": [{"enum": [1]}]}),
    "one of": ({"oneOf": [{"const": 1}, {"type": "string"}]},
               {"oneOf": [{"enum": [1]}, {"type": "string"}]}),
    "not": ({"not": {"const": 1}}, {"not": {"enum": [1]}}),
    "if then else": (
        {"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"const": 1}},
        {"allOf": [{"anyOf": [{"not": {"type": "string"}}, {"minLength": 2}]},
                   {"anyOf": [{"type": "string"}, {"enum": [1]}]}]}),
    "if then": ({"if": {"type": "string"}, "then": False},
                {"allOf": [{"anyOf": [{"not": {"type": "string"}}, {"not": {}}]}]}),
    "if else": ({"if": {"type": "string"}, "else": False},
                {"allOf": [{"anyOf": [{"type": "string"}, {"not": {}}]}]}),
    "if alone": ({"if": {"format": "date-time"}}, {}),
    "then alone": ({"then": False, "else": False, "minContains": 7}, {}),
    "reference": (
        {"$ref": "#/$defs/A", "$defs": {"A": {"const": 1}}},
        {"allOf": [{"$ref": "#/definitions/A"}], "definitions": {"A": {"enum": [1]}}}),
    "reference with words": (
        {"items": {"$ref": "#/$defs/A", "title": "t", "description": "d", "default": 1},
         "$defs": {"A": {"const": 1}}},
        {"items": {"title": "t", "description": "d", "default": 1,
                   "allOf": [{"$ref": "#/definitions/A"}]},
         "definitions": {"A": {"enum": [1]}}}),
    "reference beside others": (
        {"items": {"$ref": "#/$defs/A", "allOf": [{"minimum": 1}], "maximum": 2},
         "$defs": {"A": {"type": "number"}}},
        {"items": {"maximum": 2, "allOf": [{"$ref": "#/definitions/A"}, {"minimum": 1}]},
         "definitions": {"A": {"type": "number"}}}),
    "recursion": (
        {"$ref": "#/$defs/N",
         "$defs": {"N": {"properties": {"a": {"$ref": "#/$defs/N"}}, "required": ["a"]}}},
        {"allOf": [{"$ref": "#/definitions/N"}],
         "definitions": {"N": {"properties": {"a": {"$ref": "#/definitions/N"}},
                               "required": ["a"]}}}),
    "names that need escapes": (
        {"items": {"$ref": "#/$defs/a~1b%20c~0"}, "$defs": {"a/b c~": {"const": 1}}},
        {"items": {"$ref": "#/definitions/a~1b%20c~0"}, "definitions": {"a/b c~": {"enum": [1]}}}),
    "two kinds of definitions": (
        {"prefixItems": [{"$ref": "#/$defs/A"}, {"$ref": "#/definitions/A"}],
         "$defs": {"A": {"const": 1}}, "definitions": {"A": {"const": "a"}}},
        {"items": [{"$ref": "#/definitions/A"}, {"$ref": "#/definitions/A_"}],
         "definitions": {"A": {"enum": [1]}, "A_": {"enum": ["a"]}}}),
    "bookkeeping": ({"$id": "x:y", "$comment": "c", "$anchor": "a", "$schema": "s"}, {}),
    "trivial": ({"unevaluatedProperties": True, "unevaluatedItems": True}, {}),
}  # fmt: skip


@pytest.mark.parametrize("case", EXACT)
def test_what_draft_4_can_say_is_said_exactly(case: str) -> None:
    original, expected = EXACT[case]
    result = converted(original)
    assert result == expected
    old, new = Draft4Validator(result), Draft202012Validator(original)
    for value in JSON_VALUES:
        assert old.is_valid(value) == new.is_valid(value), value


WIDER: dict[str, tuple[Any, Any, list[str]]] = {
    "format": ({"format": "date-time"}, {}, ["#: format"]),
    "unevaluated": (
        {"unevaluatedProperties": False, "unevaluatedItems": False}, {},
        ["#: unevaluatedProperties", "#: unevaluatedItems"]),
    "dynamic reference": ({"$dynamicRef": "#x"}, {}, ["#: $dynamicRef"]),
    "contains two": (
        {"contains": {"const": 1}, "minContains": 2},
        {"allOf": [{"anyOf": [{"not": {"type": "array"}},
                              {"not": {"items": {"not": {"enum": [1]}}}}]}]},
        ["#: minContains"]),
    "contains at most": ({"contains": True, "minContains": 0, "maxContains": 1}, {},
                         ["#: maxContains"]),
    "long names": ({"propertyNames": {"maxLength": 1}}, {}, ["#: propertyNames"]),
    "names by something else": ({"propertyNames": {"const": "a"}}, {}, ["#: propertyNames"]),
    "names by a missing reference": (
        {"propertyNames": {"$ref": "#/$defs/none"}}, {}, ["#: propertyNames"]),
    "not something wide": (
        {"not": {"type": "string", "format": "date"}}, {}, ["#/not: format", "#: not"]),
    "if something wide": (
        {"if": {"format": "date"}, "then": {"const": 1}}, {}, ["#/if: format", "#: if"]),
    "then something wide": (
        {"if": {"type": "string"}, "then": {"format": "date"}},
        {"allOf": [{"anyOf": [{"not": {"type": "string"}}, {}]}]}, ["#/then: format"]),
    "one of wide ones": (
        {"oneOf": [{"format": "date"}, {"type": "integer"}]},
        {"allOf": [{"anyOf": [{}, {"type": "number", "multipleOf": 1}]}]},
        ["#/oneOf/0: format", "#: oneOf"]),
    "not a wide reference": (
        {"properties": {"a": {"not": {"$ref": "#/$defs/A"}}},
         "$defs": {"A": {"items": {"$ref": "#/$defs/B"}}, "B": {"items": {"$ref": "#/$defs/C"}},
                   "C": {"format": "date"}}},
        {"properties": {"a": {}},
         "definitions": {"A": {"items": {"$ref": "#/definitions/B"}},
                         "B": {"items": {"$ref": "#/definitions/C"}}, "C": {}}},
        ["#/$defs/C: format", "#/properties/a: not"]),
    "a document inside": (
        {"items": {"$id": "x:y", "$ref": "#/$defs/A"}, "$defs": {"A": {"const": 1}}},
        {"items": {}, "definitions": {"A": {"enum": [1]}}}, ["#/items: $id"]),
    "places with odd names": (
        {"properties": {"a/b~": {"format": "date"}}}, {"properties": {"a/b~": {}}},
        ["#/properties/a~1b~0: format"]),
}  # fmt: skip


@pytest.mark.parametrize("case", WIDER)
def test_what_draft_4_cannot_say_is_left_out_and_named(case: str) -> None:
    original, expected, losses = WIDER[case]
    assert converted(original, *losses) == expected


@pytest.mark.parametrize("reference", ["#", "#/properties/a", "#anchor", "other.json#/$defs/A"])
def test_a_reference_beyond_the_definitions_is_left_out_and_named(reference: str) -> None:
    assert converted({"items": {"$ref": reference}}, "#/items: $ref") == {"items": {}}


def test_annotations_are_left_out_and_named_but_widen_nothing() -> None:
    original = {"not": {"type": "string", "examples": ["a"], "deprecated": True, "x-ours": 1}}
    losses = ["#/not: examples", "#/not: deprecated", "#/not: x-ours"]
    assert converted(original, *losses) == {"not": {"type": "string"}}


def test_keywords_of_draft_4_that_2020_12_gave_up_are_not_taken_over() -> None:
    original = {"dependencies": {"a": ["b"]}, "additionalItems": False, "id": "x"}
    assert converted(original, "#: dependencies", "#: additionalItems", "#: id") == {}


def test_the_original_stays_as_it_was() -> None:
    original = {"properties": {"a": {"const": 1, "allOf": [{"minimum": 1}]}}, "$id": "x:y"}
    copy = {"properties": {"a": {"const": 1, "allOf": [{"minimum": 1}]}}, "$id": "x:y"}
    result, _ = to_draft4(original)
    result["properties"]["a"]["allOf"].append(False)
    assert original == copy
