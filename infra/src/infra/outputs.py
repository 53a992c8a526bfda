"""What a deployed stage tells its clients: addresses and names, from CloudFormation."""

from typing import Any
from urllib.parse import urlsplit

from infra import aws
from infra.discovery import services
from infra.errors import StarlingError
from infra.local import stage as local_stage
from infra.stages import LOCAL_REGION, Stage

PLATFORM = "platform"


def running(name: str) -> Stage:
    """Return a stage that can be asked: one on AWS, or a local one that is up.

    Raises
    ------
    StarlingError
        If a local stage does not run.
    """
    stage = Stage.of(name)
    if not stage.local:
        return stage
    if not local_stage.is_up(name):
        raise StarlingError(f"The local stage {name!r} is not up.", "Start it: starling up.")
    return local_stage.local(name)


def describe(stage: Stage) -> dict[str, Any]:
    """Return what clients of a stage need to know.

    Parameters
    ----------
    stage
        A stage that is up.

    Returns
    -------
    dict
        `stage`, `region`, `bus`, `bus_arn`, `apis` (base URL by service, without a slash at the
        end), `graph` (URL of the GraphQL API, or None), `endpoint_url`, `search_engine`, `vision`
        and `payments_sandbox` (None on AWS if not known), `search_relay` (the function that passes
        an operator's requests on to the engine; None if that is reached directly), `issuer`,
        `jwks_url`, `user_pool_id`, `user_pool_client_id`, and by service `tables` (name), `queues`
        (URL by name) and `functions` (names).

    Raises
    ------
    StarlingError
        If nothing is deployed.
    """
    stacks = _outputs(stage)
    search = stacks.get("search-sync", {})
    if PLATFORM not in stacks:
        raise StarlingError(
            f"The stage {stage.name!r} has no platform stack.",
            f"Deploy it: starling deploy all --stage {stage.name}.",
        )
    platform = stacks[PLATFORM]
    resources = {service: _resources(stage, service) for service in stacks}
    return {
        "stage": stage.name,
        "region": LOCAL_REGION if stage.local else aws.client(stage, "sts").meta.region_name,
        "bus": platform["BusName"],
        "bus_arn": platform["BusArn"],
        "apis": {
            service: _base_url(stage, values["ApiId"], values["ApiUrl"])
            for service, values in sorted(stacks.items())
            if "ApiUrl" in values
        },
        "graph": _graph_url(stage, search),
        "endpoint_url": stage.emulator_url,
        "search_engine": stage.search_url or search.get("SearchEndpoint"),
        "search_relay": search.get("SearchRelay"),
        "vision": stage.vision_url,
        "payments_sandbox": stage.payments_url,
        "issuer": platform["Issuer"],
        "jwks_url": platform["JwksUrl"],
        "user_pool_id": platform["UserPoolId"],
        "user_pool_client_id": platform["UserPoolClientId"],
        "tables": {
            service: names[0]
            for service, found in resources.items()
            if (names := found.get("AWS::DynamoDB::Table"))
        },
        "queues": {
            service: {url.rpartition("/")[2]: url for url in found["AWS::SQS::Queue"]}
            for service, found in resources.items()
            if "AWS::SQS::Queue" in found
        },
        "functions": {
            service: found["AWS::Lambda::Function"]
            for service, found in resources.items()
            if "AWS::Lambda::Function" in found
        },
    }


def platform_outputs(stage: Stage) -> dict[str, str]:
    """Return the outputs of the platform's stack alone: quicker than the whole description."""
    name = stage.named(PLATFORM)
    stacks = aws.client(stage, "cloudformation").describe_stacks(StackName=name)["Stacks"]
    return _values(stacks[0])


def api_of(stage: Stage, service: str) -> str | None:
    """Return the base URL of a service's API, or None if there is none on the stage."""
    values = _outputs(stage).get(service, {})
    return _base_url(stage, values["ApiId"], values["ApiUrl"]) if "ApiUrl" in values else None


def _outputs(stage: Stage) -> dict[str, dict[str, str]]:
    names = {stage.named(name): name for name in (PLATFORM, *(one.name for one in services()))}
    pages = aws.client(stage, "cloudformation").get_paginator("describe_stacks").paginate()
    return {
        names[stack["StackName"]]: _values(stack)
        for page in pages
        for stack in page["Stacks"]
        if stack["StackName"] in names and not stack["StackStatus"].startswith("DELETE")
    }


def _values(stack: dict[str, Any]) -> dict[str, str]:
    return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}


def _resources(stage: Stage, service: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    pages = aws.client(stage, "cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stage.named(service)):
        for one in page["StackResourceSummaries"]:
            if "PhysicalResourceId" in one:
                found.setdefault(one["ResourceType"], []).append(one["PhysicalResourceId"])
    return {kind: sorted(names) for kind, names in found.items()}


def _graph_url(stage: Stage, values: dict[str, str]) -> str | None:
    if "GraphId" not in values:
        return None
    if stage.emulator_url is None:
        return values["GraphUrl"]
    return f"{stage.emulator_url}/v1/apis/{values['GraphId']}/graphql"


def _base_url(stage: Stage, api: str, url: str) -> str:
    if stage.emulator_url is None:
        return url.rstrip("/")
    # The emulator's own URLs need a resolver for its host names; this form needs none.
    path = urlsplit(url).path.strip("/")
    return f"{stage.emulator_url}/_aws/execute-api/{api}" + (f"/{path}" if path else "")
