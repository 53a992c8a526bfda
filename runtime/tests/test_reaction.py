"""A batch of a queue: each message on its own, whatever the others do."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.reader import Reader
from runtime.changes import Create, Exists, Key, Outdated, Project, RevisionConflict, Update
from runtime.clients import client
from runtime.inbox import RETENTION, Mark
from runtime.logs import logger
from runtime.queue import MAX_BACKOFF_SECONDS, Hopeless
from runtime.reaction import Event, Reaction, reaction
from runtime.testing import Context, Queues, incoming, queue_event
from runtime.worker import worker

Lines = Callable[[], list[dict[str, Any]]]
KEY = Key("TENANT#acme#THING#1", "THING")


class Renamed(Reader, source="starling.things", event="ThingRenamed.v1"):
    name: str


def renamed(name: Any = "a", **options: Any) -> dict[str, Any]:
    options = {"subject": "thg_1"} | options
    return incoming("starling.things", "ThingRenamed.v1", {"name": name, "more": 1}, **options)


def doing(act: Callable[[Event[Renamed]], None]) -> Reaction:
    def on_renamed(event: Event[Renamed]) -> None:
        act(event)

    return reaction(on_renamed)


def failures(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_the_declaration_says_which_event_is_read() -> None:
    declared = doing(lambda event: None)
    assert declared.reader is Renamed
    assert (declared.source, declared.detail_type) == ("starling.things", "ThingRenamed.v1")
    assert (declared.name, declared.fact) == ("on_renamed", False)
    assert reaction(declared.function, fact=True).fact is True


def test_the_function_gets_the_fields_that_it_reads_and_the_envelope() -> None:
    seen: list[Event[Renamed]] = []
    message = renamed("Zoë", revision=4, tenant="globex")
    assert doing(seen.append)(queue_event(message), Context()) == {"batchItemFailures": []}
    (event,) = seen
    metadata = message["detail"]["metadata"]
    assert (event.data, event.reaction) == (Renamed(name="Zoë"), "on_renamed")
    assert (event.tenant, event.subject, event.revision) == ("globex", "thg_1", 4)
    assert event.cause.tenant == "globex"
    assert event.cause.correlation_id == metadata["correlation_id"]
    assert event.cause.causation_id == metadata["id"]


def test_the_function_gets_the_time_and_its_collaborators_once_made() -> None:
    made: list[str] = []
    times: list[datetime] = []

    def store() -> str:
        made.append("made")
        return "store"

    def on_renamed(event: Event[Renamed], now: datetime, store: str) -> None:
        times.append(now)

    declared = reaction(on_renamed, store=store)
    declared(queue_event(renamed(), renamed()), Context())
    assert made == ["made"]
    assert all(abs(datetime.now(UTC) - now) < timedelta(minutes=1) for now in times)
    assert len(times) == 2


def test_one_failing_message_is_the_only_one_that_comes_again(
    queues: Queues, lines: Lines, metrics: Lines
) -> None:
    done: list[str] = []

    def act(event: Event[Renamed]) -> None:
        if event.data.name == "bad":
            raise RuntimeError("not now")
        done.append(event.data.name)

    event = queue_event(renamed("a"), renamed("bad"), renamed("c"))
    assert failures(doing(act)(event, Context())) == ["message-1"]
    assert done == ["a", "c"]
    (line,) = [line for line in lines() if line["message"] == "message failed"]
    assert "RuntimeError: not now" in line["exception"]
    assert line["message_id"] == "message-1"
    assert [metric["MessagesFailed"] for metric in metrics()] == [[1.0]]
    assert queues.dead() == []


BROKEN: list[Any] = [
    "not JSON",
    "",
    "null",
    "[]",
    "[" * 30_000,
    renamed() | {"source": "starling.others"},
    renamed() | {"detail-type": "ThingRenamed.v2"},
    renamed() | {"detail": None},
    renamed(name=7),
    renamed(revision=0),
    renamed(tenant="Acme#ORDER"),
    renamed(subject="a b"),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_message_that_breaks_its_contract_is_set_aside_with_the_reason(
    queues: Queues, broken: Any, metrics: Lines
) -> None:
    done: list[str] = []
    event = queue_event(renamed("a"), broken, renamed("c"))
    # SQS takes no empty message, and gives none.
    event["Records"][1]["body"] = event["Records"][1]["body"] or " "
    assert failures(doing(lambda e: done.append(e.data.name))(event, Context())) == []
    assert done == ["a", "c"]
    (dead,) = queues.dead()
    assert dead["Body"] == event["Records"][1]["body"]
    reason = dead["MessageAttributes"]["reason"]["StringValue"]
    assert reason.startswith("$")
    assert [metric["MessagesSetAside"] for metric in metrics()] == [[1.0]]


def test_the_log_of_a_broken_message_holds_nothing_of_it(queues: Queues, lines: Lines) -> None:
    secrets = ["ada@example.org", "s3cr3t", "+49 30 1234"]
    message = renamed({"email": secrets[0], secrets[1]: secrets[2]})
    message["detail"]["metadata"]["subject"] = secrets[2]
    doing(lambda event: None)(queue_event(message, json.dumps(message)[:-9]), Context())
    assert len(lines()) == 2
    assert not [s for s in secrets if s in json.dumps(lines())]


def test_the_log_of_a_failure_holds_no_value_that_a_model_refused(
    queues: Queues, lines: Lines
) -> None:
    secret = "".join(["s3", "cr3t"])  # not as it stands here: a stack trace shows source lines

    def act(event: Event[Renamed]) -> None:
        Renamed.model_validate({"name": {"email": secret}})

    doing(act)(queue_event(renamed()), Context())
    text = json.dumps(lines())
    assert "Input should be a valid string" in text
    assert secret not in text


@pytest.mark.parametrize("reason", ["", "a\nb\0c", "é" * 10, "x" * 5000, "\ud800"])
def test_any_reason_is_fit_for_a_message_attribute(queues: Queues, reason: str) -> None:
    def work(message: Any) -> None:
        raise Hopeless(reason)

    assert failures(worker(work)(queue_event({"a": 1}), Context())) == []
    (dead,) = queues.dead()
    told = dead["MessageAttributes"]["reason"]["StringValue"]
    assert 1 <= len(told) <= 1000
    assert told.isascii()
    assert told.isprintable()


def test_a_dead_letter_queue_out_of_reach_keeps_the_message(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    monkeypatch.setenv("DEAD_LETTER_QUEUE_URL", queues.dead_letters + "-gone")
    answer = doing(lambda event: None)(queue_event("broken", renamed()), Context())
    assert failures(answer) == ["message-0"]
    assert "message not set aside" in [line["message"] for line in lines()]


def delivered(queues: Queues, *messages: Any) -> dict[str, Any]:
    """Send messages through the real queue, and receive them as a function does."""
    sqs = client("sqs")
    for message in messages:
        sqs.send_message(QueueUrl=queues.queue, MessageBody=json.dumps(message))
    event = queue_event(*messages)
    received = sqs.receive_message(
        QueueUrl=queues.queue, MaxNumberOfMessages=10, VisibilityTimeout=3600
    )["Messages"]
    for record, message in zip(event["Records"], received, strict=True):
        record["receiptHandle"] = message["ReceiptHandle"]
    return event


def test_waiting_for_the_next_attempt_grows_and_is_capped(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []

    def longest(low: int, high: int) -> int:
        asked.append((low, high))
        return high

    monkeypatch.setattr(random, "randint", longest)
    monkeypatch.setenv("QUEUE_ATTEMPTS", "1001")
    event = delivered(queues, renamed())

    def act(event: Event[Renamed]) -> None:
        raise RuntimeError

    for received in (1, 2, 3, 9, 10, 11, 1000):
        event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(received)
        assert failures(doing(act)(event, Context())) == ["message-0"]
    assert asked == [(1, high) for high in (2, 4, 8, 512, 900, 900, 900)]
    assert MAX_BACKOFF_SECONDS == 900


def test_a_failed_message_is_invisible_until_its_time(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    monkeypatch.setattr(random, "randint", lambda low, high: 0)
    event = delivered(queues, renamed(), renamed())

    def act(event: Event[Renamed]) -> None:
        raise RuntimeError

    event["Records"].pop()
    doing(act)(event, Context())
    again = client("sqs").receive_message(QueueUrl=queues.queue, MaxNumberOfMessages=10)
    assert len(again["Messages"]) == 1
    assert "delay not set" not in [line["message"] for line in lines()]


@pytest.mark.parametrize("change", [{"receiptHandle": "unknown"}, {"attributes": {}}])
def test_a_delay_that_cannot_be_set_costs_nothing(
    queues: Queues, lines: Lines, change: dict[str, Any]
) -> None:
    def act(event: Event[Renamed]) -> None:
        raise RuntimeError

    event = queue_event(renamed(), renamed())
    event["Records"][0] |= change
    assert failures(doing(act)(event, Context())) == ["message-0", "message-1"]
    assert "delay not set" in [line["message"] for line in lines()]


def test_near_the_end_of_its_time_the_rest_is_left_for_later(queues: Queues, lines: Lines) -> None:
    context = Context(milliseconds=2_500)
    done: list[str] = []

    def act(event: Event[Renamed]) -> None:
        done.append(event.data.name)
        context.milliseconds -= 400

    event = queue_event(renamed("a"), renamed("b"), renamed("c"), "broken")
    assert failures(doing(act)(event, context)) == ["message-2", "message-3"]
    assert done == ["a", "b"]
    left = [line for line in lines() if "too little time" in line["message"]]
    assert [line["level"] for line in left] == ["WARNING", "WARNING"]
    assert queues.dead() == []


def test_each_line_carries_the_ids_of_its_own_message(queues: Queues, lines: Lines) -> None:
    messages = [renamed("a", tenant="acme"), renamed("b", tenant="globex")]
    event = queue_event(messages[0], "broken", messages[1])
    doing(lambda event: logger.info("working", named=event.data.name))(event, Context())
    first, broken, second = lines()
    for line, message in ((first, messages[0]), (second, messages[1])):
        metadata = message["detail"]["metadata"]
        assert line["tenant_id"] == metadata["tenant_id"]
        assert line["correlation_id"] == metadata["correlation_id"]
        assert line["causation_id"] == metadata["id"]
    assert broken["message"] == "message set aside"
    assert not {"tenant_id", "correlation_id", "causation_id"} & broken.keys()


UPDATE = Update(key=KEY, data={}, revision=2, expected=1)


@pytest.mark.parametrize(
    ("failure", "dropped"),
    [
        (Outdated(Project(key=KEY, data={}, revision=1)), "older than what is known"),
        (Exists(Mark(key=KEY, data={})), "handled before"),
        (Exists(Create(key=KEY, data={})), None),
        (RevisionConflict(UPDATE), None),
    ],
)
def test_an_old_or_handled_event_is_dropped_and_other_failures_are_not(
    queues: Queues, failure: Exception, dropped: str | None, lines: Lines, metrics: Lines
) -> None:
    def act(event: Event[Renamed]) -> None:
        raise failure

    answer = doing(act)(queue_event(renamed()), Context())
    assert failures(answer) == ([] if dropped else ["message-0"])
    whys = [line["why"] for line in lines() if line["message"] == "event dropped"]
    assert whys == ([dropped] if dropped else [])
    counted = [metric["reaction"] for metric in metrics() if "EventsDropped" in metric]
    assert counted == (["on_renamed"] if dropped else [])


def test_a_mark_is_one_events_for_one_reaction_and_part() -> None:
    now = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    seen: list[Event[Renamed]] = []
    messages = [renamed(), renamed(tenant="globex")]
    doing(seen.append)(queue_event(*messages), Context())
    one, other = seen
    keys = {one.mark(now).key, one.mark(now, "b").key, other.mark(now).key}
    assert len(keys) == 3
    assert one.mark(now).key == Key(f"TENANT#acme#INBOX#on_renamed#{one.metadata.id}", "MARK#")


def test_marks_outlive_whatever_may_bring_an_event_again() -> None:
    queue = dead_letters = timedelta(days=14)
    archive = timedelta(days=90)
    assert queue + dead_letters + archive < RETENTION


def test_a_worker_gets_each_message_of_its_queue(queues: Queues, lines: Lines) -> None:
    seen: list[Any] = []

    def work(message: Any, store: str) -> None:
        if message == "bad":
            raise RuntimeError
        seen.append((message, store))

    declared = worker(work, store=lambda: "store")
    event = queue_event({"a": 1}, '"bad"', "not JSON", "[" * 30_000, "[1]")
    assert failures(declared(event, Context())) == ["message-1"]
    assert seen == [({"a": 1}, "store"), ([1], "store")]
    assert declared.name == "work"
    reasons = [m["MessageAttributes"]["reason"]["StringValue"] for m in queues.dead()]
    assert reasons == ["the message is not JSON"] * 2
