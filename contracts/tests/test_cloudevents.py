"""Events for the world outside."""

import json
import re
from typing import Any

import pytest

from contracts.cloudevents import from_cloudevent, to_cloudevent
from contracts.envelope import ContractBroken
from contracts.examples import Example, examples

EXAMPLES = list(examples())


def test_an_order_as_a_cloudevent() -> None:
    event = next(examples("OrderPlaced.v1")).event
    made = to_cloudevent(event)
    assert made.pop("data") == event["detail"]["data"]
    assert made == {
        "specversion": "1.0",
        "id": "01K9TQ2H6D000000000000000B",
        "source": "starling.orders",
        "type": "starling.orders.OrderPlaced.v1",
        "subject": "ord_01K9TQ2H6D7E8F9G0H1J2K3M4N",
        "time": "2026-03-02T08:30:01.250000Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:starling:orders:OrderPlaced:1.0",
        "revision": "1",
        "tenantid": "acme",
        "correlationid": "req-84d2",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "idempotencykey": "place-order-84d2",
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.detail_type)
def test_an_event_comes_back_as_it_was(example: Example) -> None:
    made = to_cloudevent(example.event)
    entry = from_cloudevent(json.loads(json.dumps(made)))
    assert entry["source"] == example.event["source"]
    assert entry["detail-type"] == example.event["detail-type"]
    assert json.loads(entry["detail"]) == example.event["detail"]
    assert to_cloudevent(entry) == made


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.detail_type)
def test_attributes_are_named_and_typed_as_the_standard_says(example: Example) -> None:
    attributes = to_cloudevent(example.event)
    del attributes["data"]
    assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in attributes)
    assert all(isinstance(value, str) and value for value in attributes.values())


@pytest.mark.parametrize(
    "change",
    [{"detail": None}, {"detail": "{"}, {"detail": "[]"}, {"detail": {}}, {"source": None},
     {"detail-type": 1}, {"detail": {"data": {}, "metadata": {}}}],
)  # fmt: skip
def test_a_foreign_event_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ContractBroken, match="is not an event with our envelope"):
        to_cloudevent(EXAMPLES[0].event | change)


@pytest.mark.parametrize("missing", ["detail", "source", "detail-type"])
def test_half_an_event_is_refused(missing: str) -> None:
    event = {key: value for key, value in EXAMPLES[0].event.items() if key != missing}
    with pytest.raises(ContractBroken):
        to_cloudevent(event)


@pytest.mark.parametrize(
    "change",
    [{"revision": "one"}, {"revision": None}, {"time": "now"}, {"dataschema": None}, {"type": 1},
     {"dataschema": "urn:other"}, {"tenantid": "#"}],
)  # fmt: skip
def test_a_foreign_cloudevent_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ContractBroken, match="is not a CloudEvent of ours"):
        from_cloudevent(to_cloudevent(EXAMPLES[0].event) | change)


@pytest.mark.parametrize("missing", ["id", "source", "type", "data", "subject", "tenantid"])
def test_half_a_cloudevent_is_refused(missing: str) -> None:
    event = to_cloudevent(EXAMPLES[0].event)
    del event[missing]
    with pytest.raises(ContractBroken):
        from_cloudevent(event)
