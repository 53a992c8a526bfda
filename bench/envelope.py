"""What an event costs beside its payload: an order of as many lines as make 1.5 KB."""

from datetime import UTC, datetime

from bench.calls import Calls
from contracts.event import entry
from contracts.events.orders import OrderItem, OrderPlaced
from contracts.limits import Entry
from contracts.money import Money

_ULID = "01K9WH5Y0000000000000000A3"
_USER, _ORDER = f"usr_{_ULID}", f"ord_{_ULID}"
_NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
_PRICE = Money(amount=12_900, currency="EUR")
_LINES = tuple(
    OrderItem(sku=f"trail-runner-{number}", name="Trail runner, black", quantity=1, price=_PRICE)
    for number in range(36, 48)
)


def payload() -> OrderPlaced:
    """Return the payload, checked; its lines and prices are there already, as in `baseline`."""
    return OrderPlaced(
        order_id=_ORDER,
        customer_id=_USER,
        type="STANDARD",
        items=_LINES,
        total=_PRICE,
        placed_at=_NOW,
    )


def event() -> Entry:
    """Build, validate and serialise a whole event."""
    return entry(
        payload(),
        id=_ULID,
        occurred_at=_NOW,
        subject=_ORDER,
        revision=1,
        tenant_id="acme",
        correlation_id=_ULID,
        causation_id=_ULID,
        idempotency_key=f"OrderPlaced.v1:{_ORDER}:1",
    )


def baseline() -> Calls:
    """Return the bare `model_dump_json` of a payload that is built already."""
    return Calls(payload().model_dump_json)


def candidate() -> Calls:
    """Return the making of the event from what the payload consists of."""
    return Calls(event)
