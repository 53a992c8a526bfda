"""A route whose callers sign: open at the gateway, and only that one."""

from collections.abc import Callable

from aws_cdk import App, Stack, assertions

from infra.bundling import Target, code, layer
from infra.constructs.bundle import make_bundle
from infra.constructs.function import Function, Plan
from infra.constructs.rest_api import RestApi
from infra.discovery import Service
from infra.stages import Stage
from runtime.endpoint import endpoint
from runtime.messages import Request
from runtime.signed import Sent, signed

PROD = Stage.of("prod")


def hear(request: Sent) -> None:
    del request


def add(request: Request[None]) -> None:
    del request


def made(app: App, birds: Service) -> Stack:
    stack = Stack(app, "Birds")
    api = RestApi(
        stack,
        "Api",
        stage=PROD,
        service="birds",
        authorizer_arn="arn:aws:lambda:eu-west-1:000000000000:function:authorizer",
    )
    target = Target.of(PROD)
    bundle = make_bundle(stack, "birds", code=code(birds, target), layer=layer(birds, target))
    for declared in (
        signed("POST", "/heard", hear, header="X-Signature"),
        endpoint("POST", "/birds", add),
    ):
        plan = Plan(PROD, bundle, declared.name, f"birds.{declared.name}.handler")
        api.add(declared.name, declared, Function(stack, declared.name.title(), plan))
    return stack


def test_who_signs_needs_no_token_and_whoever_else_asks_does(birds: Service) -> None:
    template = assertions.Template.from_stack(made(App(), birds))
    asked = {
        method["Properties"]["OperationName"]: method["Properties"]
        for method in template.find_resources("AWS::ApiGateway::Method").values()
        if method["Properties"]["HttpMethod"] != "OPTIONS"
    }
    assert asked["hear"]["AuthorizationType"] == "NONE"
    assert "AuthorizerId" not in asked["hear"]
    assert not asked["hear"].get("RequestModels")
    assert asked["add"]["AuthorizationType"] == "CUSTOM"
    assert asked["add"]["AuthorizerId"]


def test_what_cdk_nag_finds_of_it_is_explained(
    birds: Service, judged: Callable[[Callable[[App], Stack]], list[str]]
) -> None:
    found = judged(lambda app: made(app, birds))
    assert not [one for one in found if "APIG4" in one or "COG4" in one]
