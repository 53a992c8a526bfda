"""What customers are told of their orders, who hears it, and what is kept of it."""

import json
from datetime import timedelta
from typing import Any, get_args

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.money import Money
from orders.audit import RETENTION, Audit
from orders.domain import orders as rules
from orders.domain.orders import Line, Order, OrderStatus, RejectionReason
from orders.notifications import EVENT_TYPES, MOST_LINES, Notifications
from orders.workers import audit_notifications
from runtime.cause import Cause
from runtime.changes import Key
from runtime.clients import client
from runtime.settings import BadSetting
from runtime.table import Table
from runtime.testing import NOW, TABLE, Context, Queues, cause, queue_event

PRICE = Money(amount=1999, currency="EUR")
PLACED = Order(
    id="ord_01JZ0000000000000000000000",
    customer_id="usr_01JZ0000000000000000000000",
    items=(Line(sku="tea", name="Green tea", quantity=2, price=PRICE),),
    total=Money(amount=3998, currency="EUR"),
    type="STANDARD",
    placed_at=NOW,
    payment_method="pm_card_visa",
)
MOST_BYTES = 256 * 1024  # of a message and its attributes (SNS)
TOLD = {
    "confirmed": "OrderConfirmed",
    "fulfilled": "OrderFulfilled",
    "rejected": "OrderRejected",
    "cancelled": "OrderCancelled",
}


def at(status: OrderStatus, **more: Any) -> Order:
    return PLACED.model_copy(update={"status": status, "payment_id": "pi_123", **more})


class Topic:
    """The topic, and a queue that takes all that is told on it, as it is."""

    def __init__(self) -> None:
        self._sns, self._sqs = client("sns"), client("sqs")
        self.arn = self._sns.create_topic(Name="notifications")["TopicArn"]

    def subscriber(self, name: str, chosen: dict[str, Any]) -> str:
        url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        self._sns.subscribe(
            TopicArn=self.arn,
            Protocol="sqs",
            Endpoint=f"arn:aws:sqs:eu-west-1:123456789012:{name}",
            Attributes={"RawMessageDelivery": "true", "FilterPolicy": json.dumps(chosen)},
        )
        return url

    def received(self, url: str) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [dict(message) for message in answer.get("Messages", [])]


@pytest.fixture
def topic(service_table: Table, monkeypatch: pytest.MonkeyPatch) -> Topic:
    made = Topic()
    monkeypatch.setenv("NOTIFICATIONS_TOPIC_ARN", made.arn)
    return made


@pytest.fixture
def everything(topic: Topic) -> str:
    return topic.subscriber("everything", {"event-type": [{"exists": True}]})


def told(topic: Topic, url: str, order: Order, because: Cause | None = None) -> dict[str, Any]:
    """Send what an order's customer is told; return what came out of the queue."""
    Notifications.connect().send(order, cause=because or cause(), now=NOW)
    (message,) = topic.received(url)
    body: dict[str, Any] = json.loads(message["Body"])
    return body


@pytest.mark.parametrize("status", TOLD)
def test_a_customer_is_told_of_what_became_of_the_order(
    topic: Topic, everything: str, status: OrderStatus
) -> None:
    because = cause("acme")
    Notifications.connect().send(at(status), cause=because, now=NOW)
    (message,) = topic.received(everything)
    attributes = {n: a["StringValue"] for n, a in message["MessageAttributes"].items()}
    assert attributes == {
        "event-type": TOLD[status],
        "tenant": "acme",
        "correlation-id": because.correlation_id,
    }
    body = json.loads(message["Body"])
    text = body.pop("text")
    assert "2 x Green tea" in text
    assert text.endswith("Total: 39.98 EUR")
    assert text.startswith(body["subject"])
    assert body == {
        "id": f"{PLACED.id}:{TOLD[status]}",
        "event_type": TOLD[status],
        "tenant_id": "acme",
        "order_id": PLACED.id,
        "customer_id": PLACED.customer_id,
        "subject": body["subject"],
        "correlation_id": because.correlation_id,
        "at": "2026-11-20T08:30:00Z",
    }


def test_all_that_is_told_is_named_for_subscribers() -> None:
    assert set(TOLD.values()) == set(EVENT_TYPES)


@pytest.mark.parametrize("status", [s for s in get_args(OrderStatus) if s not in TOLD])
def test_nobody_is_told_of_what_is_on_its_way(
    topic: Topic, everything: str, status: OrderStatus
) -> None:
    with pytest.raises(ValueError, match=f"nobody is told that an order is {status}"):
        Notifications.connect().send(at(status), cause=cause(), now=NOW)
    assert topic.received(everything) == []


def test_the_same_news_is_the_same_however_often_it_is_sent(topic: Topic, everything: str) -> None:
    first = told(topic, everything, at("confirmed"))
    again = told(topic, everything, at("confirmed"))
    other = told(topic, everything, at("fulfilled"))
    assert first["id"] == again["id"] != other["id"]


@pytest.mark.parametrize("reason", get_args(RejectionReason))
def test_who_is_rejected_is_told_why(topic: Topic, everything: str, reason: str) -> None:
    said = told(topic, everything, at("rejected", reason=reason))["text"]
    plain = told(topic, everything, at("rejected", reason="something new"))["text"]
    assert len(said) > len(plain)
    assert reason not in said  # in words, not in ours
    assert "something new" not in plain


def test_what_somebody_said_when_cancelling_is_not_sent_on(topic: Topic, everything: str) -> None:
    order = rules.cancel(PLACED, reason="Ada moved to 5 Elm Street", at=NOW)
    assert "Elm" not in json.dumps(told(topic, everything, order))


@pytest.mark.parametrize("status", TOLD)
def test_nothing_is_said_of_how_it_is_paid(
    topic: Topic, everything: str, status: OrderStatus
) -> None:
    said = json.dumps(told(topic, everything, at(status)))
    assert "pm_card_visa" not in said
    assert "pi_123" not in said


def test_a_currency_without_cents_has_none_in_the_text(topic: Topic, everything: str) -> None:
    order = at("confirmed", total=Money(amount=3998, currency="JPY"))
    assert told(topic, everything, order)["text"].endswith("Total: 3998 JPY")


@pytest.mark.parametrize("letter", ["x", "ü", "🪶", "\x00", '"', "\ufffe"])
def test_the_largest_order_is_told_within_what_a_topic_takes(
    topic: Topic, everything: str, letter: str
) -> None:
    line = Line(sku="tea", name=letter * 200, quantity=10_000, price=PRICE)
    Notifications.connect().send(at("confirmed", items=(line,) * 50), cause=cause(), now=NOW)
    (message,) = topic.received(everything)
    assert len(message["Body"].encode()) < MOST_BYTES - 2048  # room for the attributes
    assert json.loads(message["Body"])["text"].count(letter * 200) == 50


def test_of_more_lines_than_an_email_should_have_the_rest_is_counted(
    topic: Topic, everything: str
) -> None:
    order = at("confirmed", items=PLACED.items * (MOST_LINES + 7))
    text = told(topic, everything, order)["text"]
    assert text.count("2 x Green tea") == MOST_LINES
    assert "and 7 more" in text


@given(name=st.text(min_size=1, max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_products_name_is_one_line_whatever_it_says(
    topic: Topic, everything: str, name: str
) -> None:
    line = PLACED.items[0].model_copy(update={"name": name})
    text = told(topic, everything, at("confirmed", items=(line,)))["text"]
    assert len(text.split("\n")) == 5


def test_subscribers_hear_what_they_ask_for_and_of_their_tenant_alone(topic: Topic) -> None:
    emails = topic.subscriber("emails", {"event-type": ["OrderConfirmed"]})
    tenants = topic.subscriber("tenants", {"tenant": ["rival"]})
    notifications = Notifications.connect()
    notifications.send(at("confirmed"), cause=cause("acme"), now=NOW)
    notifications.send(at("rejected"), cause=cause("rival"), now=NOW)
    assert [json.loads(m["Body"])["tenant_id"] for m in topic.received(emails)] == ["acme"]
    assert [json.loads(m["Body"])["tenant_id"] for m in topic.received(tenants)] == ["rival"]


def test_a_topic_that_is_gone_is_an_error_for_the_caller_to_try_again(
    topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFICATIONS_TOPIC_ARN", topic.arn + "-gone")
    with pytest.raises(ClientError):
        Notifications.connect().send(at("confirmed"), cause=cause(), now=NOW)


@pytest.mark.parametrize("arn", ["", "notifications", "arn:aws:sqs:eu-west-1:123456789012:q"])
def test_without_a_topics_arn_nothing_can_be_sent(
    aws: None, monkeypatch: pytest.MonkeyPatch, arn: str
) -> None:
    monkeypatch.setenv("NOTIFICATIONS_TOPIC_ARN", arn)
    with pytest.raises(BadSetting, match="NOTIFICATIONS_TOPIC_ARN"):
        Notifications.connect()


def records(tenant: str = "acme", order_id: str = PLACED.id) -> list[dict[str, Any]]:
    """Return the raw audit records of an order."""
    answer = client("dynamodb").query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :audit)",
        ExpressionAttributeValues={
            ":pk": {"S": f"TENANT#{tenant}#ORDER#{order_id}"},
            ":audit": {"S": "AUDIT#"},
        },
    )
    return list(answer["Items"])


def audited(*messages: object) -> list[dict[str, str]]:
    failures: list[dict[str, str]] = audit_notifications.handler(queue_event(*messages), Context())[
        "batchItemFailures"
    ]
    return failures


def test_what_was_told_is_kept_once_and_without_what_was_said(
    topic: Topic, everything: str, queues: Queues, service_table: Table
) -> None:
    message = told(topic, everything, at("confirmed"))
    later = message | {"at": "2026-11-21T08:30:00Z", "correlation_id": "another"}
    assert audited(message, message) == []
    assert audited(later) == []
    (record,) = records()
    stored = service_table.get(Key(record["pk"]["S"], record["sk"]["S"]))
    assert stored
    assert stored.data == {
        "event_type": "OrderConfirmed",
        "at": "2026-11-20T08:30:00+00:00",
        "correlation_id": message["correlation_id"],
    }


def test_different_news_are_kept_beside_each_other_and_tenants_apart(
    topic: Topic, everything: str, queues: Queues
) -> None:
    messages = [
        told(topic, everything, at("confirmed")),
        told(topic, everything, at("fulfilled")),
        told(topic, everything, at("confirmed"), cause("rival")),
    ]
    assert audited(*messages) == []
    assert [r["sk"]["S"].rpartition(":")[2] for r in records()] == [
        "OrderConfirmed",
        "OrderFulfilled",
    ]
    assert len(records("rival")) == 1


def test_a_record_expires_after_more_than_a_year(
    topic: Topic, everything: str, queues: Queues
) -> None:
    assert timedelta(days=400) == RETENTION
    message = told(topic, everything, at("confirmed"))
    audit_notifications.audit_notifications(message, Audit.connect(), NOW)
    (record,) = records()
    assert int(record["expires_at"]["N"]) == int((NOW + RETENTION).timestamp())


@pytest.mark.parametrize(
    "wrong",
    [
        {"tenant_id": "acme#ORDER"},
        {"order_id": "ord_1"},
        {"id": "x#y"},
        {"event_type": ""},
        {"at": "today"},
        {"correlation_id": None},
    ],
)
def test_what_is_no_notification_is_set_aside_and_the_others_are_kept(
    topic: Topic, everything: str, queues: Queues, wrong: dict[str, Any]
) -> None:
    message = told(topic, everything, at("confirmed"))
    assert audited(message | wrong, [], message) == []
    (named,) = wrong
    reasons = {m["MessageAttributes"]["reason"]["StringValue"] for m in queues.dead()}
    assert reasons == {
        f"no notification of an order: {named}",
        "no notification of an order: message",
    }
    assert len(records()) == 1


def test_a_table_that_fails_brings_the_message_again(
    topic: Topic, everything: str, queues: Queues, service_table: Table
) -> None:
    message = told(topic, everything, at("confirmed"))
    client("dynamodb").delete_table(TableName=TABLE)
    assert audited(message) == [{"itemIdentifier": "message-0"}]
    assert queues.dead() == []
