"""Whatever is told, however it comes, and whatever dies meanwhile: search knows how things are."""

import heapq
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from typing import Any, TypeVar

import pytest
from opensearchpy import OpenSearch

from infra.discovery import declared, services
from infra.projection import TableRows
from runtime.clients import client
from runtime.commits import Commits, Crash
from runtime.reaction import Reaction
from runtime.table import Table
from runtime.testing import TABLE, Context, Queues, queue_event, stream_event
from search_sync.domain.documents import Document
from search_sync.engine.client import ALIAS
from search_sync.engine.holdings import Holdings
from search_sync.engine.indexes import STANDBY, Indexes
from search_sync.reindexing import Rebuild, Rebuilt
from search_sync.streams import feed_index
from search_sync.verifying import Verifier
from search_sync.workers import retry_index
from tests.engine.builders import Index, refresh
from tests.engine.conftest import Engine
from tests.engine.lives import TENANTS, Event, Lives

(SERVICE,) = services(["search-sync"])
REACTIONS = {
    reaction.declaration.detail_type: reaction.declaration
    for reaction in declared(SERVICE, "reactions", Reaction)
}
STREAM_BATCH = 100
MOST = 10_000
T = TypeVar("T")


class World:
    """The service between its queues, its table's stream and the engine; nothing of it is sure."""

    def __init__(self, random: Random, index: Index, commits: Commits, retry_queue: str) -> None:
        self.random = random
        self.lives = Lives(random)
        self.index = index
        self.commits = commits
        self.now = 0.0
        self.deaths = 0
        self._retry_queue = retry_queue
        self._coming: list[tuple[float, int, Event]] = []
        self._sent = 0
        self._rows: dict[tuple[str, str], Any] = {}
        self._batches: list[list[tuple[Any, Any]]] = []
        self._deferred: list[str] = []
        self._rounds = self._awaited = 0
        self._ended = False

    def live(self, changes: int, moments: dict[int, Callable[[], None]]) -> None:
        """Let so many changes happen; after some of them, something else does."""
        for number, event in enumerate(self.lives.changes(changes)):
            self._send(event)
            if self.random.random() < 0.1:
                self._send(event)  # a queue may bring it twice
            self.now += 1
            self._deliver()
            if self.random.random() < 0.02:
                self.feed()
            if self.random.random() < 0.01:
                self.retry()
            moments.get(number, lambda: None)()

    def live_while(self, work: Callable[[], T], at_least: int) -> T:
        """Let things happen, so many or more, for as long as something else is done."""
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(work)
            try:
                while not done.done():
                    self.live(20, {})
                    at_least -= 20
                    if self._rounds < self._awaited:
                        self.feed()
                        self.retry()
                        self._rounds += 1
                if at_least > 0:
                    self.live(at_least, {})
            finally:
                self._ended = True
            return done.result()

    def pause(self, seconds: float) -> None:
        """Wait as an operator does, who counts on a change being fed meanwhile, however slowly."""
        time.sleep(seconds)
        self._awaited = self._rounds + 2  # the first may have begun before
        while self._rounds < self._awaited and not self._ended:
            time.sleep(0.01)

    def settle(self) -> None:
        """Let all arrive that is on its way."""
        self.now = float("inf")
        self._deliver()
        self.feed()
        while self.retry():
            pass
        refresh(self.index)
        self.index.client.indices.refresh(index=STANDBY)

    def found(self, tenant: str, alias: str) -> dict[str, Document]:
        """Return what an index has of a tenant, by the ids of what the documents show."""
        body = {"query": {"term": {"tenant": tenant}}, "size": MOST}
        hits = self.index.client.search(index=alias, body=body)["hits"]["hits"]
        return {hit["_source"]["id"]: hit["_source"] for hit in hits}

    def _send(self, event: Event) -> None:
        self._sent += 1
        # Most come soon, some very late.
        late = self.random.choice([0.0, 1.0, 5.0, 300.0]) * self.random.random()
        heapq.heappush(self._coming, (self.now + late, self._sent, event))

    def _deliver(self) -> None:
        while self._coming and self._coming[0][0] <= self.now:
            _, _, event = heapq.heappop(self._coming)
            if self.random.random() < 0.02:
                when = self.random.choice(["before", "after"])
                self.commits.crash(nth=self.random.randint(1, 2), when=when)
            try:
                answer = REACTIONS[event["detail-type"]](queue_event(event), Context())
                again = bool(answer["batchItemFailures"])
            except Crash:
                self.deaths += 1
                again = True
            self.commits.calm()
            if again:
                self._send(event)

    def feed(self) -> None:
        """Hand the rows that changed to the feed, as the stream does: all, and some twice."""
        rows = {
            (row["pk"]["S"], row["sk"]["S"]): row
            for page in client("dynamodb").get_paginator("scan").paginate(TableName=TABLE)
            for row in page["Items"]
        }
        changed = [(self._rows.get(key), row) for key, row in rows.items()]
        changed = [(old, new) for old, new in changed if old != new]
        self._rows = rows
        self.random.shuffle(changed)  # of different rows: their shards are independent
        batches = [
            changed[start : start + STREAM_BATCH] for start in range(0, len(changed), STREAM_BATCH)
        ]
        self._batches += batches
        if self.random.random() < 0.2 and self._batches:
            batches.append(self.random.choice(self._batches))
        for batch in batches:
            self._feed(batch)

    def _feed(self, batch: list[tuple[Any, Any]]) -> None:
        deadly = self.random.random() < 0.1
        while True:
            try:
                with self._dying(deadly):
                    feed_index.handler(stream_event(*batch), Context())
            except Crash:  # the stream brings the batch again
                self.deaths += 1
                deadly = False
            else:
                return

    def _dying(self, deadly: bool) -> Any:
        patch = pytest.MonkeyPatch()
        bulk, after = self.index.client.bulk, self.random.random() < 0.5

        def die(**request: Any) -> Any:
            if after:
                bulk(**request)
            raise Crash

        if deadly:
            patch.setattr(self.index.client, "bulk", die)
        return _undoing(patch)

    def retry(self) -> int:
        """Let the worker try what was deferred; return how much is to come again."""
        sqs: Any = client("sqs")
        while messages := sqs.receive_message(
            QueueUrl=self._retry_queue, MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                self._deferred.append(message["Body"])
                sqs.delete_message(
                    QueueUrl=self._retry_queue, ReceiptHandle=message["ReceiptHandle"]
                )
        self.random.shuffle(self._deferred)
        left = []
        for start in range(0, len(self._deferred), 10):
            bodies = self._deferred[start : start + 10]
            answer = retry_index.handler(queue_event(*bodies), Context())
            failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
            left += [body for n, body in enumerate(bodies) if f"message-{n}" in failed]
        self._deferred = left
        return len(left)


@contextmanager
def _undoing(patch: pytest.MonkeyPatch) -> Iterator[None]:
    try:
        yield
    finally:
        patch.undo()


@pytest.fixture
def retry_queue(service_table: Table, queues: Queues, monkeypatch: pytest.MonkeyPatch) -> str:
    for handler in (*REACTIONS.values(), feed_index.handler, retry_index.handler):
        monkeypatch.setattr(handler._collaborators, "_made", None)
    url: str = client("sqs").create_queue(QueueName="retries")["QueueUrl"]
    monkeypatch.setenv("RETRY_QUEUE_URL", url)
    return url


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("world", range(metafunc.config.getoption("--seeds")), indirect=True)


@pytest.fixture
def world(
    request: pytest.FixtureRequest, index: Index, commits: Commits, retry_queue: str
) -> World:
    return World(Random(request.param), index, commits, retry_queue)  # noqa: S311 - no secret


def test_whatever_happens_search_knows_how_things_are_at_the_end(
    request: pytest.FixtureRequest, world: World, engine: Engine
) -> None:
    changes = request.config.getoption("--changes")
    try:
        world.live(changes // 2, {changes // 8: engine.kill, changes // 4: engine.restart})
    finally:
        if not engine.daemon.is_alive:
            engine.restart()
    # Nothing else makes an index anew: not even the first write, if all were lost.
    before = Indexes(world.index.client).standing().searched
    rebuilt = world.live_while(lambda: rebuild(engine, world), at_least=changes // 2)
    world.settle()
    assert rebuilt.standing.searched != before == rebuilt.standing.standby
    assert world.deaths
    rows = TableRows(client("dynamodb"), TABLE)
    for alias in (ALIAS, STANDBY):  # a rollback loses nothing
        verifier = Verifier(rows, Holdings(world.index.client, alias))
        for tenant in TENANTS:
            assert world.found(tenant, alias) == world.lives.documents(tenant)
            verdict = verifier.verify(tenant)
            assert verdict.findings == []
            assert verdict.documents == len(world.lives.documents(tenant))


def rebuild(engine: Engine, world: World) -> Rebuilt:
    """Build the index anew, as an operator's process of its own does."""
    with OpenSearch(hosts=[engine.url], timeout=60, max_retries=0, maxsize=8) as its_own:
        rows = TableRows(client("dynamodb"), TABLE)
        return Rebuild(its_own, rows, pause=world.pause).reindex()
