"""Schemas as rows, and the differences between two."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.exports.book import Book
from contracts.exports.fields import changes, fields, leaves

WORDS: dict[str, dict[str, Any]] = {
    "string, required": {"type": "string"},
    "string, 1 to 9 characters, required": {"type": "string", "minLength": 1, "maxLength": 9},
    "string, at least 1 characters, required": {"type": "string", "minLength": 1},
    "integer, at most 5, required": {"type": "integer", "maximum": 5},
    "integer, one of `1`, required": {"type": "integer", "const": 1},
    "string, matches `` a`b ``, required": {"type": "string", "pattern": "a`b"},
    "string, format uri, required": {"type": "string", "format": "uri"},
    "time (RFC 3339), required": {"type": "string", "format": "date-time"},
    "string or null, required": {"type": ["string", "null"]},
    "integer, multipleOf: `5`, required": {"type": "integer", "multipleOf": 5},
    "array of integer or string, 1 to 2 items, each at least 1, required": {
        "type": "array", "minItems": 1, "maxItems": 2,
        "items": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]},
    },
    "object, at most 3 entries, required": {"type": "object", "maxProperties": 3},
    "object, required": {"properties": {}},
    "anything, required": {},
}  # fmt: skip


def test_what_is_said_of_a_field() -> None:
    for words, schema in WORDS.items():
        rows = fields({"properties": {"a": schema}, "required": ["a"]})
        assert [row.said for row in rows] == [words]


def test_fields_at_any_depth_by_references_lists_and_maps(book: Book) -> None:
    rows = {row.path: row for row in fields(book.events[0].current.schema)}
    assert [path for path in rows if path.startswith("data")] == [
        "data", "data.part", "data.part.parts", "data.part.size", "data.part.weight",
        "data.sku", "data.tags", "data.prices", "data.colour",
    ]  # fmt: skip
    assert rows["data.part.size"].place == ("Part", "size")
    assert rows["data.part.parts"].said == "array of object, optional"
    assert rows["data.colour"].said == "string or null, one of `red`, `light blue`, optional"
    assert rows["data.prices"].type == "object"
    items = {"properties": {"a": {"items": {"properties": {"b": True}}}}}
    assert [row.path for row in fields(items)] == ["a", "a[].b"]
    entries = {"properties": {"a": {"additionalProperties": {"properties": {"b": {}}}}}}
    assert [row.path for row in fields(entries, "data")] == ["data.a", "data.a.*.b"]
    assert leaves(items, "data") == ["data.a[].b"]


def test_what_changed_between_two_versions(book: Book) -> None:
    old, new = book.events[0].versions
    assert changes(old.schema, new.schema) == [
        "`data.colour` is new: string or null, one of `red`, `light blue`, optional."
    ]
    assert changes(new.schema, old.schema) == [
        "`data.colour` is gone; it was string or null, one of `red`, `light blue`, optional."
    ]
    narrow = {"properties": {"a": {"type": "string", "maxLength": 1}}}
    wide = {"properties": {"a": {"type": "string"}}, "required": ["a"]}
    assert changes(narrow, wide) == [
        "`a` was string, at most 1 characters, optional; it is string, required."
    ]


TREES = st.recursive(
    st.sampled_from([{"type": "string"}, {"type": "integer"}, {}]),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(
        lambda parts: {"type": "object", "properties": parts}
    ),
    max_leaves=8,
)


def count(schema: dict[str, Any]) -> int:
    return sum(1 + count(part) for part in schema.get("properties", {}).values())


@settings(max_examples=60, deadline=None)
@given(old=TREES, new=TREES)
def test_every_field_is_a_row_and_every_difference_a_change(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    assert len(fields(old)) == count(old)
    assert (changes(old, new) == []) == (
        {row.path: row.said for row in fields(old)} == {row.path: row.said for row in fields(new)}
    )
    assert changes(old, old) == []
