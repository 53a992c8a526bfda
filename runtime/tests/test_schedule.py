"""Schedules: started by the clock or by a person, who may say more than the clock does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from runtime.capacity import Capacity
from runtime.schedule import ONE_RUN, Input, schedule
from runtime.task import InvalidInput
from runtime.testing import Context

CLOCK = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-11-20T08:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:events:eu-west-1:123456789012:rule/starling-dev-birds-count"],
    "detail": {},
}


class Which(Input):
    wing: str = "both"


class Counted(BaseModel):
    wing: str
    at: datetime


def count_feathers(asked: Which, of: str) -> list[str]:
    return [of, asked.wing]


def test_a_schedule_runs_its_function_each_time() -> None:
    seen: list[Any] = []

    def tidy(event: dict[str, Any], now: datetime, store: str) -> None:
        seen.append((event, store))
        assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)

    declared = schedule("rate(1 hour)", tidy, store=lambda: "store")
    assert (declared.rate, declared.name) == ("rate(1 hour)", "tidy")
    assert (declared.capacity, declared.model) == (ONE_RUN, None)
    for number in (1, 2):
        assert declared({"a": number}, Context()) is None
    assert seen == [({"a": 1}, "store"), ({"a": 2}, "store")]


def test_without_a_model_it_gets_what_the_clock_sends() -> None:
    seen: list[Any] = []

    def look(event: Any) -> None:
        seen.append(event)

    schedule("rate(1 hour)", look)(CLOCK, Context())
    assert seen == [CLOCK]


@pytest.mark.parametrize(
    ("event", "wing"), [(CLOCK, "both"), ({}, "both"), ({"wing": "left"}, "left")]
)
def test_a_person_may_say_what_the_clock_does_not(event: Any, wing: str) -> None:
    declared = schedule("cron(0 8 * * ? *)", count_feathers, of=lambda: "goose")
    assert declared.model is Which
    assert declared(event, Context()) == ["goose", wing]


@pytest.mark.parametrize(
    "event",
    [{"wings": "left"}, {"wing": 1}, {"wing": "left", "detail": {}}, [], None, "left", 7],
)
def test_what_makes_no_sense_is_refused_and_not_run(event: Any) -> None:
    ran: list[Which] = []

    def fly(asked: Which) -> None:
        ran.append(asked)

    with pytest.raises(InvalidInput):
        schedule("rate(1 hour)", fly)(event, Context())
    assert ran == []


def test_what_is_returned_can_be_written_as_json() -> None:
    def count(asked: Which, now: datetime) -> Counted:
        return Counted(wing=asked.wing, at=datetime(2026, 11, 20, 8, tzinfo=UTC))

    told = schedule("rate(1 hour)", count)(CLOCK, Context())
    assert told == {"wing": "both", "at": "2026-11-20T08:00:00Z"}


def test_what_goes_wrong_is_the_clocks_to_try_again() -> None:
    def fail(_: Which) -> None:
        raise OSError("unreachable")

    with pytest.raises(OSError, match="unreachable"):
        schedule("rate(1 hour)", fail)(CLOCK, Context())


def test_a_run_takes_what_is_declared() -> None:
    def fly(_: Which) -> None: ...

    capacity = Capacity(seconds=900, memory=1024)
    assert schedule("rate(1 hour)", fly, capacity=capacity).capacity == capacity


def test_what_it_needs_is_made_before_the_first_run() -> None:
    made: list[int] = []
    declared = schedule("rate(1 hour)", count_feathers, of=lambda: made.append(1))
    assert made == []
    declared.prepare()
    assert made == [1]
