"""From a payload to the entry for the bus."""

import json
from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.event import EventData, EventTooLarge, MetadataFields, entry
from contracts.events.users import UserErased
from contracts.limits import MAX_ENTRY_BYTES, entry_size

USER = "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV"


class Written(EventData, source="starling.test", version="1.2"):
    text: str
    note: str | None = None


METADATA: MetadataFields = {
    "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "occurred_at": datetime.fromisoformat("2026-01-01T00:00:00+01:00"),
    "subject": USER,
    "revision": 3,
    "tenant_id": "acme",
    "correlation_id": "req-1",
    "idempotency_key": "k-1",
}


def test_an_entry_names_source_and_major_and_carries_the_envelope() -> None:
    made = entry(UserErased(user_id=USER, erased_at="2026-01-01T00:00:00Z"), **METADATA)
    assert (made["source"], made["detail-type"]) == ("starling.users", "UserErased.v1")
    assert json.loads(made["detail"]) == {
        "metadata": {
            "id": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "schema_version": "1.0",
            "occurred_at": "2025-12-31T23:00:00Z",
            "subject": USER,
            "revision": 3,
            "tenant_id": "acme",
            "correlation_id": "req-1",
            "idempotency_key": "k-1",
        },
        "data": {"user_id": USER, "erased_at": "2026-01-01T00:00:00Z"},
    }


def test_what_is_none_is_left_out() -> None:
    assert '"data":{"text":"x"}' in entry(Written(text="x"), **METADATA)["detail"]


def test_the_largest_entry_that_the_bus_takes_is_made_and_one_byte_more_is_refused() -> None:
    room = MAX_ENTRY_BYTES - entry_size(entry(Written(text=""), **METADATA))
    # Two bytes a character: what counts is UTF-8, not characters.
    text = "ü" * (room // 2) + "x" * (room % 2)
    assert entry_size(entry(Written(text=text), **METADATA)) == MAX_ENTRY_BYTES
    with pytest.raises(EventTooLarge, match=r"Written.v1 takes 262145 bytes, the bus takes 262144"):
        entry(Written(text=text + "x"), **METADATA)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "1"),
        ("occurred_at", datetime(2026, 1, 1)),  # noqa: DTZ001 - without a zone is what is wrong
        ("subject", ""),
        ("revision", 0),
        ("tenant_id", "Acme#"),
        ("correlation_id", "a b"),
        ("causation_id", "a b"),
        ("traceparent", "00"),
        ("idempotency_key", "é"),
    ],
)
def test_metadata_that_breaks_its_contract_is_refused(field: str, value: object) -> None:
    wrong: Any = METADATA | {field: value}
    with pytest.raises(ValidationError, match=field):
        entry(Written(text="x"), **wrong)
