"""The down-converter for AsyncAPI means the same, or refuses."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from contracts.exports.draft7 import CannotSay, to_draft7

NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.sampled_from([None, True, 0, 1, 2.0, "", "a", "ab"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def schemas(depth: int = 2) -> st.SearchStrategy[Any]:
    keywords: dict[str, st.SearchStrategy[Any]] = {
        "type": st.sampled_from(["string", "integer", "array", "object"]),
        "const": VALUES,
        "minimum": st.integers(0, 2),
        "required": st.lists(NAMES, max_size=2, unique=True),
        "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True)),
    }
    if depth:
        child = schemas(depth - 1)
        keywords |= {
            "$ref": st.sampled_from(["#/$defs/A", "#/$defs/B"]),
            "properties": st.dictionaries(NAMES, child, max_size=2),
            "additionalProperties": child,
            "items": child,
            "prefixItems": st.lists(child, min_size=1, max_size=2),
            "contains": child,
            "dependentSchemas": st.dictionaries(NAMES, child, max_size=2),
            "allOf": st.lists(child, min_size=1, max_size=2),
            "anyOf": st.lists(child, min_size=1, max_size=2),
            "not": child,
            "if": child,
            "then": child,
        }
    some = st.lists(st.sampled_from(sorted(keywords)), min_size=1, max_size=3, unique=True)
    made = some.flatmap(lambda names: st.fixed_dictionaries({n: keywords[n] for n in names}))
    return made | made | made | st.booleans()


LEAF = schemas(0)


@settings(max_examples=250, deadline=None)
@given(root=schemas(), a=LEAF, b=LEAF, values=st.lists(VALUES, min_size=1, max_size=5))
def test_both_accept_the_same_documents(root: Any, a: Any, b: Any, values: list[Any]) -> None:
    schema = {"$defs": {"A": a, "B": b, "Root": root}, "$ref": "#/$defs/Root"}
    converted, definitions = to_draft7(schema, "#/definitions/{}".format)
    whole = {**converted, "definitions": definitions}
    if "$ref" in whole:
        whole = {"allOf": [converted], "definitions": definitions}
    Draft7Validator.check_schema(whole)
    for value in values:
        expected = Draft202012Validator(schema).is_valid(value)
        assert Draft7Validator(whole).is_valid(value) == expected


def test_both_dependencies_of_one_name() -> None:
    schema = {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"a": {"required": ["c"]}}}
    converted, _ = to_draft7(schema, str)
    assert Draft7Validator(converted).is_valid({"a": 1, "b": 1, "c": 1})
    assert not Draft7Validator(converted).is_valid({"a": 1, "b": 1})
    assert not Draft7Validator(converted).is_valid({"a": 1, "c": 1})


@pytest.mark.parametrize(
    "schema",
    [
        {"minContains": 2},
        {"$defs": {"A": {"properties": {"b": {"unevaluatedProperties": False}}}}},
        {"$ref": "#/properties/a"},
        {"$ref": "https://example.com/schema"},
        {"$dynamicRef": "#a"},
    ],
)
def test_what_draft_7_cannot_say_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(CannotSay):
        to_draft7(schema, str)
