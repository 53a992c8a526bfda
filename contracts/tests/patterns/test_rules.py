"""The rules of a template, and what each takes from the bus."""

import pytest

from contracts.examples import examples
from contracts.patterns.ruler import Ruler
from contracts.patterns.rules import ACCOUNT, REGION, patterns, taken

RULER = Ruler()

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
