"""What customers are told comes out of the topic, and it is on record."""

from functools import partial
from typing import Any

from infra.journey_steps import until
from infra.mail import mailbox
from tests.e2e.client import Tenant, UnderTest


def _records(stage: UnderTest, tenant: str, order: str) -> list[dict[str, Any]]:
    """Return what is on record of what an order's customer was told."""
    answer = stage.client("dynamodb").query(
        TableName=stage.stage.named("orders"),
        KeyConditionExpression="pk = :pk AND begins_with(sk, :audit)",
        ExpressionAttributeValues={
            ":pk": {"S": f"TENANT#{tenant}#ORDER#{order}"},
            ":audit": {"S": "AUDIT#"},
        },
    )
    return list(answer["Items"])


def test_a_customer_is_told_of_a_cancelled_order_and_that_is_on_record(
    stage: UnderTest, tenant: Tenant
) -> None:
    with mailbox(stage.stage) as told:
        order = tenant.order(tenant.user()["id"], tenant.product())["id"]
        answer = tenant.admin.send("POST", "orders", f"/orders/{order}/cancel")
        assert answer.status_code == 200, answer.text
        wanted = f"{order}:OrderCancelled"
        heard = until(
            "the customer was told",
            partial(told, order),
            lambda heard: any(one["id"] == wanted for one in heard),
        )
    (message,) = [one for one in heard if one["id"] == wanted]
    assert message["attributes"] == {
        "event-type": "OrderCancelled",
        "tenant": tenant.name,
        "correlation-id": message["correlation_id"],
    }
    assert message["tenant_id"] == tenant.name
    assert "Total: 19.99 EUR" in message["text"]
    records = until(
        "it was on record",
        partial(_records, stage, tenant.name, order),
        lambda found: any(one["sk"]["S"] == f"AUDIT#{wanted}" for one in found),
    )
    assert all(set(one["data"]["M"]) == {"event_type", "at", "correlation_id"} for one in records)
