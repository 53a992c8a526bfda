"""What customers are told comes out of the topic, and it is on record."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from infra.journey_steps import until
from tests.e2e.client import Tenant, UnderTest


@pytest.fixture
def subscriber(stage: UnderTest, tenant: Tenant) -> Iterator[str]:
    """A queue of the test's own, which hears what the tenant's customers are told."""
    sqs, sns = stage.client("sqs"), stage.client("sns")
    wanted = f":{stage.stage.named('order-notifications')}"
    pages = sns.get_paginator("list_topics").paginate()
    (topic,) = [
        one["TopicArn"]
        for page in pages
        for one in page["Topics"]
        if one["TopicArn"].endswith(wanted)
    ]
    url = sqs.create_queue(QueueName=stage.stage.named("heard", tenant.name))["QueueUrl"]
    asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = asked["Attributes"]["QueueArn"]
    admitted = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [admitted]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    subscription = sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        ReturnSubscriptionArn=True,
        Attributes={
            "RawMessageDelivery": "true",
            "FilterPolicy": json.dumps({"tenant": [tenant.name]}),
        },
    )["SubscriptionArn"]
    yield url
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=url)


def _heard(stage: UnderTest, url: str) -> list[dict[str, Any]]:
    answer = stage.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
    )
    return list(answer.get("Messages", []))


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
    stage: UnderTest, tenant: Tenant, subscriber: str
) -> None:
    order = tenant.order(tenant.user()["id"], tenant.product())["id"]
    answer = tenant.admin.send("POST", "orders", f"/orders/{order}/cancel")
    assert answer.status_code == 200, answer.text
    (message, *_) = until(
        "the customer was told",
        partial(_heard, stage, subscriber),
        lambda heard: any(f"{order}:OrderCancelled" in one["Body"] for one in heard),
    )
    body = json.loads(message["Body"])
    attributes = {n: a["StringValue"] for n, a in message["MessageAttributes"].items()}
    assert attributes == {
        "event-type": body["event_type"],
        "tenant": tenant.name,
        "correlation-id": body["correlation_id"],
    }
    assert body["order_id"] == order
    assert "Total: 19.99 EUR" in body["text"]
    records = until(
        "it was on record",
        partial(_records, stage, tenant.name, order),
        lambda found: any(one["sk"]["S"] == f"AUDIT#{order}:OrderCancelled" for one in found),
    )
    assert all(set(one["data"]["M"]) == {"event_type", "at", "correlation_id"} for one in records)
