"""The rules of a synthesised template, and which events each of them takes from the bus."""

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.examples import Example
from contracts.patterns.ruler import Ruler

ACCOUNT = "123456789012"
"""The account of the example events; a pattern that names the stack's account means it."""

REGION = "eu-central-1"
"""The region of the example events."""

_PSEUDO_PARAMETERS = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws"}


def patterns(
    template: Mapping[str, Any], kind: str = "AWS::Events::Rule"
) -> dict[str, dict[str, Any]]:
    """Return the event pattern of each resource of a template, by logical id.

    Parameters
    ----------
    template
        A CloudFormation template.
    kind
        The resources' type: rules, or also ``AWS::Events::Archive``. Those without a pattern
        (a rule with a schedule) are left out.

    Raises
    ------
    ValueError
        A pattern depends on what is only known when it is deployed.
    """
    return {
        name: _resolved(resource["Properties"]["EventPattern"], name)
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind and "EventPattern" in resource["Properties"]
    }


def taken(pattern: Mapping[str, Any], events: Iterable[Example], ruler: Ruler) -> set[str]:
    """Return the detail-types of `events` that a rule with `pattern` takes from the bus."""
    return {event.detail_type for event in events if ruler.matches(pattern, event.event)}


def _resolved(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_resolved(item, name) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        function, argument = next(iter(value.items()))
        if function == "Ref" and argument in _PSEUDO_PARAMETERS:
            return _PSEUDO_PARAMETERS[argument]
        if function == "Ref" or function.startswith("Fn::"):
            raise ValueError(f"{name}: the pattern depends on {function} of {argument}")
    return {key: _resolved(item, name) for key, item in value.items()}
