"""What CloudFormation drops on the emulator: read from the template, applied, read back.

Settings that the emulator enforces but whose CloudFormation properties it ignores. Each is
compared with what the API says, applied if it differs, and compared again: a deployment
never counts as done while the stage behaves otherwise than the template says.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import aws
from infra.errors import StarlingError
from infra.stages import Stage

Json = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """One setting of one resource."""

    name: str
    wanted: object
    read: Callable[[], object]
    apply: Callable[[], object]

    def ensure(self) -> bool:
        """Apply it unless it holds already; return whether it had to be applied."""
        if self.read() == self.wanted:
            return False
        self.apply()
        found = self.read()
        if found != self.wanted:
            raise StarlingError(f"{self.name}: set to {self.wanted!r}, but it reads {found!r}.")
        return True


class Deployed:
    """A stack's synthesised template beside the resources that it became."""

    def __init__(self, stage: Stage, name: str, template: Json) -> None:
        self._stage = stage
        self._resources: Json = template.get("Resources", {})
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        self._physical = {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages.paginate(StackName=name)
            for resource in page["StackResourceSummaries"]
        }

    def client(self, service: str) -> Any:
        """Return a client of an AWS service for the stack's stage."""
        return aws.client(self._stage, service)

    def of_type(self, kind: str) -> Iterator[tuple[str, str, Json]]:
        """Yield the logical id, the physical id and the properties of each resource of a type."""
        for logical, resource in self._resources.items():
            if resource["Type"] == kind and logical in self._physical:
                yield logical, self._physical[logical], resource.get("Properties", {})

    def physical(self, reference: Any) -> str:
        """Return what a template's value stands for: a literal, or a reference to a resource."""
        if isinstance(reference, str):
            return reference
        match reference:
            case {"Ref": str(logical)}:
                return str(self._physical[logical])
            case {"Fn::GetAtt": [str(logical), "RootResourceId"]}:
                api = self._physical[logical]
                items = self.client("apigateway").get_resources(restApiId=api)["items"]
                return str(next(item["id"] for item in items if item["path"] == "/"))
        raise StarlingError(f"The template refers to something in an unknown way: {reference}")

    def properties(self, logical: str) -> Json:
        """Return the properties of a resource of the template."""
        return dict(self._resources[logical].get("Properties", {}))

    def validators(self, api: str) -> dict[str, Json]:
        """Return an API's request validators by name.

        Ids do not do: CloudFormation's is one that the emulator made up.
        """
        items = self.client("apigateway").get_request_validators(restApiId=api)["items"]
        return {item["name"]: item for item in items}


def apply_dropped(stage: Stage, assembly: Path) -> list[str]:
    """Apply the dropped settings of every deployed stack of a cloud assembly.

    Parameters
    ----------
    stage
        A local stage.
    assembly
        The synthesised cdk.out.

    Returns
    -------
    list of str
        The names of the settings that had to be applied.

    Raises
    ------
    StarlingError
        If a setting does not hold after it was applied.
    """
    return [
        setting.name
        for name, template in _stacks(assembly)
        for kind in (_expiry, _concurrency, _validators, _validated_methods)
        for setting in kind(Deployed(stage, name, template))
        if setting.ensure()
    ]


def _stacks(assembly: Path) -> Iterator[tuple[str, Json]]:
    manifest = json.loads((assembly / "manifest.json").read_text())
    for key, artifact in manifest["artifacts"].items():
        if artifact["type"] == "aws:cloudformation:stack":
            properties = artifact["properties"]
            template = json.loads((assembly / properties["templateFile"]).read_text())
            yield properties.get("stackName", key), template


def _expiry(stack: Deployed) -> Iterator[Setting]:
    dynamodb = stack.client("dynamodb")
    for _, table, properties in stack.of_type("AWS::DynamoDB::Table"):
        specification = properties.get("TimeToLiveSpecification")
        if not specification or not specification.get("Enabled"):
            continue

        def read(table: str = table) -> object:
            found = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
            return found["TimeToLiveStatus"] == "ENABLED" and found.get("AttributeName")

        def apply(table: str = table, specification: Json = specification) -> None:
            dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=specification)

        yield Setting(f"expiry of {table}", specification["AttributeName"], read, apply)


def _concurrency(stack: Deployed) -> Iterator[Setting]:
    client = stack.client("lambda")
    for _, function, properties in stack.of_type("AWS::Lambda::Function"):
        reserved = properties.get("ReservedConcurrentExecutions")
        if reserved is None:
            continue

        def read(function: str = function) -> object:
            answer = client.get_function_concurrency(FunctionName=function)
            return answer.get("ReservedConcurrentExecutions")

        def apply(function: str = function, reserved: int = reserved) -> None:
            client.put_function_concurrency(
                FunctionName=function, ReservedConcurrentExecutions=int(reserved)
            )

        yield Setting(f"reserved concurrency of {function}", int(reserved), read, apply)


def _validators(stack: Deployed) -> Iterator[Setting]:
    for logical, _, properties in stack.of_type("AWS::ApiGateway::RequestValidator"):
        api = stack.physical(properties["RestApiId"])
        name = properties.get("Name", logical)
        wanted = (
            bool(properties.get("ValidateRequestBody")),
            bool(properties.get("ValidateRequestParameters")),
        )

        def read(api: str = api, name: str = name) -> object:
            found = stack.validators(api).get(name, {})
            return (found.get("validateRequestBody"), found.get("validateRequestParameters"))

        def apply(api: str = api, name: str = name, wanted: tuple[bool, bool] = wanted) -> None:
            stack.client("apigateway").create_request_validator(
                restApiId=api, name=name,
                validateRequestBody=wanted[0], validateRequestParameters=wanted[1],
            )  # fmt: skip

        yield Setting(f"request validator {name} of {api}", wanted, read, apply)


def _validated_methods(stack: Deployed) -> Iterator[Setting]:
    apigateway = stack.client("apigateway")
    for _, __, properties in stack.of_type("AWS::ApiGateway::Method"):
        validator = properties.get("RequestValidatorId")
        if validator is None:
            continue
        logical = validator["Ref"]
        api = stack.physical(properties["RestApiId"])
        name = stack.properties(logical).get("Name", logical)
        place = {
            "restApiId": api,
            "resourceId": stack.physical(properties["ResourceId"]),
            "httpMethod": properties["HttpMethod"],
        }
        wanted = stack.validators(api)[name]["id"]

        def read(place: Json = place) -> object:
            return apigateway.get_method(**place).get("requestValidatorId")

        def apply(place: Json = place, wanted: str = wanted) -> None:
            operation = {"op": "replace", "path": "/requestValidatorId", "value": wanted}
            apigateway.update_method(**place, patchOperations=[operation])

        yield Setting("request validation of " + " ".join(place.values()), wanted, read, apply)
