"""How the parts of a template refer to each other."""

from typing import Any

from contracts.patterns.rules import ACCOUNT, REGION
from tests.synthesis import Resource, Template

_KNOWN = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}


def referred(value: Any) -> str:
    """Return the logical id that a ``Ref`` or ``Fn::GetAtt`` refers to; of anything else, ''."""
    match value:
        case {"Ref": str(name)}:
            return name
        case {"Fn::GetAtt": [str(name), *_]}:
            return name
    return ""


def text(value: Any) -> str:
    """Return a text of a template with each reference in it written as ``${LogicalId}``."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(text(part) for part in parts)
    if "Fn::Sub" in value:
        return str(value["Fn::Sub"])
    name = referred(value)
    return _KNOWN.get(name, f"${{{name}}}")


def functions(template: Template) -> dict[str, Resource]:
    """Return a stack's functions by what Lambda calls, like ``orders.api.place_order.handler``."""
    found = list(template.resources("AWS::Lambda::Function"))
    by_handler = {str(function.properties["Handler"]): function for function in found}
    assert len(by_handler) == len(found), f"{template.stack}: two functions have one handler"
    return by_handler
