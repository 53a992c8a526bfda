"""The projection's table: the only module that knows its keys.

======================  ===========  =======================================================
pk                      sk           what
======================  ===========  =======================================================
TENANT#t#USER#<id>      USER         a user, or the tombstone of one
TENANT#t#USER#<id>      ORDER#<id>   an order of that user
TENANT#t#MEDIA#<id>     MEDIA        a picture, or the tombstone of one
======================  ===========  =======================================================

The indexes find what the graph asks for; ids grow with time, so all are in order of time:

=================================  =============  ==========  =================================
index's partition                  its sort key   index       what
=================================  =============  ==========  =================================
TENANT#t#ORDERS                    <id>           gsi1        an order by its id, and all orders
TENANT#t#ORDERS#<status>           <id>           gsi2        the orders of one status
TENANT#t#OF#<purpose>#<subject>    <id>           gsi1        the pictures of a product or a user
=================================  =============  ==========  =================================

A customer and their orders share a partition, so that reading them together is consistent
without an index. A row's revision is the document's version: of a user and an order it counts the
row's own changes, of a picture it is the picture's own, because nothing else goes into that row.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

from runtime.changes import (
    Change,
    Contended,
    Create,
    Exists,
    Key,
    Project,
    Require,
    RevisionConflict,
    Unmet,
    Update,
)
from runtime.table import InTable, Stored
from search_sync.domain.documents import Document, document, document_id
from search_sync.domain.rows import Media, Order, User
from search_sync.index import Write

PAGE = 100
_ATTEMPTS = 5
_ORDER = "ORDER#"
_MODELS: dict[str, type[User | Order | Media]] = {"user": User, "order": Order, "media": Media}

T = TypeVar("T")


class Unreadable(ValueError):
    """A row is not as this service writes it."""


class Projection(InTable):
    """Users, orders and pictures as their services' events tell of them."""

    def change_user(self, tenant: str, user_id: str, change: Callable[[User], User]) -> User:
        """Change what is known of a user, and return it.

        Parameters
        ----------
        tenant, user_id
            Who.
        change
            Gives the user as an event has them; a user as they were means that it is old news.
        """
        key = _user_key(tenant, user_id)

        def attempt() -> User:
            row = self._table.get(key)
            known = _user_of(row, tenant, user_id)
            user = change(known)
            if user != known:
                self._table.commit(_write(key, row, user))
            return user

        return _settled(attempt)

    def name_customer(self, user: User) -> None:
        """Bring the customer's name up to date on all of their orders.

        It can be done again at any time: an order that has this name, or a newer one, is left
        alone. Orders that are saved meanwhile see to it themselves.
        """
        after: str | None = None
        while True:
            after = _settled(partial(self._name_page, user, after))
            if after is None:
                return

    def _name_page(self, user: User, after: str | None) -> str | None:
        pk = _user_key(user.tenant, user.id).pk
        page = self._table.query(pk, prefix=_ORDER, after=after, limit=PAGE)
        for row in page.items:
            known = Order.model_validate(row.data)
            order = known.bought_by(user)
            if order != known:
                self._table.commit(_write(row.key, row, order))
        return page.last

    def save_order(self, order: Order) -> None:
        """Save an order with its customer's name, unless a newer state of it is known.

        The customer's row must be as it was read when the order is written: else a name that
        changes in between would miss the order.
        """
        key = Key(_user_key(order.tenant, order.customer_id).pk, _ORDER + order.id)
        customer_key = _user_key(order.tenant, order.customer_id)

        def attempt() -> None:
            rows = self._table.get_many([key, customer_key])
            row, customer = rows.get(key), rows.get(customer_key)
            if row is not None and Order.model_validate(row.data).revision >= order.revision:
                return
            user = _user_of(customer, order.tenant, order.customer_id)
            self._table.commit(
                _write(key, row, order.bought_by(user)),
                Require(key=customer_key, revision=customer.revision if customer else 0),
            )

        _settled(attempt)

    def save_media(self, media: Media) -> None:
        """Save a picture, or that it is gone.

        Raises
        ------
        runtime.changes.Outdated
            As much or more is known.
        """
        key = _media_key(media.tenant, media.id)
        self._table.commit(
            Project(
                key=key,
                data=media.model_dump(mode="json"),
                revision=media.revision,
                gsi1=_list_of_pictures(media),
            )
        )

    def current(self, key: Key) -> Stored | None:
        """Return a row as it is now, or None.

        Raises
        ------
        Unreadable
            The row is not in the table's layout.
        """
        try:
            return self._table.get(key)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise Unreadable("the row is not in the table's layout") from error


class _Identity(NamedTuple):
    tenant: str
    kind: str
    id: str


def write_for(key: Key, row: Stored | None, version: int) -> Write:
    """Return the write that brings the index up to date with a row.

    Parameters
    ----------
    key
        The row's.
    row
        The row, or None if it is gone: its document goes too.
    version
        The version of the write.

    Raises
    ------
    Unreadable
        The row is not as this service writes it.
    """
    try:
        tenant, kind, entity_id = _identity(key)
        entity = None
        if row is not None:
            entity = _MODELS[kind].model_validate(row.data)
    except ValueError as error:
        raise Unreadable("the row is not as this service writes it") from error
    return Write(
        document_id(tenant, kind, entity_id), tenant, version, document(entity) if entity else None
    )


def rows_of(tenant: str) -> str:
    """Return what the keys of all rows of a tenant begin with."""
    return f"TENANT#{tenant}#"


def key_of(shown: Document) -> Key | None:
    """Return the key of the row that a document says it was made of; None if it does not say."""
    match shown:
        case {"kind": "user", "tenant": str(tenant), "id": str(entity_id)}:
            return _user_key(tenant, entity_id)
        case {
            "kind": "order",
            "tenant": str(tenant),
            "id": str(entity_id),
            "customer_id": str(customer),
        }:
            return Key(_user_key(tenant, customer).pk, _ORDER + entity_id)
        case {"kind": "media", "tenant": str(tenant), "id": str(entity_id)}:
            return _media_key(tenant, entity_id)
        case _:
            return None


def _identity(key: Key) -> _Identity:
    """Read whose row a key is; ValueError if it is none of this table's."""
    tenant_word, tenant, kind, entity_id = key.pk.split("#")
    if (tenant_word, kind) == ("TENANT", "USER"):
        if key.sk == "USER":
            return _Identity(tenant, "user", entity_id)
        if key.sk.startswith(_ORDER):
            return _Identity(tenant, "order", key.sk.removeprefix(_ORDER))
    if (tenant_word, kind, key.sk) == ("TENANT", "MEDIA", "MEDIA"):
        return _Identity(tenant, "media", entity_id)
    raise ValueError("no key of this table")


def _user_key(tenant: str, user_id: str) -> Key:
    return Key(f"TENANT#{tenant}#USER#{user_id}", "USER")


def _media_key(tenant: str, media_id: str) -> Key:
    return Key(f"TENANT#{tenant}#MEDIA#{media_id}", "MEDIA")


def _user_of(row: Stored | None, tenant: str, user_id: str) -> User:
    return User.model_validate(row.data) if row else User(tenant=tenant, id=user_id)


def _write(key: Key, row: Stored | None, entity: User | Order) -> Change:
    data = entity.model_dump(mode="json")
    all_orders, of_status = _lists(entity)
    if row is None:
        return Create(key=key, data=data, gsi1=all_orders, gsi2=of_status)
    return Update(
        key=key,
        data=data,
        revision=row.revision + 1,
        expected=row.revision,
        gsi1=all_orders,
        gsi2=of_status,
    )


def _lists(entity: User | Order) -> tuple[Key | None, Key | None]:
    """Return where an entity stands in the two indexes: a user is read by the key alone."""
    if isinstance(entity, User):
        return None, None
    of_all = f"TENANT#{entity.tenant}#ORDERS"
    return Key(of_all, entity.id), Key(f"{of_all}#{entity.status}", entity.id)


def _list_of_pictures(media: Media) -> Key | None:
    """Return where a picture stands in the index: one of nothing, and a tombstone, nowhere."""
    if media.purpose is None or media.subject is None:
        return None
    return Key(f"TENANT#{media.tenant}#OF#{media.purpose}#{media.subject}", media.id)


def _settled(attempt: Callable[[], T]) -> T:
    """Return what an attempt gives; one that lost against another reaction is made again."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return attempt()
        except (Exists, RevisionConflict, Unmet, Contended):
            continue
    return attempt()
