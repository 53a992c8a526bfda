"""What a cancelled order has goes back, wherever the workflow was with it."""

from datetime import datetime

from contracts.ids import OrderId
from contracts.reader import Reader
from orders.closing import Closing
from runtime.capacity import Capacity
from runtime.logs import logger
from runtime.problems import NotFound
from runtime.reaction import Event, reaction


class Cancelled(Reader, source="starling.orders", event="OrderCancelled.v1"):
    """What orders reads of its own cancellation: all else is in the table."""

    order_id: OrderId


def on_order_cancelled(
    event: Event[Cancelled],
    closing: Closing,
    now: datetime,
) -> None:
    """Give back goods and money, wake a workflow that waits, tell the customer; twice is once."""
    order_id = event.data.order_id
    try:
        closing.close(order_id, cause=event.cause, now=now)
    except NotFound:  # it has nothing to give back
        logger.warning("no such order", order_id=order_id)


handler = reaction(
    on_order_cancelled,
    capacity=Capacity(seconds=60, memory=512),
    closing=Closing.connect,
)
