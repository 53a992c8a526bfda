"""What customers are told of their orders: one message on a topic, for whoever brings it to them.

A message is shaped like an e-mail without an address: who the customer is, its readers know or ask
for. Nothing is said of how it was paid. The same news has the same id however often it is sent, so
that a reader drops what it knows.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from contracts.money import shown
from orders.domain.orders import Order, OrderStatus
from runtime.cause import Cause
from runtime.clients import client
from runtime.settings import read

if TYPE_CHECKING:
    from types_boto3_sns.client import SNSClient
    from types_boto3_sns.type_defs import MessageAttributeValueTypeDef

EVENT_TYPE: Final = "event-type"
TENANT: Final = "tenant"
CORRELATION_ID: Final = "correlation-id"
"""The attributes by which subscribers choose, and what follows a message through the logs."""

MOST_LINES: Final = 50
_MOST_OF_NAME = 200  # characters, as of a product's name
_TOPIC = re.compile(r"arn:[a-z0-9-]{1,20}:sns:[a-z0-9-]{1,30}:\d{12}:[A-Za-z0-9_-]{1,256}")


class _News(NamedTuple):
    event_type: str
    became: str
    text: str


_NEWS: Mapping[OrderStatus, _News] = {
    "confirmed": _News(
        "OrderConfirmed", "is confirmed", "Thank you: it is paid, and will be on its way soon."
    ),
    "fulfilled": _News("OrderFulfilled", "is on its way", "All of it has left our warehouse."),
    "rejected": _News(
        "OrderRejected", "could not be accepted", "If you have paid, your money goes back to you."
    ),
    "cancelled": _News(
        "OrderCancelled", "is cancelled", "If you have paid, your money goes back to you."
    ),
}
_WHY: Mapping[str, str] = {
    "not_approved": "It was not approved. ",
    "out_of_stock": "Not all of it is in stock. ",
    "payment_failed": "The payment did not succeed. ",
    "payment_overdue": "It was not paid in time. ",
    "processing_failed": "Something went wrong on our side. ",
    "unknown_type": "We do not take orders of its type. ",
}

EVENT_TYPES: Final = tuple(news.event_type for news in _NEWS.values())
"""All that customers are told."""


class Notifications:
    """Tells customers what became of their orders."""

    def __init__(self, sns: "SNSClient", topic: str) -> None:
        self._sns = sns
        self._topic = topic

    @classmethod
    def connect(cls) -> "Notifications":
        """Return the notifications on the topic of ``NOTIFICATIONS_TOPIC_ARN``."""
        return cls(client("sns"), read("NOTIFICATIONS_TOPIC_ARN", _TOPIC))

    def send(self, order: Order, *, cause: Cause, now: datetime) -> None:
        """Tell the order's customer of the status that it has come to.

        Sent again it is the same message but for `at`.

        Raises
        ------
        ValueError
            Nobody is told of that status.
        botocore.exceptions.ClientError
            The topic did not take it.
        """
        news = _NEWS.get(order.status)
        if news is None:
            raise ValueError(f"nobody is told that an order is {order.status}")
        message = {
            "id": f"{order.id}:{news.event_type}",
            "event_type": news.event_type,
            "tenant_id": cause.tenant,
            "order_id": order.id,
            "customer_id": order.customer_id,
            "subject": f"Your order {order.id} {news.became}",
            "text": _text(order, news),
            "correlation_id": cause.correlation_id,
            "at": now.isoformat().replace("+00:00", "Z"),
        }
        self._sns.publish(
            TopicArn=self._topic,
            # ASCII alone, the rest escaped: a name may have characters that no queue takes.
            Message=json.dumps(message),
            MessageAttributes={
                EVENT_TYPE: _attribute(news.event_type),
                TENANT: _attribute(cause.tenant),
                CORRELATION_ID: _attribute(cause.correlation_id),
            },
        )


def _attribute(text: str) -> "MessageAttributeValueTypeDef":
    return {"DataType": "String", "StringValue": text}


def _text(order: Order, news: _News) -> str:
    # A cancelled order's reason is somebody's own words: they are not sent on.
    why = _WHY.get(order.reason or "", "") if order.status == "rejected" else ""
    lines = [f"{line.quantity} x {_one_line(line.name)}" for line in order.items[:MOST_LINES]]
    if (more := len(order.items) - MOST_LINES) > 0:
        lines.append(f"and {more} more")
    return "\n".join(
        [
            f"Your order {order.id} {news.became}. {why}{news.text}",
            "",
            *lines,
            "",
            f"Total: {shown(order.total)}",
        ]
    )


def _one_line(name: str) -> str:
    """Return a name that cannot pass for other lines of the text."""
    return " ".join(name.split())[:_MOST_OF_NAME]
