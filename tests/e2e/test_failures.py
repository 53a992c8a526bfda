"""What happens when something goes wrong: nothing is lost, and nothing else stops."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from ulid import ULID

from infra.journey_steps import until
from infra.local import stage as local_stage
from tests.e2e.client import Tenant, UnderTest


def _registered(tenant: str, user: str, revision: int = 1, **data: Any) -> dict[str, Any]:
    metadata = {
        "id": str(ULID()),
        "schema_version": "1.0",
        "occurred_at": "2026-11-20T08:30:00Z",
        "subject": user,
        "revision": revision,
        "tenant_id": tenant,
        "correlation_id": "by-hand",
        "idempotency_key": f"UserRegistered.v1:{user}:{revision}",
    }
    payload = {
        "user_id": user,
        "name": "Grace Hopper",
        "email": "grace@example.com",
        "registered_at": "2026-11-20T08:30:00Z",
    }
    return {"metadata": metadata, "data": payload | data}


def _dead(stage: UnderTest, service: str, reaction: str, text: str) -> list[dict[str, Any]]:
    """Return (and leave) what is in a reaction's dead-letter queue and holds a text."""
    (url,) = (
        url
        for name, url in stage.outputs["queues"][service].items()
        if reaction in name and name.endswith("dlq")
    )
    answer = stage.client("sqs").receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        VisibilityTimeout=0,
        MessageAttributeNames=["All"],
    )
    return [m for m in answer.get("Messages", []) if text in m["Body"]]


def test_an_event_that_breaks_its_contract_is_set_aside_and_stops_nothing(
    stage: UnderTest, tenant: Tenant
) -> None:
    broken = _registered(tenant.name, f"usr_{ULID()}")
    broken["data"]["user_id"] = 42
    stage.forge("starling.users", "UserRegistered.v1", broken)
    user = tenant.user()
    tenant.found(user["id"])
    identity = broken["metadata"]["id"]
    for service in ("orders", "search-sync"):
        dead = until(
            f"{service} set the broken event aside",
            partial(_dead, stage, service, "user-registered", identity),
            bool,
        )
        reason = dead[0]["MessageAttributes"]["reason"]["StringValue"]
        assert "$.detail.data.user_id" in reason


def _ready(tenant: str, media: str, user: str) -> dict[str, Any]:
    metadata = {
        "id": str(ULID()),
        "schema_version": "1.0",
        "occurred_at": "2026-11-20T08:30:00Z",
        "subject": media,
        "revision": 5,
        "tenant_id": tenant,
        "correlation_id": "by-hand",
        "idempotency_key": f"MediaReady.v1:{media}:5",
    }
    payload = {
        "media_id": media,
        "purpose": "avatar",
        "subject": user,
        "owner": user,
        "filename": "ada.jpg",
        "renditions": [{"content_type": "image/webp", "width": 160, "height": 120, "size": 9}],
        "colors": [],
        "texts": [],
        "missing": [],
        "ready_at": "2026-11-20T08:30:00Z",
    }
    return {"metadata": metadata, "data": payload}


def test_an_event_that_fails_for_the_last_time_is_kept_with_the_reason_and_can_be_moved_back(
    stage: UnderTest, tenant: Tenant
) -> None:
    user, media, secret = tenant.user()["id"], f"med_{ULID()}", f"secret-{ULID()}"
    dynamodb, table = stage.client("dynamodb"), stage.stage.named("users")
    key = {"pk": {"S": f"TENANT#{tenant.name}#USER#{user}"}, "sk": {"S": "USER"}}
    row = dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]
    row.pop("outbox", None)  # its events are out
    unreadable = {"M": row["data"]["M"] | {"created_at": {"S": secret}}}
    dynamodb.put_item(TableName=table, Item=row | {"data": unreadable})
    stage.forge("starling.media", "MediaReady.v1", _ready(tenant.name, media, user))
    dead = until(
        "the event was set aside",
        partial(_dead, stage, "users", "on-media-ready", media),
        bool,
        seconds=120,  # its last delay alone may be 16
    )
    kept = {name: of["StringValue"] for name, of in dead[0]["MessageAttributes"].items()}
    assert kept["reason"].startswith("gave up after 5 attempts: ValidationError: ")
    assert "created_at" in kept["reason"]
    assert secret not in kept["reason"]
    assert kept["origin"]
    dynamodb.put_item(TableName=table, Item=row)
    (url,) = (u for n, u in stage.outputs["queues"]["users"].items() if n.endswith("media-ready"))
    stage.client("sqs").send_message(
        QueueUrl=url,
        MessageBody=dead[0]["Body"],
        MessageAttributes={
            name: {"DataType": "String", "StringValue": text} for name, text in kept.items()
        },
    )
    until(
        "the user has the avatar",
        lambda: tenant.member.send("GET", "users", f"/users/{user}").json(),
        lambda seen: (seen["avatar"] or {}).get("media_id") == media,
    )


def test_an_event_that_comes_twice_or_late_changes_nothing(
    stage: UnderTest, tenant: Tenant
) -> None:
    user = tenant.user("First Name")
    tenant.found(user["id"])
    body = {"name": "Second Name", "email": user["email"]}
    tenant.admin.send("PUT", "users", f"/users/{user['id']}", json=body)
    tenant.found(user["id"], lambda item: item["title"] == "Second Name")
    old = _registered(tenant.name, user["id"], name="First Name", email=user["email"])
    for _ in range(3):
        stage.forge("starling.users", "UserRegistered.v1", old)
    other = tenant.user("Later")
    tenant.found(other["id"])
    item = tenant.found(user["id"])
    assert item["title"] == "Second Name"


def test_an_old_event_raises_nobody_from_the_dead(
    stage: UnderTest, tenant: Tenant, new_tenant: Callable[[], Tenant]
) -> None:
    user, sku = tenant.user(), tenant.product()
    order = tenant.order(user["id"], sku)
    tenant.found(user["id"])
    tenant.admin.send("DELETE", "users", f"/users/{user['id']}")
    until(
        "the user left the index", lambda: tenant.search(user["id"], kind="user"), lambda f: not f
    )
    tenant.found(order["id"], lambda i: i["status"] == "cancelled" and not i["customer_name"])
    old = _registered(tenant.name, user["id"], email=user["email"])
    stage.forge("starling.users", "UserRegistered.v1", old)
    witness = tenant.user("Witness")
    tenant.found(witness["id"])
    assert tenant.search(user["id"], kind="user") == []
    refused = tenant.member.send(
        "POST",
        "orders",
        "/orders",
        json={"customer_id": user["id"], "items": [{"sku": sku, "quantity": 1}]},
    )
    assert refused.status_code == 409


def test_search_catches_up_after_its_engine_died(stage: UnderTest, tenant: Tenant) -> None:
    if not stage.stage.local:
        pytest.skip("the engine of a stage on AWS is not killed by tests")
    user, sku = tenant.user(), tenant.product()
    tenant.found(user["id"])
    local_stage.kill_search(stage.stage.name)
    order = tenant.order(user["id"], sku)
    body = {"name": "Renamed", "email": user["email"]}
    tenant.admin.send("PUT", "users", f"/users/{user['id']}", json=body)
    answer = tenant.member.send("GET", "search-sync", "/search", params={"q": "lamp"})
    assert answer.status_code == 503, answer.text
    assert answer.json()["type"] == "/problems/search-unavailable"
    local_stage.restart_search(stage.stage.name)
    found = tenant.found(order["id"], lambda i: i["customer_name"] == "Renamed", seconds=60)
    assert found["status"] == "placed"
    tenant.found(user["id"], lambda item: item["title"] == "Renamed", seconds=60)
