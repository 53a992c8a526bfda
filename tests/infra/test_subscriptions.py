"""Every rule takes the events of one reaction and no others, as AWS's own engine decides."""

import copy
import json
from typing import Any

import pytest

from contracts.examples import Example, examples
from contracts.golden import Reaction, reactions
from contracts.patterns.ruler import Ruler
from contracts.patterns.rules import patterns, taken
from contracts.patterns.satisfiable import event_schema, satisfiable
from infra.constructs.state_machine import named as named_in
from tests.synthesis import Template, synthesised
from tests.templates import referred

RULER = Ruler()
EXAMPLES = list(examples())
REACTIONS = list(reactions())

Templates = dict[str, Template]


@pytest.fixture(scope="module")
def dev() -> Templates:
    return synthesised("dev").templates


def ours(template: Template) -> dict[str, dict[str, Any]]:
    """Return the patterns of the rules but for those that take what AWS itself tells."""
    resources = template.document["Resources"]
    theirs = {
        name for name, one in resources.items() if takes_news_of_aws(one.get("Properties", {}))
    }
    return patterns({"Resources": {k: v for k, v in resources.items() if k not in theirs}})


def takes_news_of_aws(rule: dict[str, Any]) -> bool:
    """Whether it is a rule on the default bus, where nobody but AWS's services may write."""
    sources = rule.get("EventPattern", {}).get("source", [])
    return "EventBusName" not in rule and any(one.startswith("aws.") for one in sources)


def named(reaction: Reaction) -> str:
    return reaction.module


def subscribed(template: Template) -> list[tuple[str, str]]:
    """Return the handlers that events reach, each with its rule: rule, queue, source, function."""
    found = []
    for rule in ours(template):
        targets = template.get(rule).properties["Targets"]
        assert len(targets) == 1, f"{template.get(rule)} has {len(targets)} targets, not one"
        queue = referred(targets[0]["Arn"])
        if template.get(queue).type == "AWS::StepFunctions::StateMachine":
            found.append((first_task(template, queue), rule))
        for source in template.resources("AWS::Lambda::EventSourceMapping"):
            if referred(source.properties["EventSourceArn"]) == queue:
                function = template.get(referred(source.properties["FunctionName"]))
                found.append((function.properties["Handler"], rule))
    return found


def first_task(template: Template, machine: str) -> str:
    """Return the handler of the task that a state machine starts with."""
    properties = template.get(machine).properties
    definition = json.loads(properties["DefinitionString"])
    (word,) = named_in(definition["States"][definition["StartAt"]]["Resource"])
    function = template.get(referred(properties["DefinitionSubstitutions"][word]))
    return str(function.properties["Handler"])


def pattern_of(templates: Templates, reaction: Reaction) -> dict[str, Any]:
    template = templates[reaction.service.name]
    rules = dict(subscribed(template))
    assert f"{reaction.module}.handler" in rules, f"no rule's events reach {reaction.module}"
    return ours(template)[rules[f"{reaction.module}.handler"]]


def test_there_are_reactions_and_an_example_of_every_event_that_they_name() -> None:
    assert REACTIONS
    missing = {r.reader.detail_type for r in REACTIONS} - {e.detail_type for e in EXAMPLES}
    assert not missing, f"contracts/examples has no example of {missing}"


@pytest.mark.parametrize("reaction", REACTIONS, ids=named)
def test_a_rule_takes_every_example_of_its_reactions_event_and_no_other(
    dev: Templates, reaction: Reaction
) -> None:
    pattern = pattern_of(dev, reaction)
    assert taken(pattern, EXAMPLES, RULER) == {reaction.reader.detail_type}
    for example in examples(reaction.reader.detail_type):
        assert RULER.matches(pattern, example.event), f"{reaction.module} misses {example.path}"


@pytest.mark.parametrize("reaction", REACTIONS, ids=named)
def test_a_rule_takes_neither_another_major_version_nor_anothers_event_of_that_name(
    dev: Templates, reaction: Reaction
) -> None:
    pattern = pattern_of(dev, reaction)
    (example, *_) = examples(reaction.reader.detail_type)
    for field, value in {
        "detail-type": f"{reaction.reader.event_name}.v{reaction.reader.major + 1}",
        "source": "starling.nobody",
    }.items():
        other = copy.deepcopy(example.event) | {field: value}
        assert not taken(pattern, [Example(example.path, other)], RULER), (
            f"{reaction.module}'s rule takes an event whose {field} is {value}"
        )


def test_rules_and_reactions_are_in_one_to_one_correspondence(dev: Templates) -> None:
    declared = sorted(f"{reaction.module}.handler" for reaction in REACTIONS)
    reached = sorted(handler for template in dev.values() for handler, _ in subscribed(template))
    assert reached == declared
    rules = [rule for template in dev.values() for rule in ours(template)]
    assert len(rules) == len(declared), "a rule leads to no reaction, or two lead to the same one"


def test_every_rule_is_on_the_stages_bus(dev: Templates) -> None:
    for template in dev.values():
        for rule in ours(template):
            assert template.get(rule).properties["EventBusName"] == "starling-dev", template.get(
                rule
            )


def test_every_event_reaches_each_service_that_consumes_it(dev: Templates) -> None:
    for example in EXAMPLES:
        consumers = {
            r.service.name for r in REACTIONS if r.reader.detail_type == example.detail_type
        }
        takers = {
            service
            for service, template in dev.items()
            for pattern in ours(template).values()
            if RULER.matches(pattern, example.event)
        }
        assert takers == consumers, f"{example.path}: taken by {takers}, consumed by {consumers}"


def test_the_archive_keeps_every_event(dev: Templates) -> None:
    (archive,) = dev["platform"].resources("AWS::Events::Archive")
    pattern = archive.properties.get("EventPattern")
    lost = [e.path for e in EXAMPLES if pattern and not RULER.matches(pattern, e.event)]
    assert not lost, f"{archive} forgets {lost}"
    assert archive.properties["RetentionDays"] >= 7


def test_some_event_could_match_each_rule_for_each_event_that_it_names(dev: Templates) -> None:
    rules = [
        (service, rule, pattern)
        for service, template in dev.items()
        for rule, pattern in ours(template).items()
    ]
    assert len(rules) == len(REACTIONS)
    for service, rule, pattern in rules:
        for name in pattern["detail-type"]:
            answer = satisfiable(pattern, event_schema(name), RULER)
            assert answer.verdict == "yes", f"{service}'s {rule} takes no {name}: {answer.reasons}"


@pytest.mark.parametrize("reaction", REACTIONS, ids=named)
def test_a_rule_with_a_misspelt_field_would_be_found(dev: Templates, reaction: Reaction) -> None:
    misspelt = {**pattern_of(dev, reaction), "detail": {"metadata": {"tenent_id": ["acme"]}}}
    answer = satisfiable(misspelt, event_schema(reaction.reader.detail_type), RULER)
    assert answer.verdict == "no"
    assert answer.reasons == [
        "$.detail.metadata.tenent_id: no such field is declared: did you mean tenant_id?"
    ]
