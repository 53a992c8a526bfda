"""Takes an order that was placed, once."""

from typing import Any

from pydantic import BaseModel

from contracts.envelope import parse_event
from contracts.ids import OrderId
from contracts.reader import Reader
from orders.step import OrderStep
from orders.store import Orders
from runtime.logs import follow
from runtime.task import Origin, task


class Placed(Reader, source="starling.orders", event="OrderPlaced.v1"):
    """What the workflow reads of an order: all else is in the table."""

    order_id: OrderId


class Start(BaseModel):
    """The event as the bus delivers it, and the execution that it started."""

    event: dict[str, Any]
    run: str


class Claim(OrderStep):
    """Whether the order is this execution's, and what the other tasks are given then."""

    claimed: bool


def claim_order(start: Start, orders: Orders) -> Claim:
    """Claim the order; another execution for it gets nothing to do, a retry of this one goes on."""
    metadata, placed = parse_event(start.event, Placed)
    given = OrderStep(
        order_id=placed.order_id,
        caused_by=Origin(
            tenant=metadata.tenant_id,
            correlation_id=metadata.correlation_id,
            causation_id=metadata.id,
            traceparent=metadata.traceparent,
        ),
    )
    follow(given.cause, **given.ids)
    claimed = orders.claim(metadata.tenant_id, placed.order_id, start.run)
    return Claim(**dict(given), claimed=claimed)


handler = task(claim_order, reader=Placed, orders=Orders.connect)
