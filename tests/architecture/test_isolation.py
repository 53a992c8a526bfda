"""Stacks know each other by names alone, and functions reach only what they use."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.endpoint import Endpoint
from tests.synthesis import Assembly, Json, Resource, synthesised

# Actions that AWS grants on all resources or on none (Service Authorization Reference).
WITHOUT_RESOURCES = {
    "dynamodb:ListStreams",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "rekognition:DetectText",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
READS = {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"}
SECRETS = {"CURSOR_SECRET_ID", "PAYMENTS_SECRET_ARN"}
OF_PAYMENTS = {
    "orders.api.receive_payment_webhook.handler",
    "orders.reactions.on_order_cancelled.handler",
    "orders.schedules.clean_up_unpaid.handler",
    "orders.schedules.reconcile_payments.handler",
    "orders.workers.catch_up.handler",
    "orders.workers.payment_webhooks.handler",
    "orders.workflow.process_payment.handler",
    "orders.workflow.refund_payment.handler",
}
"""Who asks the payment provider, or is called by it: its secret lets them move money."""
LISTING = {"search_sync.resolvers.query_search.handler"}
"""Who answers page by page and is no endpoint."""
WRITES = {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem"}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def policies(resource: Resource) -> Iterator[Json]:
    """Yield the statements by which a role is granted something."""
    documents = [policy["PolicyDocument"] for policy in resource.properties.get("Policies", [])]
    if resource.type in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        documents.append(resource.properties["PolicyDocument"])
    for document in documents:
        yield from (one for one in document["Statement"] if one["Effect"] != "Deny")


def granted(assembly: Assembly) -> Iterator[tuple[Resource, Json]]:
    for resource in assembly.resources(
        "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"
    ):
        for statement in policies(resource):
            yield resource, statement


def role_of(assembly: Assembly, function: Resource) -> Resource:
    logical_id = function.properties["Role"]["Fn::GetAtt"][0]
    return assembly.templates[function.stack].get(logical_id)


def actions_of(assembly: Assembly, function: Resource) -> set[str]:
    role = role_of(assembly, function)
    return {action for statement in policies(role) for action in listed(statement["Action"])}


def test_no_stack_exports_or_imports_anything(assembly: Assembly) -> None:
    for template in assembly.templates.values():
        text = json.dumps(template.document)
        assert "Fn::ImportValue" not in text
        outputs = template.document.get("Outputs", {})
        assert all("Export" not in output for output in outputs.values())


def test_a_stack_refers_only_to_its_own_resources(assembly: Assembly) -> None:
    for template in assembly.templates.values():
        own = {*template.document["Resources"], *template.document.get("Parameters", {})}
        for reference in references(template.document["Resources"]):
            assert reference in own or reference.startswith("AWS::"), reference


def references(value: Any) -> Iterator[str]:
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case dict():
            for item in value.values():
                yield from references(item)
        case list():
            for item in value:
                yield from references(item)


def test_shared_names_come_from_the_stages_own_parameters(assembly: Assembly) -> None:
    stage = assembly.templates["platform"].document["Outputs"]["BusName"]
    assert stage
    for service, template in assembly.templates.items():
        for name, parameter in template.document.get("Parameters", {}).items():
            if name != "BootstrapVersion":
                assert parameter["Type"] == "AWS::SSM::Parameter::Value<String>", service
                assert parameter["Default"].startswith("/starling/"), service


def operators(assembly: Assembly) -> dict[tuple[str, str], list[Json]]:
    """Return the one role that people take to invoke a function, with that function."""
    template = assembly.templates["search-sync"]
    (relay,) = (
        function.logical_id
        for function in template.resources("AWS::Lambda::Function")
        if function.properties["Handler"] == "search_sync.operations.relay_requests.handler"
    )
    return {
        (role.stack, role.logical_id): [{"Fn::GetAtt": [relay, "Arn"]}]
        for role in template.resources("AWS::IAM::Role")
        if str(role.properties.get("RoleName")).endswith("-search-operator")
    }


def test_no_role_invokes_a_function_but_a_machines_and_a_graphs_what_they_name_and_an_operators(
    assembly: Assembly,
) -> None:
    named = {
        (machine.stack, machine.properties["RoleArn"]["Fn::GetAtt"][0]): [
            value
            for value in machine.properties["DefinitionSubstitutions"].values()
            if "Fn::GetAtt" in value
        ]
        for machine in assembly.resources("AWS::StepFunctions::StateMachine")
    } | {
        (source.stack, source.properties["ServiceRoleArn"]["Fn::GetAtt"][0]): [
            source.properties["LambdaConfig"]["LambdaFunctionArn"]
        ]
        for source in assembly.resources("AWS::AppSync::DataSource")
        if source.properties["Type"] == "AWS_LAMBDA"
    }
    named |= operators(assembly)
    for role, statement in granted(assembly):
        for action in listed(statement["Action"]):
            if action.lower().startswith("lambda:"):
                assert action == "lambda:InvokeFunction", role
                functions = named.get((role.stack, role.logical_id), [])
                assert functions, f"{role} may invoke functions and names none"
                assert all(one in functions for one in listed(statement["Resource"])), role


def test_every_invocation_is_allowed_to_a_service_for_one_source(assembly: Assembly) -> None:
    for permission in assembly.resources("AWS::Lambda::Permission"):
        assert permission.properties["Principal"].endswith(".amazonaws.com")
        assert permission.properties["SourceArn"], permission


def test_no_action_is_granted_by_a_wildcard(assembly: Assembly) -> None:
    for role, statement in granted(assembly):
        for action in listed(statement["Action"]):
            assert "*" not in action, role
        assert "NotAction" not in statement, role


def test_all_resources_are_granted_only_where_aws_knows_no_others(assembly: Assembly) -> None:
    for role, statement in granted(assembly):
        if "*" in listed(statement["Resource"]):
            assert set(listed(statement["Action"])) <= WITHOUT_RESOURCES, role


def test_each_function_has_a_role_of_its_own(assembly: Assembly) -> None:
    functions = list(assembly.resources("AWS::Lambda::Function"))
    roles = {str(role_of(assembly, function)) for function in functions}
    assert len(roles) == len(functions)


def test_what_only_reads_cannot_write(assembly: Assembly, endpoints: dict[str, Endpoint]) -> None:
    checked = 0
    for function in assembly.resources("AWS::Lambda::Function"):
        endpoint = endpoints.get(function.properties["Handler"])
        if endpoint is None or "TABLE_NAME" not in environment(function):
            continue
        allowed = {a for a in actions_of(assembly, function) if a.startswith("dynamodb:")}
        assert allowed == (READS if endpoint.access == "read" else READS | WRITES), function
        checked += 1
    assert checked


def test_lists_read_the_key_of_the_cursors_and_who_pays_the_providers_and_nobody_another(
    assembly: Assembly, endpoints: dict[str, Endpoint]
) -> None:
    for function in assembly.resources("AWS::Lambda::Function"):
        handler, known = function.properties["Handler"], environment(function)
        endpoint = endpoints.get(handler)
        wanted = set()
        lists = endpoint is not None and "cursor" in endpoint.query.model_fields
        if lists or handler in LISTING:
            wanted.add("CURSOR_SECRET_ID")
        if handler in OF_PAYMENTS:
            wanted.add("PAYMENTS_SECRET_ARN")
        assert known.keys() & SECRETS == wanted, function
        assert secrets_of(assembly, function) == [known[name] for name in sorted(wanted)], function


def secrets_of(assembly: Assembly, function: Resource) -> list[Any]:
    """Return the ARNs of the secrets that a function may read."""
    return [
        resource
        for statement in policies(role_of(assembly, function))
        if "secretsmanager:GetSecretValue" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]


def test_only_publishers_can_put_events_on_the_bus(assembly: Assembly) -> None:
    for function in assembly.resources("AWS::Lambda::Function"):
        publishes = "events:PutEvents" in actions_of(assembly, function)
        assert publishes == (function.properties["Handler"] == "runtime.publisher.handler")


def environment(function: Resource) -> Json:
    variables: Json = function.properties["Environment"]["Variables"]
    return variables


@pytest.mark.parametrize("stage", ["test", "prod"])
def test_every_function_knows_its_stage_and_service(stage: str) -> None:
    for function in synthesised(stage).resources("AWS::Lambda::Function"):
        known = environment(function)
        assert known["STARLING_STAGE"] == stage
        assert known["STARLING_SERVICE"] == known["POWERTOOLS_SERVICE_NAME"] == function.stack


def test_only_its_own_functions_may_call_the_search_domain(assembly: Assembly) -> None:
    (domain,) = assembly.resources("AWS::OpenSearchService::Domain")
    template = assembly.templates[domain.stack]
    callers = {
        function.properties["Role"]["Fn::GetAtt"][0]
        for function in template.resources("AWS::Lambda::Function")
        if "SEARCH_ENDPOINT" in environment(function)
    }
    statements = domain.properties["AccessPolicies"]["Statement"]
    assert {statement["Effect"] for statement in statements} == {"Allow"}
    assert {s["Principal"]["AWS"]["Fn::GetAtt"][0] for s in statements} == callers
    calling = {
        role.logical_id
        for role, statement in granted(assembly)
        if any(action.startswith("es:") for action in listed(statement["Action"]))
    }
    assert calling == callers
    for role in operators(assembly):
        (trust,) = template.get(role[1]).properties["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"AWS": {"Ref": "AWS::AccountId"}}
