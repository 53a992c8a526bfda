"""Whatever happens between the commits of the reactions, the rows end up the same."""

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.changes import Contended
from runtime.commits import Commits, Crash

tenants = (f"t{number}" for number in count())

# What can be told of a user and two orders, each with its revision, in the order it happened.
HISTORY: list[Callable[[Any], Any]] = [
    lambda told: told.placed(told.tea),
    lambda told: told.registered(1),
    lambda told: told.placed(told.mug),
    lambda told: told.updated(2, "Ada King"),
    lambda told: told.cancelled(told.tea),
    lambda told: told.confirmed(told.mug),
    lambda told: told.updated(3, "Ada Lovelace"),
    lambda told: told.deactivated(4),
    lambda told: told.fulfilled(told.mug),
    lambda told: told.erased(5),
]


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(chosen=st.sets(st.sampled_from(range(len(HISTORY))), min_size=1), data=st.data())
def test_any_order_with_duplicates_gives_the_same_rows(
    projected: Any, told: Any, chosen: set[int], data: st.DataObject
) -> None:
    repeated = st.lists(st.sampled_from(sorted(chosen)), max_size=4)
    order = data.draw(st.permutations([*chosen, *data.draw(repeated)]))
    calm, wild = type(told)(next(tenants)), type(told)(next(tenants))
    assert projected.deliver(*[HISTORY[step](calm) for step in sorted(chosen)]) == []
    assert projected.deliver(*[HISTORY[step](wild) for step in order]) == []
    assert projected.rows(wild.tenant) == projected.rows(calm.tenant)


# Of these, two orders are named anew by each of the user's events: several commits an event.
SHORT = [HISTORY[step] for step in (0, 2, 3, 4, 5, 9)]


def deliver_with_a_crash(projected: Any, told: Any, commits: Commits, nth: int, when: Any) -> bool:
    """Deliver the short history; the process dies once, and the queue brings the event again."""
    commits.crash(nth=nth, when=when)
    for step in SHORT:
        event = step(told)
        try:
            projected.deliver(event)
        except Crash:
            projected.deliver(event)
    return not commits.pending


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_commit_and_a_redelivery_give_the_same_rows(
    projected: Any, told: Any, commits: Commits, when: str
) -> None:
    calm = type(told)(next(tenants))
    projected.deliver(*[step(calm) for step in SHORT])
    crashes = 0
    for nth in count(1):
        wild = type(told)(next(tenants))
        if not deliver_with_a_crash(projected, wild, commits, nth, when):
            break
        crashes += 1
        assert projected.rows(wild.tenant) == projected.rows(calm.tenant)
    commits.calm()
    assert crashes == len(SHORT) + 2 * 2


def test_a_name_change_that_died_half_way_through_the_orders_is_finished_later(
    projected: Any, told: Any, commits: Commits
) -> None:
    projected.deliver(told.registered(), told.placed(told.tea), told.placed(told.mug))
    commits.crash(nth=2, when="after")
    with pytest.raises(Crash):
        projected.deliver(told.updated())
    names = [row["customer_name"] for sk, row in projected.rows().items() if sk != "USER"]
    assert sorted(names) == ["Ada King", "Ada Lovelace"]
    projected.deliver(told.updated())
    names = [row["customer_name"] for sk, row in projected.rows().items() if sk != "USER"]
    assert names == ["Ada King", "Ada King"]


class Race(NamedTuple):
    """A reaction that is slow, and an event that another handles meanwhile."""

    before: list[str]
    slow: str
    fast: str


RACES = [
    Race([], "registered", "placed"),
    Race([], "placed", "registered"),
    Race(["registered"], "placed", "updated"),
    Race(["registered"], "placed", "erased"),
    Race(["registered"], "placed", "cancelled"),
    Race(["registered"], "cancelled", "placed"),
    Race(["registered"], "confirmed", "fulfilled"),
    Race(["registered"], "fulfilled", "confirmed"),
    Race(["registered"], "rejected", "erased"),
    Race(["registered"], "cancelled", "updated"),
    Race(["registered", "placed"], "updated", "cancelled"),
    Race(["registered", "placed"], "updated", "erased"),
    Race(["registered", "placed"], "erased", "updated"),
    Race(["registered", "placed"], "updated", "updated"),
    Race(["registered"], "updated", "deactivated"),
]


@pytest.mark.parametrize("race", RACES, ids=lambda race: f"{race.slow}-meets-{race.fast}")
def test_an_event_that_slips_in_before_any_commit_of_another_is_not_lost(
    projected: Any, told: Any, commits: Commits, race: Race
) -> None:
    def tell(tenant: str, *names: str) -> None:
        teller = type(told)(tenant)
        assert projected.deliver(*[getattr(teller, name)() for name in names]) == []

    calm = next(tenants)
    tell(calm, *race.before, race.slow, race.fast)
    for nth in count(1):
        wild = next(tenants)
        tell(wild, *race.before)
        commits.interrupt(partial(tell, wild, race.fast), nth=nth)
        tell(wild, race.slow)
        if commits.pending:
            break
        assert projected.rows(wild) == projected.rows(calm)
    commits.calm()
    assert nth > 1


def test_a_change_back_to_the_old_name_is_not_undone_by_a_slow_reaction(
    projected: Any, told: Any, commits: Commits
) -> None:
    projected.deliver(told.registered(), told.placed())
    # The reaction to the second name is about to write it on the order when the third comes.
    commits.interrupt(lambda: projected.deliver(told.updated(3, "Ada Lovelace")), nth=2)
    projected.deliver(told.updated(2, "Ada King"))
    assert projected.user["name"] == "Ada Lovelace"
    assert projected.order["customer_name"] == "Ada Lovelace"


def test_a_row_that_others_keep_changing_is_tried_again_later(
    projected: Any, told: Any, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = []

    def contended(*_: object) -> None:
        attempts.append(1)
        raise Contended

    event = told.registered()
    with monkeypatch.context() as patched:
        patched.setattr(type(projected.table), "commit", contended)
        assert projected.deliver(event) == [event]
    assert len(attempts) > 1
    assert projected.deliver(event) == []
    assert projected.user["name"] == "Ada Lovelace"
