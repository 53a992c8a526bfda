"""Rows and writes as the service makes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runtime.ids import new_id
from search_sync.domain.documents import document, document_id
from search_sync.domain.query import Search, Typed
from search_sync.domain.rows import Media, Order, User
from search_sync.domain.suggestions import Suggestion, suggestions
from search_sync.engine.client import ALIAS
from search_sync.engine.searcher import OpenSearchSearcher
from search_sync.engine.writer import OpenSearchWriter
from search_sync.index import Failure, Found, Write

Row = User | Order | Media


@dataclass(frozen=True)
class Index:
    """The service's index on the tests' engine, as it is written and asked."""

    client: Any

    def write(self, writes: Sequence[Write]) -> list[Failure]:
        return OpenSearchWriter(self.client).write(writes)

    def search(self, search: Search) -> Found:
        return OpenSearchSearcher(self.client).search(search)

    def suggest(self, tenant: str, text: str, size: int = 10) -> list[Suggestion]:
        typed = Typed(tenant=tenant, text=text, size=size)
        return suggestions(OpenSearchSearcher(self.client).suggest(typed), text, size)


def user(name: str, email: str = "someone@example.com", tenant: str = "acme") -> User:
    return User(tenant=tenant, id=new_id("usr"), name=name, email=email, profile_revision=1)


def order(*products: str, customer: User, sku: str = "SKU-0", **more: Any) -> Order:
    fields = {
        "tenant": customer.tenant,
        "id": new_id("ord"),
        "customer_id": customer.id,
        "customer_name": customer.name,
        "status": "placed",
        "lines": [{"sku": sku, "name": name, "quantity": 1} for name in products],
        "total": {"amount": 900, "currency": "EUR"},
        "placed_at": "2026-11-20T08:30:00Z",
        "revision": 1,
    }
    return Order.model_validate(fields | more)


def media(*texts: str, name: str = "file.png", subject: str | None = None) -> Media:
    fields = {
        "tenant": "acme",
        "id": new_id("med"),
        "status": "ready",
        "revision": 1,
        "name": name,
        "purpose": "product",
        "subject": subject,
        "texts": texts,
        "colors": ["#2f4f2f"],
        "ready_at": "2026-11-20T08:30:00Z",
    }
    return Media.model_validate(fields)


def write(row: Row, version: int = 1, **changes: Any) -> Write:
    """Return the write of a row; the changes are of its document."""
    content = document(row)
    assert content is not None
    return Write(document_id(row.tenant, row.kind, row.id), row.tenant, version, content | changes)


def removal(row: Row, version: int) -> Write:
    return write(row, version)._replace(document=None)


def fill(index: Index, *rows: Row) -> None:
    """Index rows, and return when they can be found."""
    assert index.write([write(row) for row in rows]) == []
    refresh(index)


def refresh(index: Index) -> None:
    index.client.indices.refresh(index=ALIAS)


def found(index: Index, text: str = "", tenant: str = "acme", **more: Any) -> list[str]:
    """Return the ids of what is found, in order."""
    documents = index.search(Search(tenant=tenant, text=text, **more)).documents
    return [document["id"] for document in documents]
