"""Patterns, judged by AWS's own engine: the public cases, and what our rules use."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.examples import examples
from contracts.golden import ROOT
from contracts.patterns.cases import cases, judge
from contracts.patterns.ruler import (
    MAX_CHARACTERS,
    MAX_COMBINATIONS,
    MAX_COMPLEXITY,
    InvalidEvent,
    InvalidPattern,
    Ruler,
    combinations,
)
from contracts.patterns.rules import ACCOUNT, taken

VECTORS = ROOT.parent / "shared" / "vectors" / "eventbridge-patterns.json"
RULER = Ruler()


@pytest.mark.skipif(
    not VECTORS.exists(), reason="the public pattern cases do not lie beside this repository"
)
def test_every_public_case_is_judged_as_the_service_does() -> None:
    labelled = json.loads(VECTORS.read_text(encoding="utf-8"))
    assert len(labelled) > 200
    judged = [judge(case, RULER) for case in cases(labelled)]
    wrong = {
        case["name"]: (verdict, case["expected"])
        for case, verdict in zip(labelled, judged, strict=True)
    }
    assert {name: both for name, both in wrong.items() if both[0] != both[1]} == {}


def test_source_and_exact_detail_type_take_that_event_and_no_other() -> None:
    pattern = {"source": ["starling.users"], "detail-type": ["UserUpdated.v1"]}
    assert taken(pattern, examples(), RULER) == {"UserUpdated.v1"}


def test_a_rule_of_version_one_never_sees_version_two() -> None:
    event = next(examples("UserUpdated.v1")).event | {"detail-type": "UserUpdated.v2"}
    assert not RULER.matches({"detail-type": ["UserUpdated.v1"]}, event)


def test_a_pattern_sees_into_the_detail() -> None:
    event = next(examples("OrderPlaced.v1")).event
    total = {"total": {"amount": [{"numeric": [">", 3000]}]}, "type": ["EXPRESS", "STANDARD"]}
    assert RULER.matches({"detail": {"data": total}}, event)
    assert RULER.matches({"detail": {"metadata": {"causation_id": [{"exists": False}]}}}, event)
    assert not RULER.matches({"detail": {"metadata": {"tenant_id": ["globex"]}}}, event)
    either = {"$or": [{"detail": {"data": {"type": ["NONE"]}}}, {"account": [ACCOUNT]}]}
    assert RULER.matches(either, event)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ({}, "Empty objects are not allowed"),
        ({"source": "starling.users"}, '"source" must be an object or an array'),
        ({"source": []}, "Empty arrays are not allowed"),
        ({"source": [{"prefx": "starling"}]}, "Unrecognized match type prefx"),
        ({"a": [{"wildcard": "x**"}]}, "Consecutive wildcard characters at pos"),
    ],
)
def test_a_bad_pattern_is_refused_in_the_engines_words(
    pattern: dict[str, Any], problem: str
) -> None:
    for ask in (lambda: RULER.check(pattern), lambda: RULER.matches(pattern, {"a": 1})):
        with pytest.raises(InvalidPattern, match=problem) as raised:
            ask()
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "wildcards",
    [
        ["arn:aws:events:*:*:event-bus/*"],
        ["*.bif", "*.tiff", "*.tif", "*.svs"],
        ["*/in/*.bif", "*/in/*.tif"],
        ["*:stack/one/*", "*:stack/two/*", "*:stack/three/*"],
    ],
)
def test_wildcards_that_the_service_takes_are_taken(wildcards: list[str]) -> None:
    RULER.check({"a": [{"wildcard": wildcard} for wildcard in wildcards]})


@pytest.mark.parametrize(
    "wildcards",
    [
        ["*:*:*:*:*:event-bus/*"],
        ["*/in/*.bif", "*/in/*.tiff", "*/in/*.tif", "*/in/*.svs"],
        ["*:stack/one/*", "*:stack/two/*", "*:stack/three/*", "*:stack/four/*"],
    ],
)
def test_wildcards_that_the_service_finds_too_complex_are_refused(wildcards: list[str]) -> None:
    for values in (wildcards, [*wildcards, "x*"]):
        with pytest.raises(InvalidPattern, match="Rule is too complex"):
            RULER.check({"a": [{"wildcard": value} for value in values]})


def test_the_bound_of_complexity_is_reached_but_not_passed() -> None:
    RULER.check({"a": [{"wildcard": "*:*:*:*:*:e"}]})  # 10 by the engine's measure
    assert MAX_COMPLEXITY == 10


def test_an_engine_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no event-ruler in .*: run `make setup`"):
        Ruler(tmp_path).check({"source": ["a"]})


def test_java_starts_with_the_first_question_and_not_before() -> None:
    code = (
        "import sys; from contracts.patterns.ruler import Ruler; ruler = Ruler();"
        "assert 'jpype' not in sys.modules;"
        "ruler.check({'source': ['a']});"
        "import jpype; assert jpype.isJVMStarted()"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)  # noqa: S603 - ours


def test_a_pattern_of_the_greatest_size_is_taken_and_one_character_more_is_refused() -> None:
    room = MAX_CHARACTERS - len('{"ä":[""]}')
    RULER.check({"ä": ["x" * room]})
    with pytest.raises(InvalidPattern, match="2049 characters, of at most 2048"):
        RULER.check({"ä": ["x" * (room + 1)]})


def test_alternatives_that_multiply_to_over_a_thousand_rules_are_refused() -> None:
    either = {"$or": [{"a": [1]}, {"b": [1]}]}
    nested: dict[str, Any] = {"a": [1]}
    for name in "bcdefghijk":
        nested = {name: {**nested, **either}}
    assert combinations(nested) == 2**10 > MAX_COMBINATIONS
    with pytest.raises(InvalidPattern, match="over 1000 rule combinations"):
        RULER.check(nested)
    RULER.check(nested["k"]["j"])
    assert combinations({"$or": [{"a": [1]}, either], "c": {"$or": [either, {"d": [2]}]}}) == 9


@pytest.mark.parametrize("event", [["a"], {"a": float("inf")}, "a", 1, None])
def test_what_is_no_event_is_refused(event: Any) -> None:
    with pytest.raises(InvalidEvent):
        RULER.matches({"a": [1]}, event)


def test_a_number_that_json_does_not_have_is_refused_in_a_pattern() -> None:
    with pytest.raises(InvalidPattern, match="not JSON compliant"):
        RULER.check({"a": [float("nan")]})


def test_numbers_beyond_what_the_guide_promises_are_compared_by_the_engine() -> None:
    assert RULER.matches({"a": [{"numeric": [">", 6e9]}]}, {"a": 7_000_000_000})
    assert not RULER.matches({"a": [{"numeric": [">", 6e9]}]}, {"a": 5_000_000_000})
