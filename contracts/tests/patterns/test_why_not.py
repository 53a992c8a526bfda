"""Why an event does not match: by hand for each operator and each kind of nesting."""

import json
from typing import Any

import pytest

from contracts.golden import ROOT
from contracts.patterns.ruler import InvalidPattern, Ruler
from contracts.patterns.whynot import why_not

VECTORS = ROOT.parent / "shared" / "vectors" / "eventbridge-patterns.json"
RULER = Ruler()


def said(pattern: Any, event: Any) -> list[str]:
    return [str(reason) for reason in why_not(pattern, event, RULER)]


def test_what_matches_needs_no_reason() -> None:
    assert said({"a": ["x"]}, {"a": "x"}) == []


@pytest.mark.parametrize(
    ("wanted", "met", "reason"),
    [
        (["acme"], "globex", '"globex" is none of ["acme"]'),
        (["acme", 7, None], "7", '"7" is none of ["acme", 7, null]'),
        ([{"exactly": "x"}], "y", '"y" is not "x"'),
        ([{"prefix": "ab"}], "ba", '"ba" does not start with "ab"'),
        ([{"prefix": {"equals-ignore-case": "a"}}], "b", '"b" does not start with "a" in any case'),
        ([{"suffix": ".png"}], "a.PNG", '"a.PNG" does not end with ".png"'),
        ([{"suffix": {"equals-ignore-case": "x"}}], "y", '"y" does not end with "x" in any case'),
        ([{"equals-ignore-case": "ab"}], "ac", '"ac" is not "ab" in any case'),
        ([{"wildcard": "a*b"}], "ac", '"ac" is not like "a*b"'),
        ([{"cidr": "10.0.0.0/8"}], "11.0.0.1", '"11.0.0.1" is no address in "10.0.0.0/8"'),
        ([{"numeric": ["=", 3]}], "3", '"3" is not a number = 3'),
        ([{"numeric": [">", 0, "<=", 5]}], 7, "7 is not a number <= 5"),
        ([{"numeric": [">", 0, "<=", 5]}], "x", '"x" is not a number > 0 and is not a number <= 5'),
        ([{"anything-but": "x"}], "x", '"x" is excluded by anything-but "x"'),
        ([{"anything-but": ["x", "y"]}], "y", '"y" is excluded by anything-but "y"'),
        ([{"anything-but": [1, 2]}], 2, "2 is excluded by anything-but 2"),
        ([{"anything-but": {"prefix": "x"}}], "xy", '"xy" is excluded by anything-but prefix "x"'),
        (
            [{"anything-but": {"suffix": ["a", "b"]}}],
            "xb",
            '"xb" is excluded by anything-but suffix "b"',
        ),
        (
            [{"anything-but": {"equals-ignore-case": "X"}}],
            "x",
            '"x" is excluded by anything-but equals-ignore-case "X"',
        ),
        (
            [{"anything-but": {"wildcard": "x*"}}],
            "xy",
            '"xy" is excluded by anything-but wildcard "x*"',
        ),
        ([{"exists": False}], None, "null is present, and must not be"),
        ([{"exists": True}], {"b": 1}, "is an object: a pattern reaches only values in it"),
        ([{"exists": True}], [], "is an empty array"),
        (["x", {"prefix": "y"}, {"numeric": [">", 1]}], "z",
         '"z" is none of: "x", prefix "y", numeric [">", 1]'),
        (["c"], ["a", "b"], 'each of "a", "b" is none of ["c"]'),
    ],
)  # fmt: skip
def test_the_smallest_part_that_fails_is_named_with_what_it_met(
    wanted: list[Any], met: Any, reason: str
) -> None:
    assert said({"a": {"f": wanted}, "z": [1]}, {"a": {"f": met}, "z": 1}) == [f"$.a.f: {reason}"]


def test_a_field_that_is_not_there_is_missing_whatever_was_wanted() -> None:
    for wanted in (["x"], [{"exists": True}], [{"anything-but": "x"}]):
        assert said({"detail": {"tenant_id": wanted}}, {"detail": {}}) == [
            "$.detail.tenant_id: is missing"
        ]


def test_every_field_that_fails_is_named_and_no_other() -> None:
    pattern = {"a": ["x"], "b": ["x"], "c": {"d": [{"exists": True}]}, "e": ["x"]}
    assert said(pattern, {"a": "y", "b": "x", "e": "z"}) == [
        '$.a: "y" is none of ["x"]',
        "$.c.d: is missing",
        '$.e: "z" is none of ["x"]',
    ]


def test_a_path_has_steps_that_are_no_names_in_brackets_and_the_items_of_arrays() -> None:
    event = {"detail-type": {"two words": [{"a.b": "y"}]}}
    assert said({"detail-type": {"two words": {"a.b": ["x"]}}}, event) == [
        '$.detail-type["two words"][0]["a.b"]: "y" is none of ["x"]'
    ]


def test_a_long_value_is_cut() -> None:
    (reason,) = said({"a": ["x"]}, {"a": "y" * 1000})
    assert len(reason) < 300


def test_fields_that_match_in_different_items_are_named_together_without_the_others() -> None:
    items = [{"sku": "a", "n": 1, "ok": True}, {"sku": "b", "n": 2, "ok": True}]
    pattern = {
        "x": ["y"],
        "items": {"ok": [True], "sku": ["a"], "n": [{"numeric": [">", 1]}]},
    }
    assert said(pattern, {"x": "y", "items": items}) == [
        '$.items: no one item of an array has all of: sku ["a"], n [numeric [">", 1]]'
    ]


def test_the_path_of_fields_in_different_items_is_what_they_have_in_common() -> None:
    event = {"a": [{"b": [{"c": 1}, {"d": 1}]}]}
    assert said({"a": {"b": {"c": [1], "d": [1]}}}, event) == [
        "$.a.b: no one item of an array has all of: c [1], d [1]"
    ]


def test_each_alternative_of_or_says_its_own_reasons_the_nearest_first() -> None:
    pattern = {
        "k": [1],
        "$or": [{"a": ["x"], "b": ["x"]}, {"c": {"$or": [{"d": ["x"]}, {"e": ["x"]}]}}],
    }
    assert said(pattern, {"k": 1, "c": {"d": "y"}}) == [
        'alternative 2 of $or: $.c.d: "y" is none of ["x"]',
        "alternative 3 of $or: $.c.e: is missing",
        "alternative 1 of $or: $.a: is missing",
        "alternative 1 of $or: $.b: is missing",
    ]


def test_what_fails_whatever_the_alternative_is_said_once() -> None:
    pattern = {"k": [1], "$or": [{"a": ["x"]}, {"b": ["x"]}]}
    assert said(pattern, {"k": 2}) == ["$.k: 2 is none of [1]"]


def test_not_every_one_of_many_alternatives_is_explained() -> None:
    pattern = {"$or": [{f"f{number}": [1]} for number in range(50)]}
    assert len(said(pattern, {})) == 10


def test_an_invalid_pattern_has_no_reasons() -> None:
    with pytest.raises(InvalidPattern):
        said({"a": [{"prefx": "x"}]}, {"a": 1})


@pytest.mark.skipif(
    not VECTORS.exists(), reason="the public pattern cases do not lie beside this repository"
)
def test_every_public_case_without_a_match_has_a_reason_and_no_other_has() -> None:
    for case in json.loads(VECTORS.read_text(encoding="utf-8")):
        if case["expected"] != "invalid":
            reasons = said(case["pattern"], case["event"])
            assert bool(reasons) == (case["expected"] == "no_match"), case["name"]
