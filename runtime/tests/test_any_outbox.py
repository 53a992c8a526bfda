"""Whatever goes wrong on the way, every event is published at least once, or parked."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from contracts.limits import MAX_ENTRY_BYTES, Entry, entry_size
from runtime.attributes import marshal
from runtime.changes import Create, Key
from runtime.publisher import MAX_ENTRIES, Bus, publish
from runtime.stream import changes_of
from runtime.testing import stream_event

Image = dict[str, Any]
KINDS = ("small", "large", "not JSON", "too large", "no entry", "refused", "poison for all")


class Crash(BaseException):
    """The process dies: nothing may catch this."""


class Outbox(RuleBasedStateMachine):
    """A table's stream, its publisher, and a world in which each call may go wrong."""

    items = Bundle("items")

    def __init__(self) -> None:
        super().__init__()
        self.stream: list[tuple[Image | None, Image | None]] = []
        self.committed: dict[int, str] = {}  # the kind of each event, by its number
        self.brought: list[set[int]] = []  # the numbers that each record of the stream brought
        self.published: set[int] = set()
        self.parked: set[int] = set()
        self.broken = 0
        self.parked_broken = 0
        self.position = 0
        self.calls_until_trouble: int | None = None
        self.trouble: BaseException = Crash()
        self.dice: Iterator[float] = iter(())
        self.flaky = 0.0
        self.bus = Bus(self, lambda: self, "bus", "parked", lambda seconds: None)  # type: ignore[arg-type,return-value]  # a stub

    # What a service does: each commit is one record of the stream.

    @rule(target=items, kinds=st.lists(st.sampled_from(KINDS), max_size=12))
    def create(self, kinds: list[str]) -> Image:
        return self._commit(None, kinds)

    @rule(
        target=items,
        item=consumes(items),
        kinds=st.lists(st.sampled_from(KINDS), max_size=3),
        keep=st.booleans(),
    )
    def update(self, item: Image, kinds: list[str], keep: bool) -> Image:
        return self._commit(item, kinds, item.get("outbox", {"L": []})["L"] if keep else [])

    @rule(item=consumes(items))
    def expire(self, item: Image) -> None:
        self._record(item, None, set())

    @rule(item=items, outbox=st.sampled_from([{"N": "1"}, {"S": "x"}, {"M": {}}, {"L": [{}]}]))
    def break_layout(self, item: Image, outbox: Any) -> None:
        self.broken += 1
        self._record(item, item | {"outbox": outbox}, set())

    def _commit(self, old: Image | None, kinds: list[str], kept: list[Any] | None = None) -> Image:
        numbers = [len(self.committed) + n for n in range(len(kinds))]
        self.committed |= dict(zip(numbers, kinds, strict=True))
        key = Key(f"TENANT#acme#{len(self.stream)}", "THING")
        new: Image = Create(key=key, data={}).operation()["parameters"]["Item"]
        events = [marshal(_event(n, kind)) for n, kind in zip(numbers, kinds, strict=True)]
        new["outbox"] = {"L": [*(kept or []), *events]}
        self._record(old, new, set(numbers))
        return new

    def _record(self, old: Image | None, new: Image | None, numbers: set[int]) -> None:
        self.stream.append((old, new))
        self.brought.append(numbers)

    # What Lambda does: a batch that is not acknowledged comes again, cut as it pleases.

    @rule(
        size=st.integers(1, 8),
        calls=st.none() | st.integers(0, 6),
        trouble=st.sampled_from([Crash(), OSError("unreachable")]),
        flaky=st.sampled_from([0.0, 0.3, 1.0]),
        dice=st.lists(st.floats(0, 1, exclude_max=True), max_size=40),
    )
    def deliver(
        self, size: int, calls: int | None, trouble: BaseException, flaky: float, dice: list[float]
    ) -> None:
        self.calls_until_trouble, self.trouble = calls, trouble
        self.dice, self.flaky = iter(dice), flaky
        batch = self.stream[self.position : self.position + size]
        try:
            publish(changes_of(stream_event(*batch)), self.bus)
        except (Crash, OSError):
            return
        self.position += len(batch)

    @rule(first=st.integers(0, 20), size=st.integers(1, 8))
    def deliver_again(self, first: int, size: int) -> None:
        self.calls_until_trouble, self.flaky = None, 0.0
        batch = self.stream[: self.position][first : first + size]
        publish(changes_of(stream_event(*batch)), self.bus)

    # What AWS does.

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        assert 0 < len(Entries) <= MAX_ENTRIES
        assert sum(entry_size(_back(entry)) for entry in Entries) <= MAX_ENTRY_BYTES
        self._maybe_trouble()
        numbers = [json.loads(entry["Detail"])["number"] for entry in Entries]
        if any(self.committed[number] == "poison for all" for number in numbers):
            raise ClientError({"Error": {"Code": "ValidationException"}}, "PutEvents")
        results = []
        for number in numbers:
            if self.committed[number] == "refused":
                results.append({"ErrorCode": "InvalidArgument"})
            elif next(self.dice, 0.5) < self.flaky:
                results.append({"ErrorCode": "InternalFailure"})
            else:
                self.published.add(number)
                results.append({"EventId": "1"})
        self._maybe_trouble()
        return {"Entries": results}

    def send_message(self, MessageBody: str, **_: Any) -> None:  # noqa: N803 - AWS's name
        self._maybe_trouble()
        body = json.loads(MessageBody)
        if "NewImage" in body or "beginning" in body:  # larger than any item is, parked in part
            self.parked_broken += 1
        else:
            self.parked.add(_number(body))
        self._maybe_trouble()

    def _maybe_trouble(self) -> None:
        if self.calls_until_trouble is not None:
            self.calls_until_trouble -= 1
            if self.calls_until_trouble < 0:
                raise self.trouble

    # What must hold.

    @invariant()
    def nothing_is_published_that_was_not_committed(self) -> None:
        assert self.published <= self.committed.keys()
        assert self.parked <= self.committed.keys()

    @invariant()
    def what_was_acknowledged_is_published_or_parked(self) -> None:
        for numbers in self.brought[: self.position]:
            assert numbers <= self.published | self.parked

    @invariant()
    def only_what_can_be_published_is(self) -> None:
        assert all(self.committed[number] in {"small", "large"} for number in self.published)

    def teardown(self) -> None:
        """In a calm world one more delivery ends it, whatever poison there is."""
        self.calls_until_trouble, self.flaky = None, 0.0
        before = self.parked.copy()
        publish(changes_of(stream_event(*self.stream[self.position :])), self.bus)
        rest = set().union(*self.brought[self.position :])
        good = {n for n, kind in self.committed.items() if kind in {"small", "large"}}
        assert self.published >= rest & good
        assert self.parked - before <= rest - good
        assert self.published | self.parked == self.committed.keys()
        assert self.parked_broken >= self.broken


def _event(number: int, kind: str) -> Any:
    event: Entry = {
        "source": "starling.things",
        "detail-type": "ThingMade.v1",
        "detail": json.dumps({"number": number}),
    }
    if kind == "large":
        event["detail"] = json.dumps({"number": number, "filler": "x" * 100_000})
    elif kind == "too large":
        event["detail"] = json.dumps({"number": number, "filler": "x" * MAX_ENTRY_BYTES})
    elif kind == "not JSON":
        event["detail"] = f"number {number}"
    elif kind == "no entry":
        return {"number": number}
    return event


def _number(body: Any) -> int:
    if "number" in body:
        return int(body["number"])
    detail: str = body["detail"]
    return int(detail.partition(" ")[2]) if detail[0] == "n" else json.loads(detail)["number"]


def _back(entry: dict[str, str]) -> Entry:
    return {
        "source": entry["Source"],
        "detail-type": entry["DetailType"],
        "detail": entry["Detail"],
    }


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(
    max_examples=120, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
