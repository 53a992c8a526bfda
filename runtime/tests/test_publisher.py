"""The outbox's second half: what is published, what is parked, and what stops nothing."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from contracts.events.users import UserDeactivated
from contracts.limits import MAX_BODY_BYTES, MAX_ENTRY_BYTES, Entry, entry_size
from runtime import outbox, publisher
from runtime.attributes import marshal
from runtime.changes import Create, Key, Update
from runtime.clients import client
from runtime.publisher import ATTEMPTS, MAX_ENTRIES, MAX_WAIT_SECONDS, Bus
from runtime.stream import changes_of
from runtime.testing import Context, cause, stream_event

Lines = Callable[[], list[dict[str, Any]]]
KEY = Key("TENANT#acme#THING#1", "THING")


def entry(number: int = 0, size: int = 0) -> Entry:
    made: Entry = {
        "source": "starling.things",
        "detail-type": "ThingMade.v1",
        "detail": json.dumps({"number": number, "filler": ""}),
    }
    filler = "x" * max(0, size - entry_size(made))
    made["detail"] = json.dumps({"number": number, "filler": filler})
    return made


def image(*events: Any, revision: int = 1) -> dict[str, Any]:
    item: dict[str, Any]
    item = Create(key=KEY, data={"n": 1}, revision=revision).operation()["parameters"]["Item"]
    return item | ({"outbox": marshal(list(events))} if events else {})


class Refused(ClientError):
    """The bus refuses a whole request."""

    def __init__(self, code: str) -> None:
        super().__init__({"Error": {"Code": code, "Message": "no"}}, "PutEvents")


class FakeBus:
    """The two AWS clients of a bus, and what arrived at each.

    `judge` says of an entry with which code it is refused, or None; raising refuses the request.
    """

    def __init__(self, judge: Callable[[dict[str, str]], str | None] = lambda entry: None) -> None:
        self.judge = judge
        self.requests: list[list[dict[str, str]]] = []
        self.published: list[dict[str, Any]] = []
        self.parked: list[dict[str, Any]] = []
        self.waits: list[float] = []
        self.reachable = True
        self.bus = Bus(self, lambda: self, "bus-1", "https://parked", self.waits.append)  # type: ignore[arg-type,return-value]  # a stub

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        self.requests.append(Entries)
        codes = [self.judge(entry) for entry in Entries]
        results = []
        for sent, code in zip(Entries, codes, strict=True):
            assert sent["EventBusName"] == "bus-1"
            if code is None:
                self.published.append(json.loads(sent["Detail"]))
                results.append({"EventId": "1"})
            else:
                results.append({"ErrorCode": code, "ErrorMessage": "because"})
        return {"FailedEntryCount": len(codes) - codes.count(None), "Entries": results}

    def send_message(
        self,
        QueueUrl: str,  # noqa: N803 - AWS's name
        MessageBody: str,  # noqa: N803 - AWS's name
        MessageAttributes: dict[str, dict[str, str]],  # noqa: N803 - AWS's name
    ) -> None:
        if not self.reachable:
            raise OSError("unreachable")
        assert len(MessageBody) < MAX_BODY_BYTES
        reason = MessageAttributes["cause"]["StringValue"]
        assert reason.isprintable()
        assert 0 < len(reason) <= 1000
        self.parked.append({"cause": reason, "body": json.loads(MessageBody)})

    def publish(self, *images: tuple[Any, Any]) -> None:
        publisher.publish(changes_of(stream_event(*images)), self.bus)

    @property
    def numbers(self) -> list[int]:
        return [detail["number"] for detail in self.published]


def test_the_events_that_a_change_brings_are_published() -> None:
    fake = FakeBus()
    fake.publish((None, image(entry(1), entry(2))))
    assert fake.requests == [
        [
            {
                "EventBusName": "bus-1",
                "Source": "starling.things",
                "DetailType": "ThingMade.v1",
                "Detail": entry(number)["detail"],
            }
            for number in (1, 2)
        ]
    ]


def test_events_that_the_item_carried_before_are_not_published_again() -> None:
    fake = FakeBus()
    fake.publish((image(entry(1)), image(entry(1), entry(2), revision=2)))
    fake.publish((image(entry(2)), image(entry(2), revision=3)))
    assert fake.numbers == [2]


def test_a_change_without_events_asks_nothing_of_the_bus() -> None:
    fake = FakeBus()
    fake.publish((None, image()), (image(entry(1)), image()), (image(entry(1)), None))
    assert fake.requests == []
    assert fake.parked == []


def test_a_real_event_is_published_from_a_real_item(service_table: Any) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    data = UserDeactivated(
        user_id="usr_01ARZ3NDEKTSV4RRFFQ69G5FAV", reason="asked for it", deactivated_at=now
    )
    event = outbox.outgoing(data, subject=data.user_id, revision=2, cause=cause(), now=now)
    service_table.commit(Create(key=KEY, data={}))
    service_table.commit(Update(key=KEY, data={}, revision=2, expected=1, events=[event]))
    stored = service_table.get(KEY)
    assert stored.events == [event]
    fake = FakeBus()
    fake.publish((image(), image(*stored.events)))
    (detail,) = fake.published
    assert detail["metadata"]["subject"] == data.user_id
    assert detail["metadata"]["idempotency_key"] == f"UserDeactivated.v1:{data.user_id}:2"
    assert detail["data"]["reason"] == "asked for it"


def test_requests_are_bounded_by_number() -> None:
    fake = FakeBus()
    fake.publish(*[(None, image(*[entry(n) for n in range(7)])) for _ in range(5)])
    assert [len(request) for request in fake.requests] == [10, 10, 10, 5]
    assert MAX_ENTRIES == 10


def test_requests_are_bounded_by_bytes() -> None:
    fake = FakeBus()
    half = MAX_ENTRY_BYTES // 2
    sizes = [half, half, half, half + 1, 200, MAX_ENTRY_BYTES, 200]
    fake.publish((None, image(*[entry(n, size) for n, size in enumerate(sizes)])))
    assert [len(request) for request in fake.requests] == [2, 1, 2, 1, 1]
    assert fake.numbers == list(range(7))


POISON: list[tuple[Any, str]] = [
    ("text", "not an outbox entry"),
    ({"source": "a", "detail": "{}"}, "not an outbox entry"),
    ({"source": "a", "detail-type": "b", "detail": {"a": 1}}, "not an outbox entry"),
    ({"source": "a", "detail-type": "b", "detail": None}, "not an outbox entry"),
    ({"source": "", "detail-type": "b", "detail": "{}"}, "a field is empty"),
    ({"source": "a", "detail-type": "", "detail": "{}"}, "a field is empty"),
    ({"source": "a", "detail-type": "b", "detail": "{oops"}, "the detail is not JSON"),
    ({"source": "a", "detail-type": "b", "detail": "[1]"}, "not a JSON object"),
    ({"source": "a", "detail-type": "b", "detail": "[" * 50_000}, "the detail is not JSON"),
    ({"source": "a", "detail-type": "b", "detail": "1" * 5_000}, "the detail is not JSON"),
    ({"source": "\ud800", "detail-type": "b", "detail": "{}"}, "the detail is not JSON"),
    (entry(9, MAX_ENTRY_BYTES + 1), "262145 bytes: too large"),
]


@pytest.mark.parametrize(("poison", "reason"), POISON)
def test_what_the_bus_would_refuse_is_parked_and_the_others_go_on(
    poison: Any, reason: str, lines: Lines, metrics: Lines
) -> None:
    fake = FakeBus()
    fake.publish((None, image(entry(1), poison, entry(2))), (None, image(entry(3))))
    assert fake.numbers == [1, 2, 3]
    (parked,) = fake.parked
    assert reason in parked["cause"]
    assert parked["body"] == poison
    assert [line["message"] for line in lines() if line["level"] == "ERROR"] == ["event parked"]
    assert [metric["EventsParked"] for metric in metrics()] == [[1.0]]


BROKEN_IMAGES = [
    {"outbox": {"S": "junk"}},
    {"outbox": {"N": "5"}},
    {"outbox": {"M": {"a": {"S": "b"}}}},
    {"outbox": {"L": [{"SS": ["a"]}]}},
    {"outbox": {"L": [{}]}},
    {"outbox": {"L": ["junk"]}},
    {"data": {"S": "junk"}},
    {"data": {"M": {"n": {"N": "1.5"}}}},
    {"revision": {"N": "x"}},
    {"revision": {"S": "1"}},
    {"expires_at": {"S": "soon"}},
]


@pytest.mark.parametrize("broken", BROKEN_IMAGES)
def test_an_item_in_another_layout_is_parked_and_the_others_go_on(broken: dict[str, Any]) -> None:
    fake = FakeBus()
    item = image(entry(0)) | broken
    fake.publish((None, image(entry(1))), (None, item), (item, image(entry(2))), (item, None))
    assert fake.numbers == [1, 2]
    (parked,) = fake.parked
    assert parked["cause"] == "the item is not in the table's layout"
    assert parked["body"]["NewImage"] == item


def test_what_is_too_large_to_park_is_parked_in_part() -> None:
    fake = FakeBus()
    poison = entry(7) | {"detail": "é" * 190_000}
    fake.publish((None, image(poison, entry(1))))
    (parked,) = fake.parked
    assert parked["body"]["bytes"] > MAX_BODY_BYTES
    assert parked["body"]["beginning"].startswith('{"source": "starling.things"')
    assert fake.numbers == [1]


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure", "SomethingNew"])
def test_refused_entries_are_sent_again_alone_until_the_bus_takes_them(code: str) -> None:
    refusals = [code] * 3

    def judge(sent: dict[str, str]) -> str | None:
        return refusals.pop() if '"number": 2' in sent["Detail"] and refusals else None

    fake = FakeBus(judge)
    fake.publish((None, image(*[entry(n) for n in range(4)])))
    assert fake.numbers == [0, 1, 3, 2]
    assert [len(request) for request in fake.requests] == [4, 1, 1, 1]
    assert fake.parked == []


def test_what_the_bus_goes_on_to_refuse_is_parked_with_its_cause() -> None:
    fake = FakeBus(lambda sent: "InternalFailure" if '"number": 2' in sent["Detail"] else None)
    fake.publish((None, image(*[entry(n) for n in range(4)])))
    assert fake.numbers == [0, 1, 3]
    assert fake.parked == [{"cause": "InternalFailure: because", "body": entry(2)}]
    assert len(fake.requests) == ATTEMPTS


def test_waiting_between_attempts_grows_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    monkeypatch.setattr(publisher, "ATTEMPTS", 9)
    fake = FakeBus(lambda sent: "ThrottlingException")
    fake.publish((None, image(entry(1))))
    assert fake.waits[:5] == sorted(set(fake.waits))
    assert max(fake.waits) == fake.waits[-1] == MAX_WAIT_SECONDS
    assert len(fake.waits) == 8


def test_a_final_refusal_is_parked_at_once() -> None:
    fake = FakeBus(lambda sent: "MalformedDetail" if '"number": 2' in sent["Detail"] else None)
    fake.publish((None, image(*[entry(n) for n in range(4)])))
    assert fake.numbers == [0, 1, 3]
    assert [parked["cause"] for parked in fake.parked] == ["MalformedDetail: because"]
    assert (len(fake.requests), fake.waits) == (1, [])


@pytest.mark.parametrize("code", ["ValidationException", "413"])
@pytest.mark.parametrize("poison", [{0}, {3}, {9}, {0, 1, 9}, set(range(10))])
def test_entries_for_which_a_whole_request_is_refused_are_found_and_parked(
    code: str, poison: set[int]
) -> None:
    def judge(sent: dict[str, str]) -> None:
        if json.loads(sent["Detail"])["number"] in poison:
            raise Refused(code)

    fake = FakeBus(judge)
    fake.publish((None, image(*[entry(n) for n in range(10)])))
    assert set(fake.numbers) == set(range(10)) - poison
    assert {parked["body"]["detail"] for parked in fake.parked} == {
        entry(number)["detail"] for number in poison
    }


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "ExpiredToken"])
def test_a_bus_that_lets_us_do_nothing_makes_the_stream_try_again(code: str) -> None:
    def judge(sent: dict[str, str]) -> None:
        raise Refused(code)

    fake = FakeBus(judge)
    with pytest.raises(Refused):
        fake.publish((None, image(entry(1))))
    assert fake.parked == []


def test_a_failure_queue_out_of_reach_makes_the_stream_try_again() -> None:
    fake = FakeBus()
    fake.reachable = False
    with pytest.raises(OSError, match="unreachable"):
        fake.publish((None, image("poison")))


def test_the_handler_publishes_on_the_bus_of_the_settings(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = client("sqs").create_queue(QueueName="failures")["QueueUrl"]
    monkeypatch.setenv("BUS_NAME", "starling-unit")
    monkeypatch.setenv("FAILURE_QUEUE_URL", queue)
    publisher.handler._collaborators._made = None
    with Stubber(client("events")) as stub:
        stub.add_response(
            "put_events",
            {"Entries": [{"EventId": "1"}]},
            {
                "Entries": [
                    {
                        "EventBusName": "starling-unit",
                        "Source": "starling.things",
                        "DetailType": "ThingMade.v1",
                        "Detail": entry(1)["detail"],
                    }
                ]
            },
        )
        publisher.handler(stream_event((None, image(entry(1), "poison"))), Context())
        stub.assert_no_pending_responses()
    publisher.handler._collaborators._made = None
    (message,) = client("sqs").receive_message(QueueUrl=queue, MessageAttributeNames=["All"])[
        "Messages"
    ]
    assert json.loads(message["Body"]) == "poison"
    assert message["MessageAttributes"]["cause"]["StringValue"] == "not an outbox entry"
