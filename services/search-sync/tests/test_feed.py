"""The table's stream feeds the index, and nothing holds it up."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from runtime.clients import client
from runtime.testing import Context, Queues, queue_event, stream_event
from search_sync.retries import Retry, RetryQueue
from search_sync.streams import feed_index
from search_sync.workers import retry_index


@dataclass
class Deferred:
    """The retry queue, and the dead-letter queue behind its worker."""

    url: str
    queues: Queues

    def waiting(self) -> list[Any]:
        sqs: Any = client("sqs")
        found: list[Any] = []
        while messages := sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            found += [json.loads(message["Body"]) for message in messages]
        return found

    def reasons(self) -> list[str]:
        attributes = [message["MessageAttributes"] for message in self.queues.dead()]
        return [attribute["reason"]["StringValue"] for attribute in attributes]


@pytest.fixture
def deferred(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> Deferred:
    url = client("sqs").create_queue(QueueName="retries")["QueueUrl"]
    monkeypatch.setenv("RETRY_QUEUE_URL", url)
    return Deferred(url, queues)


def feed(*images: tuple[dict[str, Any] | None, dict[str, Any] | None]) -> None:
    feed_index.handler(stream_event(*images), Context())


def retry(*messages: object) -> list[dict[str, str]]:
    failures: list[dict[str, str]] = retry_index.handler(queue_event(*messages), Context())[
        "batchItemFailures"
    ]
    return failures


def test_a_new_row_becomes_a_document(
    projected: Any, told: Any, index: Any, deferred: Deferred
) -> None:
    projected.deliver(told.registered())
    feed((None, projected.image()))
    assert index.documents[f"acme:user:{told.ada}"]["title"] == "Ada Lovelace"
    assert index.bulks[0][0].tenant == "acme"
    assert deferred.waiting() == []


def test_a_changed_row_replaces_its_document(
    projected: Any, told: Any, index: Any, deferred: Deferred
) -> None:
    projected.deliver(told.registered())
    old = projected.image()
    projected.deliver(told.updated())
    feed((None, old))
    feed((old, projected.image()))
    assert index.documents[f"acme:user:{told.ada}"]["title"] == "Ada King"


def test_a_batch_that_comes_again_takes_no_document_back(
    projected: Any, told: Any, index: Any, deferred: Deferred
) -> None:
    projected.deliver(told.registered())
    old = projected.image()
    projected.deliver(told.updated())
    feed((old, projected.image()))
    feed((None, old))
    assert index.documents[f"acme:user:{told.ada}"]["title"] == "Ada King"


def test_of_several_changes_of_a_row_only_the_last_is_written(
    projected: Any, told: Any, index: Any, deferred: Deferred
) -> None:
    projected.deliver(told.registered())
    old = projected.image()
    projected.deliver(told.updated())
    feed((None, old), (old, projected.image()))
    assert [write.version for write in index.bulks[0]] == [2]


def test_an_erased_users_document_is_taken_out(
    projected: Any, told: Any, index: Any, deferred: Deferred
) -> None:
    projected.deliver(told.registered())
    old = projected.image()
    feed((None, old))
    projected.deliver(told.erased())
    feed((old, projected.image()))
    assert index.documents == {}
    feed((None, old))
    assert index.documents == {}


def test_a_row_that_vanished_takes_its_document_along(
    projected: Any, told: Any, index: Any, deferred: Deferred
) -> None:
    projected.deliver(told.registered(), told.placed())
    row = projected.image(f"ORDER#{told.tea}")
    feed((None, row))
    assert index.documents
    feed((row, None))
    assert index.documents == {}


def test_while_the_engine_is_down_rows_wait_in_the_retry_queue(
    projected: Any, told: Any, index: Any, deferred: Deferred
) -> None:
    users = [f"usr_01JD00000000000000000000{number:02}" for number in range(25)]
    projected.deliver(*[told.registered(user=user) for user in users])
    images = client("dynamodb").scan(TableName=projected.table._name)["Items"]
    index.down = True
    feed(*[(None, image) for image in images])
    messages = deferred.waiting()
    assert sorted(message["pk"] for message in messages) == [
        f"TENANT#acme#USER#{user}" for user in users
    ]

    assert len(retry(*messages)) == len(messages)
    index.down = False
    assert retry(*messages) == []
    assert len(index.documents) == len(users)


def test_a_retry_writes_the_row_as_it_is_by_then(
    projected: Any, told: Any, index: Any, deferred: Deferred
) -> None:
    projected.deliver(told.registered())
    index.down = True
    feed((None, projected.image()))
    index.down = False
    projected.deliver(told.updated())
    assert retry(*deferred.waiting()) == []
    assert index.documents[f"acme:user:{told.ada}"]["title"] == "Ada King"


def test_a_retry_of_a_row_that_is_gone_takes_the_document_out(
    projected: Any, told: Any, index: Any, deferred: Deferred
) -> None:
    projected.deliver(told.registered())
    row = projected.image()
    feed((None, row))
    index.down = True
    feed((row, None))
    index.down = False
    client("dynamodb").delete_item(
        TableName=projected.table._name, Key={"pk": row["pk"], "sk": row["sk"]}
    )
    assert retry(*deferred.waiting()) == []
    assert index.documents == {}


def test_a_document_that_the_engine_refuses_for_good_is_set_aside_with_the_reason(
    projected: Any, told: Any, index: Any, deferred: Deferred
) -> None:
    projected.deliver(told.registered(), told.placed())
    index.refuses[f"acme:user:{told.ada}"] = "mapper_parsing_exception: no such date"
    feed((None, projected.image()), (None, projected.image(f"ORDER#{told.tea}")))
    assert set(index.documents) == {f"acme:order:{told.tea}"}
    assert retry(*deferred.waiting()) == []
    assert deferred.reasons() == ["mapper_parsing_exception: no such date"]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param({"revision": {"S": "x"}}, id="not in the layout"),
        pytest.param({"data": {"M": {"kind": {"S": "user"}}}}, id="a field is missing"),
        pytest.param({"pk": {"S": "TENANT#acme#CART#1"}}, id="another kind of row"),
        pytest.param(
            {"pk": {"S": "TENANT#acme#MEDIA#1"}}, id="a picture's key, but not its sort key"
        ),
        pytest.param({"pk": {"S": "odd"}}, id="an odd key"),
        pytest.param({"sk": {"S": "CART"}}, id="an odd sort key"),
    ],
)
def test_a_row_that_cannot_be_read_is_set_aside_and_the_others_go_on(
    projected: Any, told: Any, index: Any, deferred: Deferred, spoil: dict[str, Any]
) -> None:
    projected.deliver(told.registered(), told.placed())
    bad = projected.image() | spoil
    client("dynamodb").put_item(TableName=projected.table._name, Item=bad)
    feed((None, bad), (None, projected.image(f"ORDER#{told.tea}")))
    assert set(index.documents) == {f"acme:order:{told.tea}"}
    assert retry(*deferred.waiting()) == []
    assert len(deferred.reasons()) == 1


def test_if_the_retry_queue_cannot_be_reached_either_the_stream_keeps_the_batch(
    projected: Any, told: Any, index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRY_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/1/no-such-queue")
    projected.deliver(told.registered())
    index.down = True
    with pytest.raises(ClientError):
        feed((None, projected.image()))


def test_a_retry_that_the_queue_refuses_is_not_lost() -> None:
    class Refusing:
        def send_message_batch(self, **_: object) -> dict[str, Any]:
            return {"Failed": [{"Id": "0", "Code": "InternalError"}]}

    retry_of: Any = Retry.of({"pk": "p", "sk": "s", "version": 1})
    with pytest.raises(OSError, match="InternalError"):
        RetryQueue(Refusing(), "https://queue").send([retry_of])  # type: ignore[arg-type]  # a stub


@pytest.mark.parametrize(
    "message", [{}, [], None, '"x"', {"pk": 1, "sk": "s", "version": 1}, {"pk": "", "version": 0}]
)
def test_a_retry_that_names_no_row_is_set_aside(
    projected: Any, index: Any, deferred: Deferred, message: object
) -> None:
    assert retry(message) == []
    assert deferred.reasons() == ["not a row to index: pk, sk and version are needed"]
