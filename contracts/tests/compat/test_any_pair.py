"""Whatever two schemas are: a verdict is never wrong."""

from typing import Any

import jsonschema_rs
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from contracts.compat import NOTHING, compare

NAMES = st.sampled_from(["a", "b", "ab"])
SCALARS = st.sampled_from([None, True, False, -1, 0, 1, 2, 1.5, "", "a", "b", "ab", "abc"])
VALUES = st.recursive(
    SCALARS,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(NAMES, part, max_size=3),
    max_leaves=5,
)
SMALL = st.integers(0, 3)
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
PATTERNS = st.sampled_from(["^a", "b$", "^[a-c]+$", "^a*$", "b"])


def leaf() -> st.SearchStrategy[Any]:
    keywords: dict[str, st.SearchStrategy[Any]] = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "const": SCALARS,
        "enum": st.lists(SCALARS, min_size=1, max_size=3),
        "minimum": st.sampled_from([-1, 0, 1, 1.5]),
        "exclusiveMaximum": st.sampled_from([0, 1, 2, 2.5]),
        "multipleOf": st.sampled_from([1, 2, 0.5, 1.5]),
        "minLength": SMALL,
        "maxLength": SMALL,
        "pattern": PATTERNS,
        "required": st.lists(NAMES, max_size=2, unique=True),
        "minItems": SMALL,
        "maxItems": SMALL,
        "uniqueItems": st.booleans(),
        "minProperties": SMALL,
        "maxProperties": SMALL,
        "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=1), max_size=1),
    }
    some = st.sampled_from(sorted(keywords)).flatmap(
        lambda name: st.fixed_dictionaries({name: keywords[name]})
    )
    return st.booleans() | some | st.sampled_from([{"$ref": "#/$defs/x"}, {}])


def compound(part: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    maps = st.dictionaries(NAMES, part, max_size=3)
    several = st.lists(part, min_size=1, max_size=3)
    optional: dict[str, st.SearchStrategy[Any]] = {
        "properties": maps,
        "patternProperties": st.dictionaries(PATTERNS, part, max_size=1),
        "additionalProperties": part,
        "unevaluatedProperties": part,
        "propertyNames": part,
        "dependentSchemas": st.dictionaries(NAMES, part, max_size=1),
        "items": part,
        "prefixItems": several,
        "contains": part,
        "maxContains": SMALL,
        "anyOf": several,
        "oneOf": several,
        "allOf": several,
        "not": part,
        "if": part,
        "then": part,
        "else": part,
    }
    return st.sets(st.sampled_from(sorted(optional)), min_size=1, max_size=3).flatmap(
        lambda names: st.tuples(
            st.fixed_dictionaries({name: optional[name] for name in sorted(names)}), leaf()
        ).map(lambda both: {**(both[1] if isinstance(both[1], dict) else {}), **both[0]})
    )


SCHEMAS = st.recursive(leaf(), compound, max_leaves=6)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two schemas, often one of which is part of the other, or changed a little."""
    one = draw(SCHEMAS)
    other = draw(
        SCHEMAS
        | st.just(one)
        | SCHEMAS.map(lambda more: {"anyOf": [one, more]})
        | SCHEMAS.map(lambda more: {"allOf": [one, more]})
    )
    # It may speak of itself, but only of a part of the value.
    definition = {"properties": {"a": draw(SCHEMAS)}, "items": draw(SCHEMAS)}
    shared = {"$defs": {"x": definition}}
    return {"allOf": [one], **shared}, {"allOf": [other], **shared}


@example(({"type": "array"}, {"type": "array", "uniqueItems": True}), [[{}, {}]])
@given(pairs(), st.lists(VALUES, min_size=20, max_size=40))
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_a_verdict_is_never_wrong(pair: tuple[Any, Any], values: list[Any]) -> None:
    old, new = pair
    writer, reader = (jsonschema_rs.Draft202012Validator(schema) for schema in pair)
    verdict = compare(old, new, strict=True)
    event(verdict.outcome)
    broken = [value for value in values if writer.is_valid(value) and not reader.is_valid(value)]
    if verdict.outcome == "compatible":
        assert not broken
    if verdict.outcome == "incompatible":
        assert writer.is_valid(verdict.witness)
        assert not reader.is_valid(verdict.witness)
    else:
        assert verdict.witness is NOTHING
    if verdict.outcome == "compatible":
        # What a writer sends is part of what its schema lets pass.
        assert compare(old, new).outcome != "incompatible"
