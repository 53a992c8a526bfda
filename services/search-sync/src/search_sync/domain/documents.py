"""What the index holds of a row: the fields that are searched, and those that an answer shows."""

from collections.abc import Sequence
from typing import Any

from search_sync.domain.rows import Line, Media, Order, User

_TITLE_LINES = 3
_TIMES = "\N{MULTIPLICATION SIGN}"

Document = dict[str, Any]


def document_id(tenant: str, kind: str, entity_id: str) -> str:
    """Return the id of an entity's document: unique over all tenants."""
    return f"{tenant}:{kind}:{entity_id}"


def document(row: User | Order | Media) -> Document | None:
    """Return the document of a row, or None for what is not to be found.

    That is a user who is erased, or of whom no name is known yet, and a picture that is deleted.
    """
    if isinstance(row, User):
        return _user(row)
    return _order(row) if isinstance(row, Order) else _media(row)


def title(lines: Sequence[Line]) -> str:
    """Return what an order is called: how many of what, of many lines the first."""
    named = [f"{line.quantity} {_TIMES} {line.name}" for line in lines[:_TITLE_LINES]]
    rest = len(lines) - len(named)
    return ", ".join(named) + (f" and {rest} more" if rest else "")


def _user(user: User) -> Document | None:
    if user.name is None:
        return None
    return {
        "tenant": user.tenant,
        "kind": user.kind,
        "id": user.id,
        "title": user.name,
        "status": user.status,
        "revision": user.revision,
        "name": user.name,
        "email": user.email,
    }


def _order(order: Order) -> Document:
    return {
        "tenant": order.tenant,
        "kind": order.kind,
        "id": order.id,
        "title": title(order.lines),
        "status": order.status,
        "revision": order.revision,
        "customer_id": order.customer_id,
        "customer_name": order.customer_name,
        "products": [line.name for line in order.lines],
        "skus": [line.sku for line in order.lines],
        **order.model_dump(mode="json", include={"total", "placed_at"}),
    }


def _media(media: Media) -> Document | None:
    if media.status == "deleted":
        return None
    return {
        "tenant": media.tenant,
        "kind": media.kind,
        "id": media.id,
        "title": media.name,
        "status": media.status,
        "revision": media.revision,
        "name": media.name,
        **media.model_dump(
            mode="json", include={"purpose", "subject", "texts", "colors", "ready_at"}
        ),
    }
