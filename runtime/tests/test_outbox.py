"""Events ride on the item whose change they tell of."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.event import EventData, EventTooLarge
from contracts.events.users import UserDeactivated
from runtime.cause import Cause
from runtime.changes import Create, Key
from runtime.outbox import outgoing
from runtime.table import Table
from runtime.testing import cause

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
USER = "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV"
DATA = UserDeactivated(user_id=USER, reason="asked for it", deactivated_at=NOW)


def test_an_event_carries_what_led_to_it() -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    led = Cause("acme", "call-1", "request-1", trace)
    entry = outgoing(DATA, subject=USER, revision=3, cause=led, now=NOW)
    assert (entry["source"], entry["detail-type"]) == ("starling.users", "UserDeactivated.v1")
    detail = json.loads(entry["detail"])
    assert len(detail["metadata"].pop("id")) == 26
    assert detail["metadata"] == {
        "schema_version": "1.0",
        "occurred_at": "2026-11-20T08:30:00Z",
        "subject": USER,
        "revision": 3,
        "tenant_id": "acme",
        "correlation_id": "call-1",
        "causation_id": "request-1",
        "traceparent": trace,
        "idempotency_key": f"UserDeactivated.v1:{USER}:3",
    }
    assert detail["data"]["user_id"] == USER


def test_each_event_has_an_id_of_its_own() -> None:
    entries = [outgoing(DATA, subject=USER, revision=3, cause=cause(), now=NOW) for _ in range(100)]
    ids = {json.loads(entry["detail"])["metadata"]["id"] for entry in entries}
    assert len(ids) == 100


class Noted(EventData, source="starling.unit-tests", version="1.0"):
    note: str


def test_an_event_over_the_buss_limit_is_refused_before_anything_is_written(
    service_table: Table,
) -> None:
    key = Key("TENANT#acme#THING#1", "THING")

    def write(size: int) -> None:
        event = outgoing(Noted(note="x" * size), subject="a", revision=1, cause=cause(), now=NOW)
        service_table.commit(Create(key=key, data={}, events=[event]))

    with pytest.raises(EventTooLarge):
        write(256 * 1024)
    assert service_table.get(key) is None
    write(200 * 1024)
    assert service_table.get(key) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "a b"},
        {"revision": 0},
        {"cause": cause("Acme#")},
        {"now": NOW.replace(tzinfo=None)},
    ],
)
def test_an_event_whose_envelope_breaks_the_contract_is_not_made(changes: dict[str, Any]) -> None:
    fine: dict[str, Any] = {"subject": USER, "revision": 1, "cause": cause(), "now": NOW}
    with pytest.raises(ValidationError):
        outgoing(DATA, **fine | changes)
