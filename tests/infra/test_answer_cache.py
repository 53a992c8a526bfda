"""What a gateway on AWS keeps of answers: of some methods alone, and for the caller alone."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.constructs.answer_cache import cache_key, known_by_key
from infra.discovery import Declared, declared, services
from orders.api.get_product import handler as get_product
from runtime.endpoint import Endpoint, endpoint
from runtime.messages import Page, Request, View
from tests.synthesis import Json, Template, synthesised
from tests.templates import referred

FIVE_MINUTES = 300
AUTHORIZATION = "method.request.header.Authorization"
ON_AWS = ["dev", "prod"]


def kept_of(service: str) -> list[Declared[Endpoint]]:
    (found,) = services([service])
    return [one for one in declared(found, "api", Endpoint) if one.declaration.cached_seconds]


def settings_of(template: Template) -> Iterator[Json]:
    for stage in template.resources("AWS::ApiGateway::Stage"):
        yield from stage.properties["MethodSettings"]


def method_of(template: Template, operation: str) -> Json:
    (found,) = [
        method.properties
        for method in template.resources("AWS::ApiGateway::Method")
        if method.properties.get("OperationName") == operation
    ]
    return found


@pytest.fixture(params=ON_AWS)
def orders(request: pytest.FixtureRequest) -> Template:
    return synthesised(request.param).templates["orders"]


def test_it_is_products_whose_answers_are_kept() -> None:
    kept = {one.handler for service in services() for one in kept_of(service.name)}
    assert kept == {"orders.api.get_product.handler"}
    assert get_product.cached_seconds == FIVE_MINUTES


def test_a_kept_answer_is_for_one_product_and_one_token(orders: Template) -> None:
    method = method_of(orders, "get_product")
    assert method["HttpMethod"] == "GET"
    assert method["Integration"]["CacheKeyParameters"] == [
        "method.request.path.sku",
        AUTHORIZATION,
    ]
    # What the gateway does not know of a request is no part of a key.
    assert set(method["Integration"]["CacheKeyParameters"]) <= set(method["RequestParameters"])
    assert method["AuthorizationType"] == "CUSTOM"
    authorizer = orders.get(referred(method["AuthorizerId"])).properties
    assert authorizer["IdentitySource"] == AUTHORIZATION


def test_it_is_kept_for_five_minutes_and_encrypted(orders: Template) -> None:
    (stage,) = orders.resources("AWS::ApiGateway::Stage")
    assert stage.properties["CacheClusterEnabled"] is True
    (kept,) = [one for one in settings_of(orders) if one["CachingEnabled"]]
    assert (kept["HttpMethod"], kept["ResourcePath"]) == ("GET", "/~1products~1{sku}")
    assert (kept["CacheTtlInSeconds"], kept["CacheDataEncrypted"]) == (FIVE_MINUTES, True)


@pytest.mark.parametrize("stage", ON_AWS)
def test_no_other_method_of_any_service_has_answers_kept(stage: str) -> None:
    for name, template in synthesised(stage).templates.items():
        endpoints = {one.declaration.name for one in kept_of(name)} if name != "platform" else set()
        for settings in settings_of(template):
            if settings["CachingEnabled"]:
                assert settings["HttpMethod"] == "GET", f"{name}: keep nothing of {settings}"
                assert "*" not in settings["ResourcePath"], f"{name}: keep single methods' answers"
        kept = [one for one in settings_of(template) if one["CachingEnabled"]]
        assert len(kept) == len(endpoints)
        for method in template.resources("AWS::ApiGateway::Method"):
            has_key = "CacheKeyParameters" in method.properties.get("Integration", {})
            assert has_key == (method.properties.get("OperationName") in endpoints), method


def test_a_method_whose_answers_are_kept_is_else_as_all_are(orders: Template) -> None:
    of_all, kept = settings_of(orders)
    own = {"CachingEnabled", "CacheTtlInSeconds", "CacheDataEncrypted", "HttpMethod"}
    own |= {"ResourcePath"}
    assert {k: v for k, v in kept.items() if k not in own} == {
        k: v for k, v in of_all.items() if k not in own
    }


def test_a_local_stage_keeps_no_answers() -> None:
    template = synthesised("test").templates["orders"]
    (stage,) = template.resources("AWS::ApiGateway::Stage")
    assert "CacheClusterEnabled" not in stage.properties
    assert not any(one["CachingEnabled"] for one in settings_of(template))
    assert "CacheKeyParameters" not in method_of(template, "get_product")["Integration"]


def listed(request: Request[None, Page]) -> View:
    raise NotImplementedError


def test_what_a_query_asks_for_is_part_of_the_key() -> None:
    kept: Any = endpoint("GET", "/shelves/{shelf}/{row}", listed, cached_seconds=60)
    assert cache_key(kept) == [
        "method.request.path.shelf",
        "method.request.path.row",
        "method.request.querystring.limit",
        "method.request.querystring.cursor",
        AUTHORIZATION,
    ]
    assert known_by_key(kept) == {
        "method.request.path.shelf": True,
        "method.request.path.row": True,
        AUTHORIZATION: False,
    }
    assert cache_key(endpoint("GET", "/shelves/{shelf}", listed)) == []
