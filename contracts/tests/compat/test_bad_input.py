import json
import time
from typing import Any

import pytest

from contracts.compat import BadSchema, compare, parse
from contracts.compat.cases import answers, read


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not JSON: "),
        ('{"minimum": NaN}', "NaN is no number of JSON"),
        ('{"minimum": 1e999}', "is too large a number"),
        ("[" * 200 + "]" * 200, "nested deeper than 64 levels"),
        ('{"enum": ["' + "x" * 2**20 + '"]}', "is larger than 1048576 bytes"),
    ],
)
def test_what_is_no_file_of_ours_is_refused(text: str, problem: str) -> None:
    with pytest.raises(BadSchema) as error:
        parse(text)
    assert problem in str(error.value)


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (3, "neither an object nor a boolean"),
        ({"type": "text"}, "#/type"),
        ({"properties": {"a": {"minLength": -1}}}, "#/properties/a/minLength"),
        ({"$schema": "https://example.com/mine"}, "is no schema that is known"),
        ({"$ref": "https://example.com/a.json"}, "leads out of the document: nothing is fetched"),
        ({"$ref": "a.json#/b"}, "nothing is fetched"),
        ({"$ref": "#/$defs/a"}, "'#/$defs/a' points to nothing"),
        ({"$ref": "#/title", "title": "a"}, "points to what is no schema"),
        ({"$ref": "#"}, "only leads back to itself"),
        (
            {
                "$ref": "#/$defs/a",
                "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
            },
            "only leads back to itself",
        ),
        ({"not": {"$ref": "#"}}, "only leads back to itself"),
        ({"anyOf": [{"type": "null"}, {"$ref": "#"}]}, "only leads back to itself"),
        ({"items": {"if": {"$ref": "#/items"}, "then": False}}, "only leads back to itself"),
        ({"pattern": "("}, "("),
    ],
)
@pytest.mark.parametrize("reads", [True, False])
def test_what_is_no_schema_is_refused_with_the_place(
    schema: Any, problem: str, *, reads: bool
) -> None:
    with pytest.raises(BadSchema) as error:
        compare(True, schema) if reads else compare(schema, True)
    assert problem in str(error.value)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|aa)+$", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_no_pattern_can_hang_it(pattern: str) -> None:
    hostile = {"type": "string", "pattern": pattern}
    text = {"enum": ["a" * 5_000 + "!"]}
    started = time.monotonic()
    for writer, reader in ((hostile, text), (text, hostile), (hostile, {"type": "integer"})):
        compare(writer, reader, strict=True)
    assert time.monotonic() - started < 60  # hours, if it were searched for naively


def test_a_large_schema_is_answered_in_time() -> None:
    large = {"properties": {f"p{n}": {"type": "string", "maxLength": n} for n in range(5_000)}}
    assert compare(large, json.loads(json.dumps(large))).outcome == "compatible"
    assert compare({"enum": [f"v{n}" for n in range(20_000)]}, {"type": "string"}).differences == ()


def test_a_case_with_a_bad_schema_is_unknown_and_the_others_are_answered() -> None:
    cases = read(
        json.dumps(
            [
                {"name": "a", "old": {"type": "integer"}, "new": {"type": "number"}},
                {"name": 2, "old": {"type": "integer"}, "new": {"type": "text"}},
                {"name": "c", "old": True, "new": {"pattern": r"(a)\\1"}},
            ]
        )
    )
    answered, problems = zip(*answers(cases), strict=True)
    assert answered[0] == {"name": "a", "backward": True, "forward": False}
    assert answered[1] == {"name": 2, "backward": None, "forward": None}
    assert answered[2]["forward"] is True
    assert problems[0] == []
    assert problems[1][0].startswith("2: is no schema: #/type")


@pytest.mark.parametrize("text", ["{}", "[1]", '[{"name": "a", "old": true}]'])
def test_a_file_of_cases_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadSchema):
        read(text)
