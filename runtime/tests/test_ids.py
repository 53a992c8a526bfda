"""Ids are ULIDs: 26 digits that sort by time of making."""

import re
import time
from datetime import UTC, datetime

import pytest
from ulid import ULID

from contracts import ids as contract
from runtime.ids import first_ulid, new_id, new_ulid


def test_a_ulid_is_one_by_an_independent_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    for moment in (0, 1_700_000_000_123, 2**48 - 1):
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment * 1_000_000 + 999_999)
        made = new_ulid()
        assert ULID.from_str(made).milliseconds == moment
        assert str(ULID.from_str(made)) == made
        assert re.fullmatch(contract.ULID, made)


def test_later_ulids_sort_behind_earlier_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for moment in range(1, 200):
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment * 10**6 * 977)
        made.append(new_ulid())
    assert made == sorted(made)


def test_the_first_ulid_of_a_moment_is_no_higher_than_any_that_is_made_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = datetime(2026, 11, 20, 8, 30, 0, 123000, tzinfo=UTC)
    first = first_ulid(at)
    assert ULID.from_str(first).datetime == at
    milliseconds = int(at.timestamp() * 1000)
    for moment, later in ((milliseconds, True), (milliseconds - 1, False)):
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment * 1_000_000)
        assert all((new_ulid() >= first) is later for _ in range(50))


def test_no_two_ulids_are_the_same() -> None:
    assert len({new_ulid() for _ in range(10_000)}) == 10_000


def test_every_digit_is_used() -> None:
    assert len({digit for _ in range(200) for digit in new_ulid()}) == 32


def test_an_id_begins_with_its_kind() -> None:
    assert re.fullmatch(f"ord_{contract.ULID}", new_id("ord"))
