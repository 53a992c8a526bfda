"""A message that fails is sent again, later each time, and set aside in the end."""

import json
from typing import Any

import pytest

from runtime.clients import client
from runtime.queue import Hopeless
from runtime.requeue import MAX_DELAY_SECONDS
from runtime.testing import Context, Queues, queue_event
from runtime.worker import Worker, worker

ASKED = {"tenant": "acme", "user": "ada"}


class Sent:
    """What a worker sends while its SQS does as usual."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[dict[str, Any]] = []
        sqs = client("sqs")
        send = sqs.send_message

        def sent(**call: Any) -> Any:
            self.calls.append(call)
            return send(**call)

        monkeypatch.setattr(sqs, "send_message", sent)

    def next(self) -> dict[str, Any]:
        """Return the only message that was sent, as SQS would hand it over again."""
        (call,) = self.calls
        self.calls.clear()
        attributes = {n: a["StringValue"] for n, a in call["MessageAttributes"].items()}
        event = queue_event(call["MessageBody"], attributes=attributes)
        event["Records"][0]["messageId"] = f"later-{attributes.get('attempt')}"
        return event


@pytest.fixture
def sent(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> Sent:
    return Sent(monkeypatch)


def failing(attempts: int = 3, error: Exception | None = None) -> Worker:
    def work(message: Any) -> None:
        raise error or OSError("down, and ada@example.com is somebody's address")

    return worker(work, attempts=attempts)


def attributes(message: dict[str, Any]) -> dict[str, str]:
    return {n: a["StringValue"] for n, a in message["MessageAttributes"].items()}


def test_a_message_that_fails_goes_back_with_its_attempt_counted(
    sent: Sent, queues: Queues
) -> None:
    answer = failing()(queue_event({"a": 1}, attributes=ASKED), Context())
    assert answer == {"batchItemFailures": []}
    (call,) = sent.calls
    assert (call["QueueUrl"], json.loads(call["MessageBody"])) == (queues.queue, {"a": 1})
    assert attributes(call) == ASKED | {"origin": "message-0", "attempt": "2"}


def test_the_delay_doubles_up_to_what_sqs_takes(sent: Sent) -> None:
    delays = []
    event = queue_event({})
    for _ in range(14):
        failing(attempts=20)(event, Context())
        delays.append(sent.calls[0]["DelaySeconds"])
        event = sent.next()
    for number, delay in enumerate(delays, 1):
        longest = min(MAX_DELAY_SECONDS, 2**number)
        assert longest // 2 <= delay <= longest


def test_the_last_attempt_sets_it_aside_with_the_reason_and_its_first_id(
    sent: Sent, queues: Queues
) -> None:
    event = queue_event({"a": 1}, attributes=ASKED)
    for _ in range(2):
        failing()(event, Context())
        event = sent.next()
    assert failing()(event, Context()) == {"batchItemFailures": []}
    (dead,) = queues.dead()
    assert json.loads(dead["Body"]) == {"a": 1}
    reason = "gave up after 3 attempts: OSError"
    # Without the attempt: moved back, it has all of them again.
    assert attributes(dead) == ASKED | {"origin": "message-0", "reason": reason}


def test_a_hopeless_message_is_set_aside_at_once_with_its_attributes(
    sent: Sent, queues: Queues
) -> None:
    failing(error=Hopeless("nothing helps"))(queue_event({}, attributes=ASKED), Context())
    (dead,) = queues.dead()
    assert attributes(dead) == ASKED | {"origin": "message-0", "reason": "nothing helps"}


@pytest.mark.parametrize("number", ["x", "", "-1", "٣", "1.5"])
def test_an_attempt_that_is_no_number_is_hopeless(sent: Sent, queues: Queues, number: str) -> None:
    failing()(queue_event({}, attributes={"attempt": number}), Context())
    (dead,) = queues.dead()
    reason = "the message's attempt is not a number"
    assert attributes(dead) == {"origin": "message-0", "reason": reason}


def test_a_message_that_ends_its_process_keeps_its_id_and_comes_to_an_end(
    sent: Sent, queues: Queues
) -> None:
    seen: list[Any] = []
    one = worker(seen.append, attempts=2)
    assert one(queue_event({}, received=2), Context()) == {"batchItemFailures": []}
    assert one(queue_event({}, received=3), Context()) == {"batchItemFailures": []}
    assert len(seen) == 1
    event = sent.next()
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = "3"
    one(event, Context())
    (dead,) = queues.dead()
    assert attributes(dead)["reason"] == "gave up after 2 attempts: Interrupted"
    assert attributes(dead)["origin"] == "message-0"


def test_a_message_that_cannot_be_sent_again_stays_in_the_queue(
    queues: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(**_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(client("sqs"), "send_message", down)
    answer = failing()(queue_event({}, {}), Context())
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == [
        "message-0",
        "message-1",
    ]


def test_the_others_of_the_batch_are_not_disturbed(sent: Sent) -> None:
    seen: list[Any] = []

    def work(message: Any) -> None:
        if message == "bad":
            raise OSError
        seen.append(message)

    answer = worker(work, attempts=2)(queue_event('"a"', '"bad"', '"b"'), Context())
    assert (answer, seen) == ({"batchItemFailures": []}, ["a", "b"])
    assert attributes(sent.calls[0])["origin"] == "message-1"
