"""What the tests of this service share: other services' events, rows, an index in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from runtime.changes import Key
from runtime.clients import client
from runtime.conformance import declared
from runtime.serving import Asked, Reply, serving
from runtime.table import Table
from runtime.testing import TABLE, Context, incoming, queue_event
from search_sync.domain.query import Search, Typed
from search_sync.engine.client import connected
from search_sync.engine.searcher import OpenSearchSearcher
from search_sync.engine.writer import OpenSearchWriter
from search_sync.index import Failure, Found, Unavailable, Write

Event = dict[str, Any]

PARTS = ("api", "reactions", "resolvers", "streams", "workers")
HANDLERS = {part: declared(f"search_sync.{part}") for part in PARTS}


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the handlers keep for their process's life."""
    for handler in [handler for part in HANDLERS.values() for handler in part]:
        monkeypatch.setattr(handler._collaborators, "_made", None)


class Told:
    """The events of other services about one tenant."""

    ada = "usr_01JD000000000000000000ADA0"
    tea = "ord_01JD000000000000000000TEA0"
    mug = "ord_01JD000000000000000000MVG0"
    sign = "med_01JD0000000000000000000S1G"

    def __init__(self, tenant: str = "acme") -> None:
        self.tenant = tenant

    def registered(self, revision: int = 1, name: str = "Ada Lovelace", user: str = ada) -> Event:
        return self._user("UserRegistered", user, revision, name=name, email="ada@example.com")

    def updated(self, revision: int = 2, name: str = "Ada King", user: str = ada) -> Event:
        return self._user("UserUpdated", user, revision, name=name, email="king@example.com")

    def deactivated(self, revision: int = 3, user: str = ada) -> Event:
        return self._user("UserDeactivated", user, revision, reason="left")

    def erased(self, revision: int = 4, user: str = ada) -> Event:
        return self._user("UserErased", user, revision)

    def placed(self, order: str = tea, revision: int = 1, user: str = ada) -> Event:
        return self._order("OrderPlaced", order, revision, user)

    def confirmed(self, order: str = tea, revision: int = 3, user: str = ada) -> Event:
        at = "2026-11-20T08:31:00Z"
        return self._order("OrderConfirmed", order, revision, user, confirmed_at=at)

    def fulfilled(self, order: str = tea, revision: int = 4, user: str = ada) -> Event:
        at = "2026-11-20T08:32:00Z"
        return self._order("OrderFulfilled", order, revision, user, fulfilled_at=at)

    def rejected(self, order: str = tea, revision: int = 2, user: str = ada) -> Event:
        why = {"reason": "OUT_OF_STOCK", "rejected_at": "2026-11-20T08:31:00Z"}
        return self._order("OrderRejected", order, revision, user, **why)

    def cancelled(self, order: str = tea, revision: int = 2, user: str = ada) -> Event:
        return self._order("OrderCancelled", order, revision, user, reason="too slow")

    def ready(self, media: str = sign, revision: int = 5, **data: Any) -> Event:
        fields = {
            "purpose": "product",
            "subject": "TEA-1",
            "owner": "ada",
            "filename": "shop sign.jpg",
            "renditions": [],
            "colors": ["#2f4f2f"],
            "texts": ["OPEN ALL DAY", "tea"],
            "missing": ["thumbnails"],
            "ready_at": "2026-11-20T08:30:00Z",
        }
        return self._media("MediaReady", media, revision, **fields | data)

    def deleted(self, media: str = sign, revision: int = 6) -> Event:
        fields = {"purpose": "product", "subject": "TEA-1", "owner": "ada", "reason": "REQUESTED"}
        return self._media("MediaDeleted", media, revision, **fields)

    def _media(self, fact: str, media: str, revision: int, **data: Any) -> Event:
        return incoming(
            "starling.media",
            f"{fact}.v1",
            {"media_id": media} | data,
            subject=media,
            revision=revision,
            tenant=self.tenant,
        )

    def _user(self, fact: str, user: str, revision: int, **data: str) -> Event:
        return incoming(
            "starling.users",
            f"{fact}.v1",
            {"user_id": user, **data},
            subject=user,
            revision=revision,
            tenant=self.tenant,
        )

    def _order(self, fact: str, order: str, revision: int, user: str, **data: str) -> Event:
        price = {"amount": 450, "currency": "EUR"}
        fields = {
            "order_id": order,
            "customer_id": user,
            "type": "STANDARD",
            "items": [{"sku": "TEA-1", "name": "Green tea", "quantity": 2, "price": price}],
            "total": {"amount": 900, "currency": "EUR"},
            "placed_at": "2026-11-20T08:30:00Z",
        }
        return incoming(
            "starling.orders",
            f"{fact}.v1",
            fields | data,
            subject=order,
            revision=revision,
            tenant=self.tenant,
        )


@pytest.fixture
def told() -> Told:
    return Told()


@dataclass
class Projected:
    """The reactions, and what they have written."""

    table: Table

    def deliver(self, *events: Event) -> list[Event]:
        """Hand each event to its reaction, and return those that are to come again."""
        again = []
        for event in events:
            (handler,) = [h for h in HANDLERS["reactions"] if h.detail_type == event["detail-type"]]
            answer = handler(queue_event(event), Context())
            again += [event for _ in answer["batchItemFailures"]]
        return again

    def rows(self, tenant: str = "acme", user: str = Told.ada) -> dict[str, dict[str, Any]]:
        """Return the data of a customer's rows by sort key, without the tenant's name."""
        page = self.table.query(f"TENANT#{tenant}#USER#{user}", limit=1000)
        return {
            row.key.sk: {name: value for name, value in row.data.items() if name != "tenant"}
            for row in page.items
        }

    @property
    def user(self) -> dict[str, Any]:
        return self.rows()["USER"]

    @property
    def order(self) -> dict[str, Any]:
        return self.rows()[f"ORDER#{Told.tea}"]

    def media(self, media: str = Told.sign, tenant: str = "acme") -> dict[str, Any] | None:
        """Return the data of a picture's row, without the tenant's name; None if there is none."""
        row = self.table.get(Key(f"TENANT#{tenant}#MEDIA#{media}", "MEDIA"))
        return row and {name: value for name, value in row.data.items() if name != "tenant"}

    def image(self, sk: str = "USER", of: str = f"USER#{Told.ada}") -> dict[str, Any]:
        """Return a row in DynamoDB's own form."""
        dynamodb: Any = client("dynamodb")
        key = Key(f"TENANT#acme#{of}", sk).attributes()
        item: dict[str, Any] = dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
        return item


@pytest.fixture
def projected(service_table: Table, queues: object) -> Projected:
    return Projected(service_table)


@dataclass
class MemoryIndex:
    """A search index that keeps the highest version, and fails when told to."""

    down: bool = False
    refuses: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    bulks: list[list[Write]] = field(default_factory=list)
    searches: list[Search] = field(default_factory=list)

    def write(self, writes: Sequence[Write]) -> list[Failure]:
        if self.down:
            return [Failure(write, "down", permanent=False) for write in writes]
        self.bulks.append(list(writes))
        return [failure for write in writes if (failure := self._write(write))]

    def _write(self, write: Write) -> Failure | None:
        if reason := self.refuses.get(write.id):
            return Failure(write, reason, permanent=True)
        if write.version > self.versions.get(write.id, 0):
            self.versions[write.id] = write.version
            self.documents.pop(write.id, None)
            if write.document is not None:
                self.documents[write.id] = write.document
        return None

    def search(self, search: Search) -> Found:
        if self.down:
            raise Unavailable("down")
        self.searches.append(search)
        mine = [d for d in self.documents.values() if d["tenant"] == search.tenant]
        start = search.after[0] if search.after else 0
        shown = mine[start : start + search.size]
        # A new point in time each time, as of the engine.
        places = [[start + n, str(len(self.searches))] for n in range(1, len(shown) + 1)]
        more = len(mine) > start + search.size
        marked = [{"title": [f"<em>{d['title']}</em>"]} for d in shown]
        counts: dict[str, dict[str, int]] = {facet: {"one": len(mine)} for facet in search.facets}
        return Found(shown, places, more, marked, counts)

    def suggest(self, typed: Typed) -> list[dict[str, Any]]:
        if self.down:
            raise Unavailable("down")
        return [d for d in self.documents.values() if d["tenant"] == typed.tenant]


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> MemoryIndex:
    """An index in memory, which the handlers find in place of OpenSearch."""
    memory = MemoryIndex()
    monkeypatch.setattr(OpenSearchWriter, "connect", lambda: memory)
    monkeypatch.setattr(OpenSearchSearcher, "connect", lambda: memory)
    return memory


STANDING = {"starling-documents-v3": {"aliases": {"starling-documents": {"is_write_index": True}}}}


@dataclass
class Engine:
    """An HTTP server that gives the answers it is told to, and keeps what it is asked.

    Attributes
    ----------
    standing
        What there is behind the service's names, which it answers by itself.
    """

    url: str = ""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    standing: dict[str, Any] = field(default_factory=lambda: dict(STANDING))
    asked: list[tuple[str, str]] = field(default_factory=list)
    looked: int = 0

    def will_answer(self, *items: Any, status: int = 200) -> None:
        self.answers.append((status, {"items": list(items)}))

    def answer(self, request: Asked) -> Reply:
        if request.path == "/starling-documents-v*/_alias/starling-documents*":
            self.looked += 1
            return Reply(self.standing)
        self.asked.append((f"{request.method} {request.path}", request.body.decode()))
        status, content = self.answers.pop(0)
        return Reply(content, status, {"Content-Type": "application/json"})

    @property
    def paths(self) -> list[str]:
        return [path.partition("?")[0] for path, _ in self.asked]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    script = Engine()
    with serving(script.answer) as script.url:
        monkeypatch.setenv("SEARCH_ENDPOINT", script.url)
        connected.cache_clear()
        yield script
        connected().close()
        connected.cache_clear()
