"""What says the same in the same words is compatible, however it is knotted."""

from typing import Any

import pytest

from contracts.compat import compare
from contracts.compat.documents import Document
from contracts.compat.sameness import Sameness

TEXT = {"type": "string"}


def knot(keyword: str, size: int, prefix: str = "T", **more: Any) -> dict[str, Any]:
    """Return as many types, each of which may hold any of all."""
    references = [{"$ref": f"#/$defs/{prefix}{number}"} for number in range(size)]
    types = {
        f"{prefix}{number}": {
            "type": "object",
            "required": ["id", "kind"],
            "properties": {
                "id": TEXT,
                "kind": {"const": number},
                "parts": {"type": "array", "items": {keyword: references}},
            },
        }
        for number in range(size)
    }
    types[f"{prefix}{size - 1}"]["properties"] |= more
    return {"$ref": f"#/$defs/{prefix}0", "$defs": types}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_a_knot_is_compatible_with_itself_by_any_names(keyword: str, strict: bool) -> None:
    old, new = knot(keyword, 12), knot(keyword, 12, "Other")
    new["$defs"]["Other3"]["description"] = "says nothing of values"
    assert compare(old, new, strict=strict).outcome == "compatible"


@pytest.mark.parametrize("strict", [True, False])
def test_a_knot_with_one_other_end_is_not(strict: bool) -> None:
    old, new = knot("anyOf", 6), knot("anyOf", 6, id={"type": "number"})
    assert compare(old, new, strict=strict).outcome != "compatible"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"enum": [1, 2]}, {"enum": [1, 2], "title": "t", "examples": [1]}, True),
        ({"enum": [1, 2]}, {"enum": [2, 1]}, False),
        ({"type": "string"}, {"type": "string", "unknown": 1}, False),
        ({"x-unknown": {"a": 1}}, {"x-unknown": {"a": 1}}, True),
        ({"const": 1}, {"const": True}, False),
        ({"items": {"not": TEXT}},
         {"items": {"not": {"$ref": "#/$defs/a"}}, "$defs": {"a": TEXT}}, True),
        ({"prefixItems": [TEXT]}, {"prefixItems": [TEXT, TEXT]}, False),
        ({"properties": {"a": TEXT}}, {"properties": {"b": TEXT}}, False),
        ({"properties": {"a": TEXT}}, {"properties": {"a": True}}, False),
        ({"properties": {"a": {}}}, {"properties": {"a": True}}, False),
        ({"$ref": "#/$defs/a", "minLength": 1, "$defs": {"a": TEXT}},
         {"$ref": "#/$defs/b", "minLength": 1, "$defs": {"b": TEXT}}, True),
        ({"$ref": "#/$defs/a", "minLength": 1, "$defs": {"a": TEXT}},
         {"$ref": "#/$defs/b", "minLength": 1, "$defs": {"b": {}}}, False),
    ],
)  # fmt: skip
def test_sameness(one: Any, other: Any, expected: bool) -> None:
    nodes = Document(one).node, Document(other).node
    known = Sameness()
    assert [known.same(*nodes), known.same(*nodes[::-1]), known.same(*nodes)] == [expected] * 3


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [{"properties": {"a": TEXT}}, {"properties": {"b": TEXT}}]},
        {"oneOf": [{"properties": {"a": TEXT}, "required": ["a"]},
                   {"properties": {"a": TEXT, "c": TEXT}, "required": ["a"]}]},
        {"oneOf": [{"properties": {"a": TEXT, "b": TEXT}, "required": ["a"]},
                   {"properties": {"a": TEXT, "c": TEXT}, "required": ["a", "c"]}]},
    ],
)  # fmt: skip
def test_what_is_sent_satisfies_the_writers_own_schema(schema: Any) -> None:
    # Alternatives overlap less when each is closed: the closed ones take what the open ones refuse.
    assert compare(schema, schema).outcome == "compatible"
    assert compare(schema, {**schema, "minProperties": 0}).outcome != "incompatible"
    # But nobody may conclude from that that nothing is ever sent.
    assert compare(schema, {"type": "object", "maxProperties": 0}).outcome != "compatible"
