"""What really flies over the bus: events obey their golden schemas and say what caused them."""

import json

import pytest

from contracts.recording import Recorder
from infra.journey_steps import until
from infra.tap import Event, tapped
from tests.e2e.client import Tenant, UnderTest

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_every_published_event_obeys_its_golden_schema(stage: UnderTest, tenant: Tenant) -> None:
    heard: list[Event] = []
    with tapped(stage.stage, tenant=tenant.name) as batches:
        user, sku = tenant.user(), tenant.product()
        order = tenant.order(user["id"], sku)
        tenant.order(user["id"], sku)
        path = f"/users/{user['id']}"
        body = {"name": "New", "email": user["email"]}
        tenant.admin.send("PUT", "users", path, json=body)
        trace = {"X-Correlation-Id": "cancel-by-hand"}
        tenant.admin.send("POST", "orders", f"/orders/{order['id']}/cancel", headers=trace)
        deleted = {"X-Correlation-Id": "delete-by-hand", "traceparent": TRACE}
        tenant.admin.send("DELETE", "users", path, headers=deleted)

        def listen() -> list[Event]:
            heard.extend(next(batches))
            return heard

        until("all nine events were published", listen, lambda all_: len(all_) >= 9)
    kinds = sorted(event["detail-type"] for event in heard)
    assert kinds == sorted(
        ["UserRegistered.v1", "UserUpdated.v1", "UserErased.v1"]
        + ["UserDeactivated.v1", "UserDeactivated.v2"]
        + ["OrderPlaced.v1"] * 2
        + ["OrderCancelled.v1"] * 2
    )
    recorder = Recorder()
    for event in heard:
        recorder.hear(event["source"], event["detail-type"], event["detail"])
        assert event["detail"]["metadata"]["tenant_id"] == tenant.name
        assert "pm_" not in json.dumps(event["detail"])
    by_hand = [e for e in heard if e["detail"]["metadata"]["correlation_id"] == "cancel-by-hand"]
    assert [e["detail-type"] for e in by_hand] == ["OrderCancelled.v1"]
    # The reaction's own event carries on the id of the request that began it all.
    chain = [e for e in heard if e["detail"]["metadata"]["correlation_id"] == "delete-by-hand"]
    assert sorted(e["detail-type"] for e in chain) == [
        "OrderCancelled.v1",
        "UserDeactivated.v1",
        "UserDeactivated.v2",
        "UserErased.v1",
    ]
    assert {e["detail"]["metadata"]["traceparent"] for e in chain} == {TRACE}
    caused = {e["detail-type"]: e["detail"]["metadata"] for e in chain}
    assert caused["OrderCancelled.v1"]["causation_id"] == caused["UserDeactivated.v2"]["id"]
    assert caused["UserDeactivated.v1"]["id"] == caused["UserDeactivated.v2"]["id"]


def test_the_archive_keeps_what_was_published(stage: UnderTest) -> None:
    archives = stage.client("events").list_archives()["Archives"]
    assert [a["State"] for a in archives if a["EventSourceArn"] == stage.outputs["bus_arn"]] == [
        "ENABLED"
    ]


@pytest.mark.parametrize("service", ["users", "orders"])
def test_nothing_is_parked_when_all_is_well(stage: UnderTest, service: str) -> None:
    queues = {n: u for n, u in stage.outputs["queues"][service].items() if "publish" in n}
    assert queues
    for url in queues.values():
        counted = stage.client("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        assert counted["Attributes"]["ApproximateNumberOfMessages"] == "0"
