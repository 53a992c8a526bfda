"""Routes, models and validators of the gateways are what the endpoints declare, one to one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from pydantic import ValidationError

from infra.discovery import Declared, declared, services
from runtime.endpoint import Endpoint
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
HTTP_APIS = {"media", "search-sync"}
"""Whose gateways check no bodies: their functions alone do."""

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


def route_of(template: Template, endpoint: Endpoint) -> Resource:
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
    )
    assert routed == expected


@pytest.mark.parametrize(("service", "found"), EACH)
def test_a_route_is_closed_without_a_token(
    dev: Templates, service: str, found: Declared[Endpoint]
) -> None:
    template = dev[service]
    route = route_of(template, found.declaration)
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
    assert route.properties.get("RequestParameters", {}) == expected
    assert (model_of(template, route) is None) == (endpoint.body is None)
    validator = template.get(referred(route.properties["RequestValidatorId"])).properties
    assert validator["ValidateRequestBody"], f"{route}: bodies are not validated"
    assert validator["ValidateRequestParameters"], f"{route}: parameters are not validated"


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


@pytest.mark.parametrize(("service", "found"), WITH_BODY)
def test_a_model_is_draft_4_and_takes_the_endpoints_example_bodies(
    dev: Templates, service: str, found: Declared[Endpoint]
) -> None:
    schema, model = _schema_and_model(dev, service, found)
    Draft4Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-04/schema#"
    assert BODIES.get(found.handler), f"add a body that {found.handler} takes to BODIES"
    for body in BODIES[found.handler]:
        model.model_validate_json(json.dumps(body))
        Draft4Validator(schema).validate(body)


@pytest.mark.parametrize(("service", "found"), WITH_BODY)
def test_a_model_refuses_what_lacks_a_field_or_has_one_too_many(
    dev: Templates, service: str, found: Declared[Endpoint]
) -> None:
    schema, model = _schema_and_model(dev, service, found)
    gateway = Draft4Validator(schema)
    body = BODIES[found.handler][0]
    assert not gateway.is_valid(body | {"no_such_field": 1})
    assert not gateway.is_valid([body])
    for name, field in model.model_fields.items():
        if field.is_required():
            assert not gateway.is_valid({k: v for k, v in body.items() if k != name}), name


@pytest.mark.parametrize(("service", "found"), WITH_BODY)
def test_the_gateway_refuses_nothing_that_the_endpoint_would_take(
    dev: Templates, service: str, found: Declared[Endpoint]
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


def _schema_and_model(dev: Templates, service: str, found: Declared[Endpoint]) -> Any:
    schema = model_of(dev[service], route_of(dev[service], found.declaration))
    assert schema, f"{found.handler}: its route has no model"
    return schema, found.declaration.body


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
