"""What a stack names and what its functions reach is the service's own, or the platform's."""

import json
from collections.abc import Iterator

import pytest

from infra.deploying import ALL, chosen
from tests.synthesis import Json, Resource, Template, synthesised
from tests.templates import functions, referred, text


@pytest.fixture(params=chosen(ALL))
def template(request: pytest.FixtureRequest) -> Template:
    return synthesised("dev").templates[request.param]


def granted(template: Template) -> Iterator[tuple[Resource, Json]]:
    """Yield each statement by which a function's role is allowed something."""
    for function in functions(template).values():
        role = template.get(referred(function.properties["Role"]))
        for policy in role.properties["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Allow":
                    yield role, statement


def test_no_stack_names_a_resource_of_another_service(template: Template) -> None:
    # Neither a table nor a queue nor a function of another, not even by its name.
    said = json.dumps(template.document["Resources"])
    others = {*chosen(ALL)} - {template.stack, "platform"}
    named = {other for other in others if f"starling-dev-{other}" in said}
    assert not named, f"{template.stack} names resources of {named}: publish an event instead"


def test_every_shared_parameter_that_is_read_is_written_by_the_platform(
    template: Template,
) -> None:
    platform = synthesised("dev").templates["platform"]
    written = {p.properties["Name"] for p in platform.resources("AWS::SSM::Parameter")}
    for name, parameter in template.document.get("Parameters", {}).items():
        if name != "BootstrapVersion":
            assert template.stack != "platform", "the platform's stack is the first one"
            assert parameter["Default"] in written, f"{parameter['Default']}: nobody writes it"


def test_what_a_role_reaches_is_its_own_services_or_the_stages_bus(template: Template) -> None:
    own = f"starling-dev-{'index' if template.stack == 'search-sync' else template.stack}"
    for role, statement in granted(template):
        for place in map(text, statement["Resource"]):
            mine = place.startswith("${") or f"/{own}" in place or f":{own}" in place
            bus = place.endswith(":event-bus/starling-dev")
            # Lambda's own, to connect the function to a network: the function is denied it.
            interface = all(action.startswith("ec2:") for action in statement["Action"])
            known = place == "*" or mine or bus or interface
            assert known, f"{role} reaches {place}, which is another's"


def test_a_functions_role_is_for_lambda_alone_and_has_no_managed_policy(
    template: Template,
) -> None:
    for function in functions(template).values():
        role = template.get(referred(function.properties["Role"]))
        (trust,) = role.properties["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}, role
        wide = role.properties.get("ManagedPolicyArns")
        assert not wide, f"{role}: {wide} allows more than the function needs"


def test_a_publisher_reads_its_stream_and_changes_nothing(template: Template) -> None:
    for function in functions(template).values():
        if function.properties["Handler"] != "runtime.publisher.handler":
            continue
        role = template.get(referred(function.properties["Role"]))
        for _, statement in (pair for pair in granted(template) if pair[0] == role):
            for action in statement["Action"]:
                writes = action.startswith("dynamodb:") and action.endswith("Item")
                assert not writes, f"{role}: the publisher needs no {action}"
                if action == "events:PutEvents":
                    (bus,) = map(text, statement["Resource"])
                    assert bus.endswith(":event-bus/starling-dev"), f"{role} publishes to {bus}"
