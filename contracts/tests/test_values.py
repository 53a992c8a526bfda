"""Ids, money and shared values: what is let in, and what is not."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts import ids, values
from contracts.money import MAX_AMOUNT, Money

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def accepts(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "good"),
    [
        (ids.TenantId, ["a", "acme", "a-1", "a" * 63]),
        (ids.UserId, [f"usr_{ULID}"]),
        (ids.OrderId, [f"ord_{ULID}"]),
        (ids.EventId, [ULID, "7" + "Z" * 25]),
        (ids.Sku, ["A", "tea.green_1-x", "9" * 64]),
        (ids.CorrelationId, ["x", "Root=1".replace("=", ":"), "a" * 128]),
        (ids.TraceParent, [f"00-{'0af7' * 8}-{'b7ad' * 4}-01"]),
        (values.Name, ["A", "Zoë Ünal", "x" * 200]),
        (values.Email, ["a@b.de", "ada+tag@mail.example.co.uk", "o'neil@x-y.ie"]),
        (values.Reason, ["because"]),
        (values.Quantity, [1, 10_000]),
        (values.Revision, [1, 2**53 - 1]),
    ],
)
def test_good_values_are_let_in(kind: Any, good: list[object]) -> None:
    assert [value for value in good if not accepts(kind, value)] == []


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (ids.TenantId, ["", "Acme", "1a", "a_b", "a" * 64, "acme\n", "acme#ORDER", 1]),
        (ids.UserId, [ULID, f"ord_{ULID}", f"usr_{ULID.lower()}", f"usr_8{ULID[1:]}", "usr_"]),
        (ids.OrderId, [f"usr_{ULID}", f"ord_{ULID}0", f"ord_{ULID[:-1]}", f"ord_{ULID[:-1]}U"]),
        (ids.EventId, ["", ULID[:-1], ULID + "0", ULID[:-1] + "I", ULID + "\n"]),
        (ids.Sku, ["", ".a", "a b", "a#b", "a/b", "x" * 65, "é"]),
        (ids.CorrelationId, ["", "a b", "a\n", "a" * 129, "{}"]),
        (ids.TraceParent, ["", "00-0-0-00", f"00-{'0AF7' * 8}-{'b7ad' * 4}-01"]),
        (values.Name, ["", "x" * 201, 5, None]),
        (values.Email, ["", "a", "a@b", "@b.de", "a@b.", "a b@c.de", "a@b.de\n", "a@b@c.de",
                        "x" * 250 + "@b.de"]),
        (values.Reason, ["", "x" * 201]),
        (values.Quantity, [0, -1, 10_001, 1.0, "1", True]),
        (values.Revision, [0, 2**53, 1.0, "1", True]),
    ],
)  # fmt: skip
def test_bad_values_are_refused(kind: Any, bad: list[object]) -> None:
    assert [value for value in bad if accepts(kind, value)] == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T02:00:00+02:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2025-12-31T23:30:00.25-00:30", datetime(2026, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
        (datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
         datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_times_are_kept_in_utc(text: object, moment: datetime) -> None:
    read = TypeAdapter(values.Timestamp).validate_python(text)
    assert (read, read.utcoffset()) == (moment, timedelta(0))


def test_times_are_written_with_z() -> None:
    written = TypeAdapter(values.Timestamp).dump_json(datetime(2026, 1, 1, tzinfo=UTC))
    assert written == b'"2026-01-01T00:00:00Z"'


@pytest.mark.parametrize(
    "text",
    ["", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "20260101T000000Z",
     "2026-13-01T00:00:00Z", "2026-01-01T00:00:61Z", "2026-W01-1T00:00:00Z", "1767225600",
     "٢٠٢٦-01-01T00:00:00Z", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00",
     "2026-01-01T00:00:00Z\n", 1767225600, None, True,
     datetime(2026, 1, 1)],  # noqa: DTZ001 - it is the naive one that is refused
)  # fmt: skip
def test_what_is_no_moment_is_refused(text: object) -> None:
    assert not accepts(values.Timestamp, text)


@pytest.mark.parametrize(
    "value",
    [{"amount": -1, "currency": "EUR"}, {"amount": 1.0, "currency": "EUR"},
     {"amount": "1", "currency": "EUR"}, {"amount": True, "currency": "EUR"},
     {"amount": MAX_AMOUNT + 1, "currency": "EUR"}, {"amount": 1, "currency": "eur"},
     {"amount": 1, "currency": "EURO"}, {"amount": 1}, {"amount": 1, "currency": "EUR", "x": 1}],
)  # fmt: skip
def test_money_that_is_none_is_refused(value: dict[str, object]) -> None:
    assert not accepts(Money, value)


def test_equal_money_is_equal_and_fixed() -> None:
    price = Money(amount=MAX_AMOUNT, currency="EUR")
    assert price == Money(amount=MAX_AMOUNT, currency="EUR") != Money(amount=1, currency="EUR")
    assert len({price, Money(amount=MAX_AMOUNT, currency="EUR")}) == 1
    with pytest.raises(ValidationError):
        price.amount = 1  # type: ignore[misc]  # that it cannot be set is what is tested
