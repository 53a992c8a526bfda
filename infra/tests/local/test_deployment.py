"""What CloudFormation drops on the emulator is applied, and what a deployed stage then does."""

import json
from typing import Any

import pytest

from infra.errors import StarlingError
from infra.local import deployment, functions
from infra.local.deployment import Setting

PROBLEM = '{"type": "/problems/x", "detail": "$context.error.validationErrorString"}'
ANSWER = """
def handler(event, context):
    if "boom" in (event["queryStringParameters"] or {}):
        raise ValueError("secret detail")
    return {"statusCode": 201, "body": "{}"}
"""


def template_of(function: dict[str, Any]) -> dict[str, Any]:
    api = {"RestApiId": {"Ref": "Api"}}
    refusal = {
        "Type": "AWS::ApiGateway::GatewayResponse",
        "Properties": {
            **api,
            "ResponseTemplates": {"application/json": PROBLEM},
            "ResponseParameters": {
                "gatewayresponse.header.Content-Type": "'application/problem+json'"
            },
        },
    }

    def refused(kind: str, status: int) -> dict[str, Any]:
        properties = {**refusal["Properties"], "ResponseType": kind, "StatusCode": str(status)}
        return {**refusal, "Properties": properties}

    uri = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations"
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    return {
        "Resources": {
            "F": function,
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                    "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
                },
            },
            "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "things"}},
            "Model": {
                "Type": "AWS::ApiGateway::Model",
                "Properties": {
                    **api, "Name": "Thing", "ContentType": "application/json", "Schema": schema,
                },
            },
            "Validator": {
                "Type": "AWS::ApiGateway::RequestValidator",
                "Properties": {**api, "ValidateRequestBody": True},
            },
            "Post": {
                "Type": "AWS::ApiGateway::Method",
                "Properties": {
                    **api,
                    "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
                    "HttpMethod": "POST",
                    "AuthorizationType": "NONE",
                    "RequestValidatorId": {"Ref": "Validator"},
                    "RequestModels": {"application/json": {"Ref": "Model"}},
                    "Integration": {
                        "Type": "AWS_PROXY",
                        "IntegrationHttpMethod": "POST",
                        "Uri": {"Fn::Sub": uri},
                    },
                },
            },
            "BadBody": refused("BAD_REQUEST_BODY", 400),
            "Failed": refused("DEFAULT_5XX", 500),
            "Deployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "DependsOn": ["Post", "BadBody", "Failed"],
                "Properties": api,
            },
            "Stage": {
                "Type": "AWS::ApiGateway::Stage",
                "Properties": {**api, "StageName": "live", "DeploymentId": {"Ref": "Deployment"}},
            },
        },
        "Outputs": {
            name: {"Value": {"Ref": logical}}
            for name, logical in {"Api": "Api", "Table": "Table", "Function": "F"}.items()
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def deployed(emulator, function_of, tmp_path_factory):
    template = template_of(function_of(ANSWER, ReservedConcurrentExecutions=7))
    outputs = emulator.deploy("things", template)
    assembly = emulator.assembly(tmp_path_factory.mktemp("assembly"), things=template)
    applied = deployment.apply_dropped(emulator.stage, assembly)
    return emulator, assembly, outputs, applied


def test_what_was_dropped_is_applied_and_named(deployed):
    _, __, outputs, applied = deployed
    assert [name.split(" of ")[0] for name in applied] == [
        "expiry", "reserved concurrency", "request validator Validator", "request validation",
    ]  # fmt: skip
    assert applied[0] == f"expiry of {outputs['Table']}"


def test_applying_again_changes_nothing(deployed):
    emulator, assembly, *_ = deployed
    assert deployment.apply_dropped(emulator.stage, assembly) == []


def test_the_applied_settings_hold(deployed):
    emulator, _, outputs, __ = deployed
    expiry = emulator.client("dynamodb").describe_time_to_live(TableName=outputs["Table"])
    assert expiry["TimeToLiveDescription"]["AttributeName"] == "expires_at"
    function = emulator.client("lambda").get_function_concurrency(FunctionName=outputs["Function"])
    assert function["ReservedConcurrentExecutions"] == 7


def test_a_valid_body_reaches_the_function(deployed):
    emulator, _, outputs, __ = deployed
    assert emulator.call("POST", outputs["Api"], "/live/", '{"name": "x"}').status == 201


def test_an_invalid_body_is_refused_with_the_template_s_problem(deployed):
    emulator, _, outputs, __ = deployed
    answer = emulator.call("POST", outputs["Api"], "/live/", '{"nom": "x"}')
    assert (answer.status, answer.type) == (400, "application/problem+json")
    assert answer.body["detail"] == '[object has missing required properties (["name"])]'


def test_a_failing_function_tells_the_caller_nothing(deployed):
    emulator, _, outputs, __ = deployed
    answer = emulator.call("POST", outputs["Api"], "/live/?boom=1", '{"name": "x"}')
    assert (answer.status, answer.type) == (500, "application/problem+json")
    assert "secret" not in json.dumps(answer.body)


def test_a_setting_that_does_not_hold_fails_the_deployment():
    setting = Setting("expiry of orders", "expires_at", lambda: None, lambda: None)
    with pytest.raises(StarlingError, match="expiry of orders: set to 'expires_at'"):
        setting.ensure()


def test_a_function_that_cannot_be_imported_fails_the_deployment(deployed, tmp_path):
    emulator, _, outputs, __ = deployed
    deployed_ones = emulator.client("lambda").list_functions()["Functions"]
    report = tmp_path / "functions.json"
    told = {
        one["FunctionName"]: {"revision": one["RevisionId"], "error": None} for one in deployed_ones
    }
    told[outputs["Function"]]["error"] = "No module named 'pydantic'"
    report.write_text(json.dumps(told))
    with pytest.raises(StarlingError, match=f"{outputs['Function']}: No module named 'pydantic'"):
        functions.await_functions(emulator.stage, report, lambda _: None)


def test_a_deployment_waits_for_the_current_revision_of_each_function(
    deployed, tmp_path, monkeypatch
):
    emulator, *_ = deployed
    monkeypatch.setattr(functions, "PATIENCE_SECONDS", 0.0)
    report = tmp_path / "functions.json"
    deployed_ones = emulator.client("lambda").list_functions()["Functions"]
    report.write_text(
        json.dumps(
            {one["FunctionName"]: {"revision": "old", "error": None} for one in deployed_ones}
        )
    )
    with pytest.raises(StarlingError, match="nothing came of"):
        functions.await_functions(emulator.stage, report, lambda _: None)


def test_a_deployment_is_waited_for_as_long_as_one_more_function_is_ready(
    deployed, emulator, function_of, tmp_path, monkeypatch
):
    emulator.deploy("one-more", {"Resources": {"G": function_of(ANSWER)}})
    ready = {
        one["FunctionName"]: {"revision": one["RevisionId"], "error": None}
        for one in emulator.client("lambda").list_functions()["Functions"]
    }
    assert len(ready) > 1
    monkeypatch.setattr(functions, "PATIENCE_SECONDS", 0.0)
    report = tmp_path / "functions.json"
    report.write_text(json.dumps(dict(list(ready.items())[:1])))
    told = []

    def note(how_far: str) -> None:
        told.append(how_far)
        report.write_text(json.dumps(dict(list(ready.items())[: len(told) + 1])))

    functions.await_functions(emulator.stage, report, note)
    assert told == [f"{number} of {len(ready)}" for number in range(1, len(ready) + 1)]
