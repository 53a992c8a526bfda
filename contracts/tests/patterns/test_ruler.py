"""Patterns, judged by AWS's own engine: the public cases, and what our rules use."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.examples import examples
from contracts.golden import ROOT
from contracts.patterns.ruler import MAX_COMPLEXITY, InvalidPattern, Ruler
from contracts.patterns.rules import ACCOUNT, REGION, patterns, taken

VECTORS = ROOT.parent / "shared" / "vectors" / "eventbridge-patterns.json"
RULER = Ruler()


def judged(case: dict[str, Any]) -> str:
    try:
        return "match" if RULER.matches(case["pattern"], case["event"]) else "no_match"
    except InvalidPattern:
        return "invalid"


@pytest.mark.skipif(
    not VECTORS.exists(), reason="the public pattern cases do not lie beside this repository"
)
def test_every_public_case_is_judged_as_the_service_does() -> None:
    cases = json.loads(VECTORS.read_text(encoding="utf-8"))
    assert len(cases) > 200
    wrong = {case["name"]: (judged(case), case["expected"]) for case in cases}
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


TEMPLATE = {
    "Resources": {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {}},
        "Hourly": {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "x"}},
        "OnUser": {
            "Type": "AWS::Events::Rule",
            "Properties": {"EventPattern": {"source": ["starling.users"]}},
        },
        "Archive": {
            "Type": "AWS::Events::Archive",
            "Properties": {
                "EventPattern": {
                    "account": [{"Ref": "AWS::AccountId"}],
                    "region": [{"anything-but": ["x"]}, {"Ref": "AWS::Region"}],
                    "detail": {"metadata": {"revision": [{"numeric": [">", 1]}]}},
                }
            },
        },
    }
}


def test_the_rules_of_a_template_are_found_with_their_patterns() -> None:
    assert patterns(TEMPLATE) == {"OnUser": {"source": ["starling.users"]}}
    assert taken(patterns(TEMPLATE)["OnUser"], examples(), RULER) == {
        "UserDeactivated.v1", "UserDeactivated.v2", "UserErased.v1", "UserRegistered.v1",
        "UserUpdated.v1",
    }  # fmt: skip


def test_what_stands_for_the_stacks_own_account_means_that_of_the_examples() -> None:
    archive = patterns(TEMPLATE, "AWS::Events::Archive")["Archive"]
    assert archive["account"] == [ACCOUNT]
    assert archive["region"] == [{"anything-but": ["x"]}, REGION]
    assert "UserUpdated.v1" in taken(archive, examples(), RULER)
    assert "UserRegistered.v1" not in taken(archive, examples(), RULER)


@pytest.mark.parametrize("value", [{"Ref": "Bus"}, {"Fn::Sub": "${x}"}])
def test_a_pattern_that_only_a_deployment_knows_is_refused(value: dict[str, str]) -> None:
    rule = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": [value]}}}
    with pytest.raises(ValueError, match="OnUser: the pattern depends on"):
        patterns({"Resources": {"OnUser": rule}})
