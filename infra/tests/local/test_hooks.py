"""After a deployment the payments sandbox sends its webhooks to the orders that are there."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from infra.errors import StarlingError
from infra.journey_steps import until
from infra.local import hooks

SECRETS = ["whsec_local", "whsec_next"]
# What is signed by both secrets is taken, as the last one would say.
TAKE = """
import hashlib, hmac
def handler(event, context):
    headers = {name.lower(): value for name, value in event["headers"].items()}
    header = headers["stripe-signature"].split(",")
    signed = header[0][2:] + "." + event["body"]
    good = ["v1=" + hmac.new(one.encode(), signed.encode(), hashlib.sha256).hexdigest()
            for one in ("whsec_local", "whsec_next")]
    right = header[1:] == good and event["path"].endswith("/webhooks/payments")
    return {"statusCode": 200 if right else 401, "body": "{}"}
"""


def template_of(function: dict[str, Any]) -> dict[str, Any]:
    api = {"RestApiId": {"Ref": "Api"}}
    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations"
    root = {"Fn::GetAtt": ["Api", "RootResourceId"]}
    integration = {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": {"Fn::Sub": uri}}
    return {
        "Resources": {
            "F": function,
            "Secret": {
                "Type": "AWS::SecretsManager::Secret",
                "Properties": {
                    "Name": "starling/test/orders/payments",
                    "SecretString": json.dumps({"webhook_secrets": SECRETS}),
                },
            },
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "orders"}},
            "Any": {
                "Type": "AWS::ApiGateway::Resource",
                "Properties": {**api, "ParentId": root, "PathPart": "{path+}"},
            },
            "Post": {
                "Type": "AWS::ApiGateway::Method",
                "Properties": {
                    **api,
                    "ResourceId": {"Ref": "Any"},
                    "HttpMethod": "POST",
                    "AuthorizationType": "NONE",
                    "Integration": integration,
                },
            },
            "Deployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "DependsOn": ["Post"],
                "Properties": api,
            },
            "Stage": {
                "Type": "AWS::ApiGateway::Stage",
                "Properties": {**api, "StageName": "live", "DeploymentId": {"Ref": "Deployment"}},
            },
        },
        "Outputs": {
            "ApiId": {"Value": {"Ref": "Api"}},
            "ApiUrl": {"Value": "https://orders.example.com/live"},
        },
    }


@pytest.fixture
def stage(emulator, sandbox):
    return replace(emulator.stage, payments_port=sandbox.daemon.port)


@pytest.fixture
def orders(emulator, function_of) -> Iterator[str]:
    """A stack that stands for orders; yields its API's id."""
    yield emulator.deploy("starling-test-orders", template_of(function_of(TAKE)))["ApiId"]
    emulator.client("cloudformation").delete_stack(StackName="starling-test-orders")


def test_where_no_orders_are_deployed_nothing_is_sent(stage, sandbox):
    assert hooks.aim(stage) is None
    assert sandbox.control("GET", "/_webhooks")["url"] is None


def test_what_becomes_of_a_payment_is_told_to_orders(stage, sandbox, orders):
    url = hooks.aim(stage)
    assert url == f"{stage.emulator_url}/_aws/execute-api/{orders}/live/webhooks/payments"
    before = sandbox.control("GET", "/_webhooks")
    assert (before["url"], before["secrets"]) == (url, len(SECRETS))
    sandbox.client().payment_intents.create(
        {"amount": 1999, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True}
    )
    after = until(
        "the event was sent",
        lambda: sandbox.control("GET", "/_webhooks"),
        lambda told: told["waiting"] == 0,
    )
    assert after["delivered"] == before["delivered"] + 1


def test_a_sandbox_that_is_not_there_fails_the_deployment(emulator, orders):
    with pytest.raises(StarlingError, match="cannot be told where webhooks go"):
        hooks.aim(replace(emulator.stage, payments_port=9))  # `discard`: nobody listens
