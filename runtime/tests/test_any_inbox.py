"""Duplicates, reorderings and crashes change nothing: each event takes effect once."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from contracts.reader import Reader
from runtime.changes import Change, Create, Exists, Key, Outdated, Project, Update
from runtime.clients import client
from runtime.inbox import RETENTION
from runtime.reaction import Event, reaction
from runtime.table import Table
from runtime.testing import TABLE, Context, create_table, incoming, queue_event

SUBJECTS = ("thg_1", "thg_2")
PARTS = ("left", "right")


class Changed(Reader, source="starling.things", event="ThingChanged.v1"):
    name: str
    gone: bool


class Crash(BaseException):
    """The process dies: nothing may catch this."""


class Fragile(Table):
    """A table whose process dies right before or right after one of its commits."""

    steps_until_crash: int | None = None

    def commit(self, *changes: Change) -> None:
        self._step()
        super().commit(*changes)
        self._step()

    def _step(self) -> None:
        if self.steps_until_crash is not None:
            self.steps_until_crash -= 1
            if self.steps_until_crash < 0:
                raise Crash


def replica(tenant: str, subject: str) -> Key:
    return Key(f"TENANT#{tenant}#REPLICA#{subject}", "REPLICA")


def counter(tenant: str, part: str) -> Key:
    return Key(f"TENANT#{tenant}#COUNTER", part)


def keep(event: Event[Changed], table: Table) -> None:
    """Keep a replica: a projection. What is gone stays as a tombstone."""
    data = {"name": None if event.data.gone else event.data.name}
    key = replica(event.tenant, event.subject)
    table.commit(Project(key=key, data=data, revision=event.revision))


def tally(event: Event[Changed], table: Table, now: datetime) -> None:
    """Count: a fact, with an effect in two commits."""
    for part in PARTS:
        key = counter(event.tenant, part)
        stored = table.get(key)
        effect: Change = (
            Create(key=key, data={"n": 1})
            if stored is None
            else Update(
                key=key,
                data={"n": stored.data["n"] + 1},
                revision=stored.revision + 1,
                expected=stored.revision,
            )
        )
        try:
            table.commit(event.mark(now, part), effect)
        except Exists as failure:
            if "INBOX" not in failure.change.key.pk:
                raise


class Inbox(RuleBasedStateMachine):
    """Things change; both reactions have a queue, which delivers as it pleases."""

    def __init__(self) -> None:
        super().__init__()
        # moto copies its tables for each transaction: they stay small if each run has its own.
        create_table(client("dynamodb"), TABLE)
        self.table = Fragile(client("dynamodb"), TABLE)
        self.happened: list[dict[str, Any]] = []
        self.revisions: Counter[str] = Counter()
        self.pending: dict[str, list[dict[str, Any]]] = {"keep": [], "tally": []}
        self.handlers = {
            "keep": reaction(keep, table=lambda: self.table),
            "tally": reaction(tally, fact=True, table=lambda: self.table),
        }

    @rule(subject=st.sampled_from(SUBJECTS), name=st.sampled_from("abc"), gone=st.booleans())
    def change(self, subject: str, name: str, gone: bool) -> None:
        self.revisions[subject] += 1
        event = incoming(
            "starling.things",
            "ThingChanged.v1",
            {"name": name, "gone": gone},
            subject=subject,
            revision=self.revisions[subject],
        )
        self.happened.append(event)
        for queue in self.pending.values():
            queue.append(event)

    @precondition(lambda self: self.happened)
    @rule(which=st.sampled_from(["keep", "tally"]), at=st.integers(0, 100))
    def duplicate(self, which: str, at: int) -> None:
        """Something that happened comes again: a second delivery, a redrive, a replay."""
        self.pending[which].append(self.happened[at % len(self.happened)])

    @rule(
        which=st.sampled_from(["keep", "tally"]),
        order=st.randoms(use_true_random=False),
        size=st.integers(1, 4),
        steps=st.none() | st.integers(0, 9),
    )
    def deliver(self, which: str, order: Any, size: int, steps: int | None) -> None:
        order.shuffle(self.pending[which])
        batch = self.pending[which][:size]
        self.table.steps_until_crash = steps
        with suppress(Crash):
            answer = self.handlers[which](queue_event(*batch), Context())
            assert answer == {"batchItemFailures": []}
            # Only a batch that was answered is deleted from the queue.
            del self.pending[which][:size]
        self.table.steps_until_crash = None

    @invariant()
    def nothing_took_effect_twice(self) -> None:
        for part in PARTS:
            assert self._count(part) <= len(self.happened)

    def teardown(self) -> None:
        """Deliver what is left: the state is that of each event once, in order."""
        try:
            self._check()
        finally:
            client("dynamodb").delete_table(TableName=TABLE)

    def _check(self) -> None:
        for which in self.pending:
            while self.pending[which]:
                before = len(self.pending[which])
                self.handlers[which](queue_event(self.pending[which].pop()), Context())
                assert len(self.pending[which]) < before
        for part in PARTS:
            assert self._count(part) == len(self.happened)
        last = {event["detail"]["metadata"]["subject"]: event["detail"] for event in self.happened}
        for subject in SUBJECTS:
            stored = self.table.get(replica("acme", subject))
            if subject not in last:
                assert stored is None
                continue
            detail = last[subject]
            name = None if detail["data"]["gone"] else detail["data"]["name"]
            assert stored is not None
            assert (stored.data["name"], stored.revision) == (
                name,
                detail["metadata"]["revision"],
            )

    def _count(self, part: str) -> int:
        stored = self.table.get(counter("acme", part))
        return 0 if stored is None else int(stored.data["n"])


@pytest.mark.usefixtures("queues")
def test_any_history_ends_as_if_each_event_had_come_once_in_order() -> None:
    run_state_machine_as_test(
        Inbox,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_an_expired_mark_is_gone_though_it_was_not_deleted(service_table: Table) -> None:
    done: list[datetime] = []

    def on_changed(event: Event[Changed], clock: Callable[[], datetime]) -> None:
        now = clock()
        service_table.commit(event.mark(now), Create(key=Key("EFFECT", str(now)), data={}))
        done.append(now)

    first = datetime(2026, 1, 1, tzinfo=UTC)
    times = [first, first + RETENTION / 2, first + RETENTION, first + RETENTION * 3 / 2]
    waiting = iter(times)
    handler = reaction(on_changed, fact=True, clock=lambda: lambda: next(waiting))
    event = incoming(
        "starling.things", "ThingChanged.v1", {"name": "a", "gone": False}, subject="thg_1"
    )
    for _ in times:
        assert handler(queue_event(event), Context()) == {"batchItemFailures": []}
    assert done == [times[0], times[2]]


def test_an_older_event_raises_nobody_from_the_dead(service_table: Table) -> None:
    handler = reaction(keep, table=lambda: service_table)
    for revision, gone in ((3, True), (2, False), (3, False), (1, False)):
        data = {"name": "a", "gone": gone}
        event = incoming(
            "starling.things", "ThingChanged.v1", data, subject="thg_1", revision=revision
        )
        handler(queue_event(event), Context())
    stored = service_table.get(replica("acme", "thg_1"))
    assert stored is not None
    assert (stored.data, stored.revision) == ({"name": None}, 3)
    with pytest.raises(Outdated):
        service_table.commit(Project(key=stored.key, data={}, revision=3))
