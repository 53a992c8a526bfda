"""The engine dies, the world goes on, the engine comes back: nothing is lost."""

import json
from typing import Any

import pytest

from infra.projection import TableRows
from runtime.clients import client
from runtime.conformance import ask
from runtime.table import Table
from runtime.testing import TABLE, Context, Queues, incoming, queue_event, stream_event
from search_sync.api import search
from search_sync.engine.client import INDEX
from search_sync.reactions import on_user_erased, on_user_registered, on_user_updated
from search_sync.reindexing import Rebuild
from search_sync.streams import feed_index
from search_sync.workers import retry_index
from tests.engine.builders import Index, refresh
from tests.engine.conftest import Engine

ADA, GRACE, HANK = (f"usr_01JD00000000000000000000A{number}" for number in range(3))
PERSON = {"email": "someone@example.com"}


class Service:
    """The service on one table, with its queues and the real engine."""

    def __init__(self, retry_queue: str) -> None:
        self._retry_queue = retry_queue
        self._images: dict[str, Any] = {}

    def registered(self, user: str, name: str) -> None:
        self._tell(on_user_registered.handler, user, 1, {"name": name} | PERSON)

    def updated(self, user: str, name: str) -> None:
        self._tell(on_user_updated.handler, user, 2, {"name": name} | PERSON)

    def erased(self, user: str) -> None:
        self._tell(on_user_erased.handler, user, 3, {})

    def _tell(self, reaction: Any, user: str, revision: int, data: dict[str, str]) -> None:
        event = incoming(
            "starling.users",
            reaction.detail_type,
            {"user_id": user} | data,
            subject=user,
            revision=revision,
        )
        assert reaction(queue_event(event), Context()) == {"batchItemFailures": []}

    def feed(self) -> None:
        """Hand the rows that changed since the last time to the feed, as the stream does."""
        rows = {row["pk"]["S"]: row for row in client("dynamodb").scan(TableName=TABLE)["Items"]}
        changed = [
            (self._images.get(pk), row) for pk, row in rows.items() if self._images.get(pk) != row
        ]
        feed_index.handler(stream_event(*changed), Context())
        self._images = rows

    def waiting(self) -> list[str]:
        """Take the messages that wait in the retry queue."""
        sqs: Any = client("sqs")
        answer = sqs.receive_message(QueueUrl=self._retry_queue, MaxNumberOfMessages=10)
        return [message["Body"] for message in answer.get("Messages", [])]

    def retry(self, messages: list[str]) -> int:
        """Hand messages to the worker, and return how many are to come again."""
        return len(retry_index.handler(queue_event(*messages), Context())["batchItemFailures"])

    def names(self) -> list[str]:
        return sorted(item["title"] for item in ask(search.handler).body["items"])


@pytest.fixture
def service(
    index: Index,
    service_table: Table,
    queues: Queues,
    cursor_secret: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Service:
    reactions = (on_user_registered, on_user_updated, on_user_erased)
    for module in (*reactions, feed_index, retry_index, search):
        monkeypatch.setattr(module.handler._collaborators, "_made", None)
    url = client("sqs").create_queue(QueueName="retries")["QueueUrl"]
    monkeypatch.setenv("RETRY_QUEUE_URL", url)
    return Service(url)


def test_after_a_crash_of_the_engine_search_catches_up(
    service: Service, engine: Engine, index: Index
) -> None:
    service.registered(ADA, "Ada Lovelace")
    service.registered(HANK, "Hank")
    service.feed()
    refresh(index)
    assert service.names() == ["Ada Lovelace", "Hank"]

    engine.kill()
    service.updated(ADA, "Ada King")
    service.registered(GRACE, "Grace Hopper")
    service.erased(HANK)
    service.feed()
    assert ask(search.handler).problem == (503, "search-unavailable")
    messages = service.waiting()
    assert len(messages) == 3
    assert service.retry(messages) == 3

    engine.restart()
    while service.retry(messages):  # the shards of a fresh start take a moment
        assert engine.daemon.is_alive
    refresh(index)
    assert service.names() == ["Ada King", "Grace Hopper"]


def test_an_index_that_was_lost_is_rebuilt_from_the_table(service: Service, index: Index) -> None:
    service.registered(ADA, "Ada Lovelace")
    service.registered(GRACE, "Grace Hopper")
    service.registered(HANK, "Hank")
    service.erased(HANK)
    service.feed()
    index.client.indices.delete(index=INDEX)
    assert service.names() == []
    rows = TableRows(client("dynamodb"), TABLE)
    Rebuild(index.client, rows, pause=lambda _: None).reindex()
    assert service.names() == ["Ada Lovelace", "Grace Hopper"]


def test_rows_whose_keys_are_put_into_the_retry_queue_are_indexed_anew(
    service: Service, index: Index
) -> None:
    service.registered(ADA, "Ada Lovelace")
    service.registered(HANK, "Hank")
    service.erased(HANK)
    service.feed()
    index.client.indices.delete(index=INDEX)
    rows = client("dynamodb").scan(TableName=TABLE)["Items"]
    messages = [
        json.dumps({"pk": row["pk"]["S"], "sk": row["sk"]["S"], "version": 1}) for row in rows
    ]
    assert service.retry(messages) == 0
    refresh(index)
    assert service.names() == ["Ada Lovelace"]
