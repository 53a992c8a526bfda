"""Declared functions beside endpoints and reactions: streams, and their collaborators."""

from datetime import datetime
from typing import Any

import pytest

from runtime.changes import Create, Key
from runtime.collaborators import Collaborators
from runtime.stream import Change, changes_of, stream
from runtime.testing import Context, stream_event

KEY = Key("TENANT#acme#THING#1", "THING")


def image(n: int) -> dict[str, Any]:
    item: dict[str, Any] = Create(key=KEY, data={"n": n}).operation()["parameters"]["Item"]
    return item


def test_a_stream_consumer_gets_its_batch_in_order() -> None:
    seen: list[Change] = []

    def feed(changes: Any, into: list[Change]) -> None:
        into.extend(changes)

    declared = stream(feed, batch_size=7, window_seconds=3, into=lambda: seen)
    assert (declared.name, declared.batch_size, declared.window_seconds) == ("feed", 7, 3)
    declared(stream_event((None, image(1)), (image(1), image(2)), (image(2), None)), Context())
    assert [change.key for change in seen] == [KEY] * 3
    told = [(c.old and c.old.data["n"], c.new and c.new.data["n"]) for c in seen]
    assert told == [(None, 1), (1, 2), (2, None)]


def test_a_stream_consumer_that_fails_has_the_batch_again() -> None:
    def feed(changes: Any) -> None:
        raise OSError("unreachable")

    with pytest.raises(OSError, match="unreachable"):
        stream(feed)(stream_event((None, image(1))), Context())


def test_an_item_in_another_layout_is_handed_over_as_it_is() -> None:
    odd = image(1) | {"data": {"S": "junk"}}
    first, second, third = changes_of(stream_event((None, odd), (odd, image(2)), (odd, None)))
    assert (first.old, first.new) == (None, None)
    assert first.unreadable is not None
    assert first.unreadable["NewImage"] == odd
    assert second.new is not None
    assert (second.old, second.unreadable) == (None, None)
    assert (third.old, third.new, third.unreadable) == (None, None, None)


@pytest.mark.parametrize("given", [{}, {"a": str}, {"a": str, "b": str, "c": str}, {"now": str}])
def test_factories_that_do_not_fit_the_function_are_an_error_at_once(given: Any) -> None:
    def function(event: Any, now: datetime, a: str, b: str) -> None: ...

    with pytest.raises(TypeError, match=r"function takes \['a', 'b'\], its declaration gives"):
        Collaborators(function, given)
    Collaborators(function, {"a": str, "b": str})


def test_collaborators_are_made_once() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return len(made)

    def function(event: Any, a: int) -> None: ...

    collaborators = Collaborators(function, {"a": make})
    assert made == []
    assert [collaborators.built(), collaborators.built()] == [{"a": 1}, {"a": 1}]


def test_a_function_may_take_nothing_more() -> None:
    assert Collaborators(lambda event: None, {}).built() == {}
