"""A message that fails for the last time is set aside with the reason and its first id."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pydantic import BaseModel

from runtime.clients import client
from runtime.queue import Hopeless
from runtime.testing import Context, Queues, queue_event
from runtime.worker import Worker, worker

Lines = Callable[[], list[dict[str, Any]]]

ASKED = {"tenant": "acme", "headers": "a=b"}


class Small(BaseModel):
    name: str


def failing(error: Exception) -> Worker:
    def work(message: Any) -> None:
        raise error

    return worker(work)


def failures(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def told(message: dict[str, Any]) -> dict[str, str]:
    return {n: a["StringValue"] for n, a in message["MessageAttributes"].items()}


def test_before_the_last_time_a_failure_only_comes_again(queues: Queues) -> None:
    for received in range(1, 5):
        event = queue_event({"a": 1}, received=received)
        assert failures(failing(OSError("down"))(event, Context())) == ["message-0"]
    assert queues.dead() == []


@pytest.mark.parametrize("received", [5, 6, 1000])
def test_the_last_failure_sets_a_message_aside_with_all_that_is_known_of_it(
    queues: Queues, received: int, lines: Lines, metrics: Lines
) -> None:
    event = queue_event({"a": 1}, received=received, attributes=ASKED)
    assert failures(failing(OSError("down,\n  out"))(event, Context())) == []
    (dead,) = queues.dead()
    assert json.loads(dead["Body"]) == {"a": 1}
    reason = f"gave up after {received} attempts: OSError: down, out"
    assert told(dead) == ASKED | {"origin": "message-0", "reason": reason}
    assert [line["message"] for line in lines()] == ["message failed", "message set aside"]
    counted = [name for one in metrics() for name in one if name.startswith("Messages")]
    assert counted == ["MessagesFailed", "MessagesSetAside"]


def test_a_queue_says_itself_how_many_times_there_are(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUEUE_ATTEMPTS", "500")
    for received in (5, 499):
        event = queue_event({}, received=received)
        assert failures(failing(OSError())(event, Context())) == ["message-0"]
    assert failures(failing(OSError())(queue_event({}, received=500), Context())) == []
    (dead,) = queues.dead()
    assert told(dead)["reason"] == "gave up after 500 attempts: OSError"


def test_a_value_that_a_model_refused_is_no_part_of_the_reason(
    queues: Queues, lines: Lines
) -> None:
    secret = "".join(["s3", "cr3t"])  # not as it stands here: a stack trace shows source lines

    def work(message: Any) -> None:
        Small.model_validate(message)

    event = queue_event({"name": {"email": f"{secret}\n, input_type={secret}"}}, received=5)
    assert failures(worker(work)(event, Context())) == []
    (dead,) = queues.dead()
    reason = told(dead)["reason"]
    assert reason.startswith("gave up after 5 attempts: ValidationError: 1 validation error for")
    assert "Input should be a valid string" in reason
    assert secret not in reason + json.dumps(lines())


def test_a_message_that_got_no_time_at_last_is_set_aside_too(queues: Queues, lines: Lines) -> None:
    seen: list[Any] = []
    event = queue_event("1", "2", received=5)
    assert failures(worker(seen.append)(event, Context(milliseconds=1_500))) == []
    assert seen == []
    reasons = [told(dead)["reason"] for dead in queues.dead()]
    assert reasons == ["gave up after 5 attempts: too little time"] * 2


def test_what_can_never_succeed_is_said_even_at_the_last_time(queues: Queues) -> None:
    event = queue_event({}, received=5, attributes=ASKED | {"attempt": "3"})
    assert failures(failing(Hopeless("nothing helps"))(event, Context())) == []
    (dead,) = queues.dead()
    # Without the attempt: moved back, it has all of them again.
    assert told(dead) == ASKED | {"origin": "message-0", "reason": "nothing helps"}


def test_a_message_that_was_moved_back_tells_its_first_id_and_its_newest_reason(
    queues: Queues, lines: Lines
) -> None:
    before = {"origin": "first", "reason": "gave up after 5 attempts: OSError: down"}
    event = queue_event({}, received=5, attributes=before)
    failing(ValueError("odd"))(event, Context())
    (dead,) = queues.dead()
    reason = "gave up after 5 attempts: ValueError: odd"
    assert told(dead) == {"origin": "first", "reason": reason}
    assert {line["message_id"] for line in lines()} == {"first"}


def test_while_no_message_can_be_set_aside_the_queue_itself_does_it(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, lines: Lines
) -> None:
    def refused(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "SendMessage")

    monkeypatch.setattr(client("sqs"), "send_message", refused)
    event = queue_event({}, {}, received=5)
    assert failures(failing(OSError("down"))(event, Context())) == ["message-0", "message-1"]
    kinds = [line["message"] for line in lines()]
    assert kinds.count("message failed") == kinds.count("message not set aside") == 2


@pytest.mark.parametrize("spoil", ["QUEUE_ATTEMPTS", "DEAD_LETTER_QUEUE_URL"])
def test_a_function_that_does_not_know_its_queue_leaves_it_to_the_queue(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    monkeypatch.delenv(spoil)
    event = queue_event({}, received=5)
    assert failures(failing(OSError("down"))(event, Context())) == ["message-0"]
    assert queues.dead() == []


def test_only_what_failed_for_the_last_time_leaves_a_batch(queues: Queues) -> None:
    seen: list[Any] = []

    def work(message: Any) -> None:
        if message["fails"]:
            raise OSError
        seen.append(message["n"])

    messages = [{"n": number, "fails": number in {1, 2}} for number in range(4)]
    event = queue_event(*messages)
    event["Records"][1]["attributes"]["ApproximateReceiveCount"] = "5"
    assert failures(worker(work)(event, Context())) == ["message-2"]
    assert seen == [0, 3]
    assert [json.loads(dead["Body"])["n"] for dead in queues.dead()] == [1]


def test_a_process_that_dies_before_the_queue_hears_of_it_only_leaves_a_second_copy(
    queues: Queues,
) -> None:
    event = queue_event({"a": 1}, received=5)
    for _ in range(2):  # the first answer never came
        failing(OSError("down"))(event, Context())
    first, second = queues.dead()
    assert (first["Body"], told(first)) == (second["Body"], told(second))


def test_a_worker_that_sends_again_but_cannot_keeps_the_first_id(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqs = client("sqs")
    send = sqs.send_message

    def only_aside(**call: Any) -> Any:
        if call["QueueUrl"] == queues.queue:
            raise ConnectionError
        return send(**call)

    monkeypatch.setattr(sqs, "send_message", only_aside)
    event = queue_event({}, received=5, attributes=ASKED | {"attempt": "2"})
    assert failures(worker(lambda message: None, attempts=9)(event, Context())) == []
    (dead,) = queues.dead()
    reason = "gave up after 5 attempts: ConnectionError"
    assert told(dead) == ASKED | {"origin": "message-0", "reason": reason}
