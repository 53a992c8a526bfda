"""Routes, models and validators of the gateways are what the endpoints declare, one to one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from pydantic import ValidationError

from infra.constructs import queue_integration
from infra.constructs.answer_cache import known_by_key
from infra.discovery import Declared, declared, services
from infra.discovery import routes as queued_routes
from runtime.endpoint import Endpoint
from runtime.queued import FORWARDED, MAX_MESSAGE_BYTES, Consumer, Queued
from runtime.signed import Signed
from runtime.worker import Worker
from tests.infra.bodies import BODIES
from tests.synthesis import Json, Resource, Template, synthesised
from tests.templates import functions, referred, text

Templates = dict[str, Template]

ENDPOINTS = [
    (service.name, found)
    for service in services()
    if (service.source / service.package / "api").is_dir()
    for found in declared(service, "api", Endpoint)
]
INTO_QUEUES = [(service.name, found) for service in services() for found in queued_routes(service)]
QUEUED = [pytest.param(service, found, id=found.handler) for service, found in INTO_QUEUES]
HTTP_APIS = {"media", "search-sync"}
"""Whose gateways check no bodies: their functions alone do."""

SIGNED = {"orders.api.receive_payment_webhook.handler"}
"""Who needs no token, but a signature: whatever is added here, everybody can call."""

WITH_BODY = [
    pytest.param(service, found, id=found.handler)
    for service, found in ENDPOINTS
    if found.declaration.body and service not in HTTP_APIS
]
EACH = [pytest.param(service, found, id=found.handler) for service, found in ENDPOINTS]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def dev() -> Templates:
    return synthesised("dev").templates


def routes(template: Template) -> Iterator[tuple[str, str, Resource]]:
    """Yield method, path and the resource of each route but the preflights."""
    for method in template.resources("AWS::ApiGateway::Method"):
        if method.properties["HttpMethod"] != "OPTIONS":
            path = path_of(template, method.properties["ResourceId"])
            yield method.properties["HttpMethod"], path, method
    for route in template.resources("AWS::ApiGatewayV2::Route"):
        name, path = route.properties["RouteKey"].split(" ")
        yield name, path, route


def path_of(template: Template, resource: Json) -> str:
    if "Fn::GetAtt" in resource:  # the API's own RootResourceId
        return ""
    properties = template.get(referred(resource)).properties
    return f"{path_of(template, properties['ParentId'])}/{properties['PathPart']}"


def is_queued(route: Resource) -> bool:
    """Whether a route is a queue, by no function."""
    return bool(route.properties.get("Integration", {}).get("Type") == "AWS")


def served_by(template: Template, route: Resource) -> Resource:
    """Return the function that answers a route."""
    if route.type == "AWS::ApiGateway::Method":
        address = text(route.properties["Integration"]["Uri"])
    else:
        integration = text(route.properties["Target"]).removeprefix("integrations/${")[:-1]
        address = text(template.get(integration).properties["IntegrationUri"])
    (function,) = [f for f in functions(template).values() if f"${{{f.logical_id}}}" in address]
    return function


def model_of(template: Template, route: Resource) -> Json | None:
    """Return the schema by which the gateway checks a route's body, if it does."""
    models = route.properties.get("RequestModels", {})
    if not models:
        return None
    assert list(models) == ["application/json"], f"{route}: models of {list(models)}"
    schema: Json = template.get(referred(models["application/json"])).properties["Schema"]
    return schema


def route_of(template: Template, endpoint: Endpoint | Queued[Any]) -> Resource:
    found = [r for m, p, r in routes(template) if (m, p) == (endpoint.method, endpoint.path)]
    assert len(found) == 1, f"{template.stack} has {len(found)} routes for {endpoint.path}"
    return found[0]


def test_routes_and_endpoints_are_in_one_to_one_correspondence(dev: Templates) -> None:
    expected = sorted(
        (service, e.declaration.method, e.declaration.path, e.handler) for service, e in ENDPOINTS
    )
    routed = sorted(
        (service, method, path, served_by(template, route).properties["Handler"])
        for service, template in dev.items()
        for method, path, route in routes(template)
        if not is_queued(route)
    )
    assert routed == expected
    into_queues = sorted(
        (service, method, path)
        for service, template in dev.items()
        for method, path, route in routes(template)
        if is_queued(route)
    )
    queued = [(service, found.declaration) for service, found in INTO_QUEUES]
    assert into_queues == sorted((service, one.method, one.path) for service, one in queued)


@pytest.mark.parametrize(("service", "found"), EACH + QUEUED)
def test_a_route_is_closed_without_a_token_unless_its_callers_sign(
    dev: Templates, service: str, found: Declared[Any]
) -> None:
    template = dev[service]
    route = route_of(template, found.declaration)
    if found.handler in SIGNED:
        assert route.properties["AuthorizationType"] == "NONE"
        assert "AuthorizerId" not in route.properties
        return
    assert route.properties["AuthorizationType"] in {"CUSTOM", "JWT"}, f"{route} is open"
    authorizer = template.get(referred(route.properties["AuthorizerId"]))
    if authorizer.type == "AWS::ApiGateway::Authorizer":
        assert authorizer.properties["AuthorizerResultTtlInSeconds"] == 300
        assert "authorizerarn" in json.dumps(authorizer.properties["AuthorizerUri"])
    else:
        jwt = authorizer.properties["JwtConfiguration"]
        assert "issuer" in referred(jwt["Issuer"])
        assert "clientid" in referred(jwt["Audience"][0])


@pytest.mark.parametrize(("service", "found"), EACH)
def test_the_gateway_may_call_the_function_of_a_route_for_that_route_alone(
    dev: Templates, service: str, found: Declared[Endpoint]
) -> None:
    template, endpoint = dev[service], found.declaration
    function = served_by(template, route_of(template, endpoint))
    (permission,) = [
        p
        for p in template.resources("AWS::Lambda::Permission")
        if referred(p.properties["FunctionName"]) == function.logical_id
    ]
    assert permission.properties["Principal"] == "apigateway.amazonaws.com"
    source = text(permission.properties["SourceArn"])
    wanted = "/".join("*" if "{" in part else part for part in endpoint.path.split("/"))
    assert source.endswith(wanted), f"{permission}: {source} is not for {endpoint.path}"
    assert "${" in source.split(":")[5], f"{permission}: {source} is for any API"
    if route_of(template, endpoint).type == "AWS::ApiGateway::Method":
        assert f"/{endpoint.method}/" in source, f"{permission}: {source} is for any method"


@pytest.mark.parametrize(("service", "found"), EACH)
def test_the_gateway_knows_the_endpoints_parameters_and_model(
    dev: Templates, service: str, found: Declared[Endpoint]
) -> None:
    template, endpoint = dev[service], found.declaration
    route = route_of(template, endpoint)
    assert (route.type != "AWS::ApiGateway::Method") == (service in HTTP_APIS)
    if service in HTTP_APIS:
        return
    prefix = "method.request.querystring."
    fields = endpoint.query.model_fields
    expected = {f"{prefix}{field.alias or n}": field.is_required() for n, field in fields.items()}
    # Those of an answer's cache: tests/infra/test_answer_cache.py.
    assert route.properties.get("RequestParameters", {}) == expected | known_by_key(endpoint)
    assert (model_of(template, route) is None) == (endpoint.body is None)
    validator = template.get(referred(route.properties["RequestValidatorId"])).properties
    assert validator["ValidateRequestBody"], f"{route}: bodies are not validated"
    assert validator["ValidateRequestParameters"], f"{route}: parameters are not validated"


def test_no_other_endpoint_does_without_a_token() -> None:
    signed = {found.handler for _, found in ENDPOINTS if isinstance(found.declaration, Signed)}
    without = {found.handler for _, found in ENDPOINTS if not found.declaration.token}
    assert signed == without == SIGNED


def test_every_model_belongs_to_one_route(dev: Templates) -> None:
    for template in dev.values():
        used = sorted(
            referred(route.properties["RequestModels"]["application/json"])
            for _, _, route in routes(template)
            if route.properties.get("RequestModels")
        )
        assert used == sorted(
            model.logical_id for model in template.resources("AWS::ApiGateway::Model")
        )


@pytest.mark.parametrize(("service", "found"), WITH_BODY + QUEUED)
def test_a_model_is_draft_4_and_takes_the_endpoints_example_bodies(
    dev: Templates, service: str, found: Declared[Any]
) -> None:
    schema, model = _schema_and_model(dev, service, found)
    Draft4Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-04/schema#"
    assert BODIES.get(found.handler), f"{found.handler} has no example of a body"
    for body in BODIES[found.handler]:
        model.model_validate_json(json.dumps(body))
        Draft4Validator(schema).validate(body)


@pytest.mark.parametrize(("service", "found"), WITH_BODY + QUEUED)
def test_a_model_refuses_what_lacks_a_field_or_has_one_too_many(
    dev: Templates, service: str, found: Declared[Any]
) -> None:
    schema, model = _schema_and_model(dev, service, found)
    gateway = Draft4Validator(schema)
    body = BODIES[found.handler][0]
    assert not gateway.is_valid(body | {"no_such_field": 1})
    assert not gateway.is_valid([body])
    for name, field in model.model_fields.items():
        if field.is_required():
            assert not gateway.is_valid({k: v for k, v in body.items() if k != name}), name


@pytest.mark.parametrize(("service", "found"), WITH_BODY + QUEUED)
def test_the_gateway_refuses_nothing_that_the_endpoint_would_take(
    dev: Templates, service: str, found: Declared[Any]
) -> None:
    schema, model = _schema_and_model(dev, service, found)
    gateway = Draft4Validator(schema)
    bodies = BODIES[found.handler]
    changes = st.dictionaries(
        st.sampled_from([*model.model_fields, "no_such_field"]),
        JSON | st.sampled_from([v for body in bodies for v in body.values()]),
        max_size=2,
    )

    @settings(max_examples=150, deadline=None, database=None)
    @given(st.sampled_from(bodies), changes, st.sets(st.sampled_from(list(model.model_fields))))
    def check(body: dict[str, Any], changed: dict[str, Any], left_out: set[str]) -> None:
        asked = {k: v for k, v in (body | changed).items() if k not in left_out or k in changed}
        try:
            model.model_validate_json(json.dumps(asked))
        except ValidationError:
            return
        gateway.validate(asked)

    check()


def _schema_and_model(dev: Templates, service: str, found: Declared[Any]) -> Any:
    schema = model_of(dev[service], route_of(dev[service], found.declaration))
    assert schema, f"{found.handler}: its route has no model"
    return schema, found.declaration.body


@pytest.mark.parametrize(("service", "found"), QUEUED)
def test_a_queued_route_checks_the_whole_body(
    dev: Templates, service: str, found: Declared[Queued[Any]]
) -> None:
    template = dev[service]
    schema, _ = _schema_and_model(dev, service, found)
    route = route_of(template, found.declaration)
    validator = template.get(referred(route.properties["RequestValidatorId"])).properties
    assert validator["ValidateRequestBody"], f"{route}: bodies are not validated"
    for body in BODIES[found.handler]:
        for odd in one_leaf_off(body):
            assert not Draft4Validator(schema).is_valid(odd), odd


def one_leaf_off(value: Any) -> Iterator[Any]:
    """Yield the value with each of its leaves in turn being what no field takes."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from ({**value, name: odd} for odd in one_leaf_off(inner))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from ([*value[:number], odd, *value[number + 1 :]] for odd in one_leaf_off(inner))
    else:
        yield [value]


@pytest.mark.parametrize(("service", "found"), QUEUED)
def test_a_queued_route_sends_to_its_workers_queue_and_to_no_other(
    dev: Templates, service: str, found: Declared[Queued[Any]]
) -> None:
    template, declaration = dev[service], found.declaration
    (worker,) = [
        one
        for of in services([service])
        for one in declared(of, "workers", Worker)
        if isinstance(one.declaration, Consumer) and one.declaration.route is declaration
    ]
    assert worker.name == declaration.queue
    function = functions(template)[worker.handler]
    (source,) = [
        source
        for source in template.resources("AWS::Lambda::EventSourceMapping")
        if referred(source.properties["FunctionName"]) == function.logical_id
    ]
    queue = template.get(referred(source.properties["EventSourceArn"]))
    integration = route_of(template, declaration).properties["Integration"]
    assert text(integration["Uri"]).endswith(f":sqs:path/123456789012/${{{queue.logical_id}}}")
    role = template.get(referred(integration["Credentials"])).properties
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["sqs:SendMessage"]
    assert [referred(resource) for resource in statement["Resource"]] == [queue.logical_id]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert queue.properties["MaximumMessageSize"] == MAX_MESSAGE_BYTES
    # It sends messages again itself.
    role = template.get(referred(function.properties["Role"])).properties
    sends = [
        referred(resource)
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == ["sqs:SendMessage"]
        for resource in statement["Resource"]
    ]
    assert queue.logical_id in sends


@pytest.mark.parametrize(("service", "found"), QUEUED)
def test_a_queued_route_says_who_asks_by_the_authorizer_alone(
    dev: Templates, service: str, found: Declared[Queued[Any]]
) -> None:
    integration = route_of(dev[service], found.declaration).properties["Integration"]
    assert integration["PassthroughBehavior"] == "NEVER"
    assert list(integration["RequestTemplates"]) == ["application/json"]
    template = integration["RequestTemplates"]["application/json"]
    assert template == queue_integration.request_template()
    headers, call = template.splitlines()
    values = dict(part.split("=", 1) for part in call.split("&"))
    named = {
        values[f"MessageAttribute.{number}.Name"]: values[
            f"MessageAttribute.{number}.Value.StringValue"
        ]
        for number in range(1, 4)
    }
    assert named == {
        "tenant": "$util.urlEncode($context.authorizer.tenant)",
        "user": "$util.urlEncode($context.authorizer.user)",
        "headers": "$util.urlEncode($headers)",
    }
    assert values["MessageBody"] == "$util.urlEncode($input.body)"
    for name in FORWARDED:
        for spelling in (name, name.lower()):
            assert f"{spelling}=$util.urlEncode($input.params('{spelling}'))" in headers


@pytest.mark.parametrize(("service", "found"), QUEUED)
def test_a_queued_route_never_says_more_than_a_problem_or_an_id(
    dev: Templates, service: str, found: Declared[Queued[Any]]
) -> None:
    route = route_of(dev[service], found.declaration).properties
    answers = {
        answer["StatusCode"]: (answer.get("SelectionPattern"), answer["ResponseTemplates"])
        for answer in route["Integration"]["IntegrationResponses"]
    }
    assert {status: pattern for status, (pattern, _) in answers.items()} == {
        "202": r"2\d{2}",
        "413": "400",
        "500": None,
    }
    for status in ("413", "500"):
        document = json.loads(answers[status][1]["application/json"])
        assert document["status"] == int(status)
        assert {"type", "title", "detail", "correlation_id"} <= document.keys()
    assert list(json.loads(answers["202"][1]["application/json"])) == ["id"]
    declared_headers = {
        answer["StatusCode"]: answer["ResponseParameters"] for answer in route["MethodResponses"]
    }
    for answer in route["Integration"]["IntegrationResponses"]:
        headers = answer["ResponseParameters"]
        assert headers.keys() == declared_headers[answer["StatusCode"]].keys()
        assert headers["method.response.header.Access-Control-Allow-Origin"] == "'*'"
        assert headers["method.response.header.Cache-Control"] == "'no-store'"


def test_a_browser_may_ask_every_route(dev: Templates) -> None:
    for template in dev.values():
        asked = {m.properties["ResourceId"]["Ref"] for _, _, m in routes(template)
                 if m.type == "AWS::ApiGateway::Method"}  # fmt: skip
        preflights = {
            referred(method.properties["ResourceId"])
            for method in template.resources("AWS::ApiGateway::Method")
            if method.properties["HttpMethod"] == "OPTIONS"
        }
        assert asked <= preflights, f"{template.stack}: no preflight for {asked - preflights}"
        for api in template.resources("AWS::ApiGatewayV2::Api"):
            assert api.properties["CorsConfiguration"]["AllowOrigins"] == ["*"]


def test_what_the_gateway_refuses_is_a_problem_too(dev: Templates) -> None:
    for template in dev.values():
        if not list(template.resources("AWS::ApiGateway::RestApi")):
            continue
        answers = list(template.resources("AWS::ApiGateway::GatewayResponse"))
        kinds = {answer.properties["ResponseType"] for answer in answers}
        assert {"DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED", "BAD_REQUEST_BODY"} <= kinds
        for answer in answers:
            body = json.loads(answer.properties["ResponseTemplates"]["application/json"])
            assert {"type", "title", "status", "detail", "correlation_id"} <= body.keys(), answer
            assert str(body["status"]) == answer.properties["StatusCode"], answer
            headers = answer.properties["ResponseParameters"]
            kind = headers["gatewayresponse.header.Content-Type"]
            assert kind == "'application/problem+json'", answer
