"""Tasks of a state machine: input, output, collaborators, errors."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from runtime.capacity import ORDINARY, Capacity
from runtime.task import InvalidInput, task
from runtime.testing import Context


class Count(BaseModel):
    of: str
    number: int


class OutOfStock(Exception):
    """Named in a state's Catch."""


def test_a_task_takes_a_json_value_and_returns_one() -> None:
    def double(value: Any) -> Any:
        return [value, value]

    declared = task(double)
    assert (declared.name, declared.capacity, declared.model) == ("double", ORDINARY, None)
    assert declared({"a": 1}, Context()) == [{"a": 1}, {"a": 1}]


def test_a_task_takes_the_model_that_it_is_annotated_with_and_returns_one() -> None:
    def more(count: Count, step: int) -> Count:
        return Count(of=count.of, number=count.number + step)

    declared = task(more, capacity=Capacity(60, 1024), step=lambda: 2)
    assert (declared.model, declared.capacity.seconds) == (Count, 60)
    assert declared({"of": "birds", "number": 3}, Context()) == {"of": "birds", "number": 5}


def test_a_task_may_take_the_time_and_return_nothing() -> None:
    seen: list[timedelta] = []

    def note(_: Any, now: datetime) -> None:
        seen.append(abs(datetime.now(UTC) - now))

    assert task(note)({}, Context()) is None
    assert seen[0] < timedelta(minutes=1)


@pytest.mark.parametrize("given", [None, [], "x", {}, {"of": "secret", "number": "many"}])
def test_a_wrong_input_is_named_without_its_values(given: Any) -> None:
    def use(count: Count) -> None: ...

    with pytest.raises(InvalidInput) as caught:
        task(use)(given, Context())
    assert "secret" not in str(caught.value)
    assert "many" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_error_comes_through_as_it_is() -> None:
    def sell(count: Count) -> None:
        raise OutOfStock(count.of)

    with pytest.raises(OutOfStock):
        task(sell)({"of": "lamps", "number": 1}, Context())


def test_collaborators_are_made_before_the_first_attempt() -> None:
    made: list[int] = []

    def use(count: Count, store: None) -> None: ...

    declared = task(use, store=lambda: made.append(1))
    assert made == []
    declared.prepare()
    declared({"of": "x", "number": 1}, Context())
    assert made == [1]


def test_factories_that_do_not_fit_are_an_error_at_once() -> None:
    def use(count: Count, store: None) -> None: ...

    with pytest.raises(TypeError, match="its declaration gives"):
        task(use)
