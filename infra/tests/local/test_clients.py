"""Signing in, tapping the bus, and telling clients where things are: on the real emulator."""

import base64
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra import aws
from infra.errors import StarlingError
from infra.journey_steps import until
from infra.mail import mailbox
from infra.outputs import describe
from infra.signin import sign_in
from infra.stages import Stage
from infra.tap import tapped

ISSUER = "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}"
PLATFORM: dict[str, Any] = {
    "Resources": {
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "starling-test"}},
        "Pool": {
            "Type": "AWS::Cognito::UserPool",
            "Properties": {
                "Schema": [{"Name": "tenant", "AttributeDataType": "String", "Mutable": False}]
            },
        },
        "Client": {
            "Type": "AWS::Cognito::UserPoolClient",
            "Properties": {
                "UserPoolId": {"Ref": "Pool"},
                "ExplicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH"],
            },
        },
        **{
            group: {
                "Type": "AWS::Cognito::UserPoolGroup",
                "Properties": {"UserPoolId": {"Ref": "Pool"}, "GroupName": group},
            }
            for group in ("admin", "member")
        },
    },
    "Outputs": {
        "BusName": {"Value": {"Ref": "Bus"}},
        "BusArn": {"Value": {"Fn::GetAtt": ["Bus", "Arn"]}},
        "UserPoolId": {"Value": {"Ref": "Pool"}},
        "UserPoolClientId": {"Value": {"Ref": "Client"}},
        "Issuer": {"Value": {"Fn::Sub": ISSUER}},
        "JwksUrl": {"Value": "http://127.0.0.1/keys"},
    },
}
USERS: dict[str, Any] = {
    "Resources": {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "users"}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "users-failures"}},
    },
    "Outputs": {
        "ApiId": {"Value": {"Ref": "Api"}},
        "ApiUrl": {
            "Value": {"Fn::Sub": "https://${Api}.execute-api.eu-west-1.amazonaws.com/live/"}
        },
    },
}
SEARCH: dict[str, Any] = {
    "Resources": {"Retries": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {"SearchRelay": {"Value": "relay-requests"}},
}


@pytest.fixture(scope="module")
def stage(emulator) -> Stage:
    emulator.deploy("starling-test-platform", PLATFORM)
    emulator.deploy("starling-test-users", USERS)
    emulator.deploy("starling-test-search-sync", SEARCH)
    emulator.deploy("starling-test-unrelated", {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    return emulator.stage


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_a_token_names_tenant_user_and_role(stage):
    found = claims(sign_in(stage, "acme", "ada", "admin"))
    assert found["custom:tenant"] == "acme"
    assert found["cognito:username"] == "acme.ada"
    assert found["cognito:groups"] == ["admin"]
    assert found["token_use"] == "id"


def test_the_same_user_name_in_two_tenants_is_two_users(stage):
    tokens = [claims(sign_in(stage, tenant, "eve")) for tenant in ("acme", "globex")]
    assert [token["custom:tenant"] for token in tokens] == ["acme", "globex"]
    assert tokens[0]["sub"] != tokens[1]["sub"]


def test_signing_in_again_takes_the_role_that_is_asked_for(stage):
    sign_in(stage, "acme", "max", "admin")
    assert claims(sign_in(stage, "acme", "max", "member"))["cognito:groups"] == ["member"]


def test_nobody_signs_in_to_a_production_stage():
    with pytest.raises(StarlingError, match="production"):
        sign_in(Stage.of("prod"), "acme", "ada")


def test_outputs_tell_clients_where_things_are(stage):
    found = describe(stage)
    assert found["stage"] == "test"
    assert found["bus"] == "starling-test"
    assert found["endpoint_url"] == stage.emulator_url
    assert found["search_engine"] == "http://127.0.0.1:9299"
    assert found["search_relay"] == "relay-requests"
    assert found["vision"] == stage.vision_url
    assert found["payments_sandbox"] == stage.payments_url
    assert found["issuer"].endswith(found["user_pool_id"])
    assert set(found["apis"]) == {"users"}
    assert found["apis"]["users"].startswith(f"{stage.emulator_url}/_aws/execute-api/")
    assert found["apis"]["users"].endswith("/live")
    assert list(found["queues"]["users"]) == ["users-failures"]


def test_a_stage_without_its_platform_is_told(emulator):
    with pytest.raises(StarlingError, match="no platform") as caught:
        describe(Stage("other", emulator_port=emulator.stage.emulator_port, search_port=1))
    assert "starling deploy all --stage other" in caught.value.remedy


def put(stage: Stage, kind: str, tenant: str) -> None:
    detail = json.dumps({"metadata": {"tenant_id": tenant}, "data": {}})
    entry = {"Source": "starling.users", "DetailType": kind, "Detail": detail}
    aws.client(stage, "events").put_events(Entries=[{**entry, "EventBusName": "starling-test"}])


def collect(batches: Any, count: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def so_far() -> list[tuple[str, str]]:
        found.extend(
            (event["detail-type"], event["detail"]["metadata"]["tenant_id"])
            for event in next(batches)
        )
        return found

    return until("all were tapped", so_far, lambda seen: len(seen) >= count, seconds=120)


def taps(stage: Stage) -> list[str]:
    rules = aws.client(stage, "events").list_rules(EventBusName="starling-test")["Rules"]
    queues = aws.client(stage, "sqs").list_queues(QueueNamePrefix="starling-test-tap")
    return [rule["Name"] for rule in rules] + queues.get("QueueUrls", [])


@pytest.mark.parametrize(
    ("kind", "tenant", "expected"),
    [
        (None, None, {("A.v1", "acme"), ("A.v2", "acme"), ("AB.v1", "globex")}),
        ("A", None, {("A.v1", "acme"), ("A.v2", "acme")}),
        ("A.v2", None, {("A.v2", "acme")}),
        (None, "globex", {("AB.v1", "globex")}),
    ],
)
def test_a_tap_gets_the_events_that_it_asks_for(stage, kind, tenant, expected):
    with tapped(stage, kind=kind, tenant=tenant) as batches:
        for one in ("A.v1", "A.v2"):
            put(stage, one, "acme")
        put(stage, "AB.v1", "globex")
        assert set(collect(batches, len(expected))) == expected


@pytest.mark.parametrize("end", [KeyboardInterrupt, RuntimeError])
def test_a_tap_leaves_nothing_behind_however_it_ends(stage, end):
    made = []

    def interrupted() -> None:
        with tapped(stage):
            made.extend(taps(stage))
            raise end

    with pytest.raises(end):
        interrupted()
    assert len(made) == 2
    assert taps(stage) == []


def test_a_tap_on_a_stage_that_cannot_make_it_leaves_nothing_behind(stage, monkeypatch):
    events = aws.client(stage, "events")

    def refuse(**_: Any) -> None:
        raise RuntimeError("no more rules")

    monkeypatch.setattr(events, "put_rule", refuse)
    with pytest.raises(RuntimeError, match="no more rules"), tapped(stage):
        pass
    assert taps(stage) == []


@pytest.fixture
def topic(stage):
    sns = aws.client(stage, "sns")
    arn = sns.create_topic(Name=stage.named("order-notifications"))["TopicArn"]
    yield arn
    sns.delete_topic(TopicArn=arn)


def news(stage: Stage, topic: str, **more: str) -> dict[str, str]:
    message = {"id": "ord_1:OrderConfirmed", "order_id": "ord_1", **more}
    aws.client(stage, "sns").publish(
        TopicArn=topic,
        Message=json.dumps(message),
        MessageAttributes={"tenant": {"DataType": "String", "StringValue": "acme"}},
    )
    return message


def subscriptions(stage: Stage, topic: str) -> list[str]:
    found = aws.client(stage, "sns").list_subscriptions_by_topic(TopicArn=topic)
    queues = aws.client(stage, "sqs").list_queues(QueueNamePrefix="starling-test-mail")
    return [*found["Subscriptions"], *queues.get("QueueUrls", [])]


def test_a_mailbox_hears_what_an_order_s_customer_is_told_once(stage, topic):
    with mailbox(stage) as told:
        first = news(stage, topic)
        news(stage, topic)  # a second delivery
        news(stage, topic, order_id="ord_2", id="ord_2:OrderConfirmed")
        last = news(stage, topic, id="ord_1:OrderFulfilled")
        heard = until("all was heard", lambda: told("ord_1"), lambda heard: len(heard) == 2)
        assert {one["id"]: one for one in heard} == {
            one["id"]: {**one, "attributes": {"tenant": "acme"}} for one in (first, last)
        }
        assert len(told("ord_2")) == 1


@pytest.mark.parametrize("end", [KeyboardInterrupt, RuntimeError])
def test_a_mailbox_leaves_nothing_behind_however_it_ends(stage, topic, end):
    made = []

    def interrupted() -> None:
        with mailbox(stage):
            made.extend(subscriptions(stage, topic))
            raise end

    with pytest.raises(end):
        interrupted()
    assert len(made) == 2
    assert subscriptions(stage, topic) == []


def test_a_mailbox_on_a_stage_without_notifications_leaves_nothing_behind(stage):
    with pytest.raises(ClientError), mailbox(stage):
        pass
    assert (
        not aws.client(stage, "sqs")
        .list_queues(QueueNamePrefix="starling-test-mail")
        .get("QueueUrls")
    )


def test_a_proxy_of_the_environment_is_not_asked_for_the_local_stage(stage, monkeypatch):
    for variable in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "example.com")
    aws._client.cache_clear()
    assert aws.client(stage, "sts").get_caller_identity()["Account"] == "000000000000"
    assert aws.environment(stage)["NO_PROXY"] == "example.com,127.0.0.1,localhost"


def test_tools_for_a_stage_on_aws_use_the_person_s_own_settings():
    assert aws.environment(Stage.of("dev")) == {}
