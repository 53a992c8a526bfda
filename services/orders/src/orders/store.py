"""The orders table: the only module that knows its keys.

============================  =================  ===============================================
pk                            sk                 what
============================  =================  ===============================================
TENANT#t#PRODUCT#<sku>        PRODUCT            a product
TENANT#t#PRODUCT#<sku>        PICTURE            its pictures, also of one that is not there yet
TENANT#t#PRODUCT#<sku>        STOCK              what orders reserved and sold of it
TENANT#t#ORDER#<id>           ORDER              an order
TENANT#t#ORDER#<id>           HOLDS#<sku>        the pieces of a line that are reserved for it
TENANT#t#CUSTOMER#<user id>   CUSTOMER           what orders knows of a user: active or not
TENANT#t#CUSTOMER#<user id>   OPEN#<order id>    points to an open order; gone when it ends
============================  =================  ===============================================

In gsi1, partition TENANT#t#ORDERS lists the orders by id, which is by time of placing; in gsi2,
partition TENANT#t#CUSTOMER#<user id>#ORDERS those of one customer. Open orders are in the table
itself, because indexes lag, and a deactivation must find every one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from contracts.event import EventData
from contracts.limits import Entry
from orders.domain import events
from orders.domain.orders import ENDED, CustomerStatus, Order
from orders.domain.problems import InactiveCustomer
from orders.domain.products import Product
from runtime.cause import Cause
from runtime.changes import (
    Change,
    Create,
    Exists,
    Key,
    Operation,
    Project,
    Remove,
    Require,
    Unmet,
    Update,
)
from runtime.outbox import outgoing
from runtime.problems import Conflict, NotFound
from runtime.table import InTable, Stored


class Products(InTable):
    """The products of all tenants; each call is about one tenant's."""

    def find(self, tenant: str, sku: str) -> Product | None:
        """Return the product, or None."""
        stored = self._table.get(product_key(tenant, sku))
        return None if stored is None else product_of(stored)

    def find_many(self, tenant: str, skus: Sequence[str]) -> dict[str, Product]:
        """Return those of the products that exist, by SKU."""
        found = self._table.get_many([product_key(tenant, sku) for sku in skus])
        return {product.sku: product for product in map(product_of, found.values())}

    def add(self, tenant: str, product: Product) -> None:
        """Write a new product.

        Raises
        ------
        Conflict
            Another request wrote it first.
        """
        try:
            self.save(tenant, [(None, product)])
        except Exists as failure:
            raise Conflict("another request put this product on sale: try again") from failure

    def save(self, tenant: str, changed: Sequence[tuple[Product | None, Product]]) -> None:
        """Write 1 to 100 products in one transaction, each with what it was before.

        Raises
        ------
        runtime.changes.Exists, runtime.changes.RevisionConflict
            One of them is not what it was any more.
        """
        self._table.commit(*(_product_change(tenant, old, new) for old, new in changed))


class Customers(InTable):
    """What orders knows of users, by their events.

    It is kept for ever, also of users who are gone: it holds no personal data, and whenever an
    old event comes again it finds what is newer.
    """

    def status(self, tenant: str, user_id: str) -> CustomerStatus | None:
        """Return what the user is known to be, or None."""
        stored = self._table.get(_customer_key(tenant, user_id))
        if stored is None:
            return None
        status: CustomerStatus = stored.data["status"]
        return status

    def project(self, tenant: str, user_id: str, status: CustomerStatus, revision: int) -> None:
        """Remember what the user is as of this revision.

        Raises
        ------
        runtime.changes.Outdated
            As much or more is known.
        """
        key = _customer_key(tenant, user_id)
        self._table.commit(Project(key=key, data={"status": status}, revision=revision))


class Orders(InTable):
    """The orders of all tenants; each call is about one tenant's."""

    def get(self, tenant: str, order_id: str) -> Order:
        """Return the order.

        Raises
        ------
        NotFound
            There is none by that id.
        """
        stored = self._table.get(order_key(tenant, order_id))
        if stored is None:
            raise NotFound("there is no order by that id")
        return _order(stored)

    def page(
        self, tenant: str, *, customer_id: str | None, limit: int, after: str | None
    ) -> tuple[list[Order], str | None]:
        """Return part of the orders, of one customer or of all, the newest first.

        Returns
        -------
        The orders, and where the list goes on.
        """
        index, pk = (
            ("gsi1", _list(tenant))
            if customer_id is None
            else ("gsi2", _list_of(tenant, customer_id))
        )
        part = self._table.query(pk, index=index, limit=limit, after=after, forward=False)
        return [_order(stored) for stored in part.items], part.last

    def open_of(self, tenant: str, customer_id: str) -> Iterator[str]:
        """Yield the id of every open order of the customer, none that was placed before missed."""
        pk, prefix = _open_key(tenant, customer_id, "")
        for stored in self._table.every(pk, prefix=prefix):
            yield stored.key.sk.removeprefix(prefix)

    def add(self, order: Order, *, cause: Cause, receipt: Change | None) -> None:
        """Write a new order, that it is open, and the answer's receipt if any.

        Raises
        ------
        InactiveCustomer
            The customer is not active, as of this very write: whoever deactivates it afterwards
            finds the order.
        """
        tenant, customer_id = cause.tenant, order.customer_id
        (placed,) = events.told(order, order.placed_at)
        try:
            self._table.commit(
                # First, so that the same request in a race is known as such.
                *([receipt] if receipt else []),
                Create(
                    key=order_key(tenant, order.id),
                    data=_data(order),
                    events=[_entry(order, placed, order.placed_at, cause)],
                    **_lists(tenant, order),
                ),
                Create(key=_open_key(tenant, customer_id, order.id), data={}),
                Require(key=_customer_key(tenant, customer_id), data={"status": "active"}),
            )
        except Unmet as failure:
            raise InactiveCustomer from failure

    def save(
        self,
        old: Order,
        new: Order,
        *,
        now: datetime,
        cause: Cause,
        mark: Change | None = None,
    ) -> None:
        """Write what became of an order, and tell it; one that has ended is not open any more.

        Parameters
        ----------
        old, new
            The order before and after.
        now
            When it changed.
        cause
            Why.
        mark
            The mark of the event that led here, if it was one.

        Raises
        ------
        runtime.changes.Exists
            The mark is there already.
        runtime.changes.RevisionConflict
            The order is not what it was any more.
        """
        tenant = cause.tenant
        pointer = _open_key(tenant, new.customer_id, new.id)
        news = [events.refunded(new, now)] if new.refunded_at else events.told(new, now)
        self._table.commit(
            # First, so that what was handled before is known as such.
            *([mark] if mark else []),
            Update(
                key=order_key(tenant, new.id),
                data=_data(new),
                revision=new.revision,
                expected=old.revision,
                events=[_entry(new, payload, now, cause) for payload in news],
                **_lists(tenant, new),
            ),
            *([Remove(key=pointer)] if new.status in ENDED else []),
        )


class _Lists(TypedDict):
    gsi1: Key
    gsi2: Key


def _lists(tenant: str, order: Order) -> _Lists:
    return {
        "gsi1": Key(_list(tenant), order.id),
        "gsi2": Key(_list_of(tenant, order.customer_id), order.id),
    }


@dataclass(kw_only=True, eq=False, repr=False)
class _Told(Update):
    """Replace a product of which nothing was said since, be it without a new revision."""

    as_of: str

    def operation(self) -> Operation:
        """Return the write."""
        operation = super().operation()
        parameters = operation["parameters"]
        unknown = "" if self.as_of else "attribute_not_exists(#data.as_of) OR "
        parameters["ConditionExpression"] += f" AND ({unknown}#data.as_of = :as_of)"
        parameters["ExpressionAttributeNames"] = {"#data": "data"}
        parameters["ExpressionAttributeValues"][":as_of"] = {"S": self.as_of}
        return operation


def _product_change(tenant: str, old: Product | None, new: Product) -> Change:
    key, data = product_key(tenant, new.sku), _data(new)
    if old is None:
        return Create(key=key, data=data)
    expected = old.revision
    return _Told(key=key, data=data, revision=new.revision, expected=expected, as_of=old.as_of)


def product_key(tenant: str, sku: str) -> Key:
    """Return the key of a product; what else is known of it is beside it."""
    return Key(f"TENANT#{tenant}#PRODUCT#{sku}", "PRODUCT")


def picture_key(tenant: str, sku: str) -> Key:
    """Return the key of what is known of a product's pictures (`orders.pictures`)."""
    return Key(product_key(tenant, sku).pk, "PICTURE")


def order_key(tenant: str, order_id: str) -> Key:
    """Return the key of an order; what belongs to it is beside it."""
    return Key(f"TENANT#{tenant}#ORDER#{order_id}", "ORDER")


def _customer_key(tenant: str, user_id: str) -> Key:
    return Key(f"TENANT#{tenant}#CUSTOMER#{user_id}", "CUSTOMER")


def _open_key(tenant: str, user_id: str, order_id: str) -> Key:
    return Key(f"TENANT#{tenant}#CUSTOMER#{user_id}", f"OPEN#{order_id}")


def _list(tenant: str) -> str:
    return f"TENANT#{tenant}#ORDERS"


def _list_of(tenant: str, user_id: str) -> str:
    return f"TENANT#{tenant}#CUSTOMER#{user_id}#ORDERS"


def product_of(stored: Stored) -> Product:
    """Return the product that an item is."""
    return Product(**stored.data, revision=stored.revision)


def _order(stored: Stored) -> Order:
    return Order(**stored.data, revision=stored.revision)


def _data(entity: Product | Order) -> dict[str, Any]:
    return entity.model_dump(mode="json", exclude={"revision"})


def _entry(order: Order, payload: EventData, now: datetime, cause: Cause) -> Entry:
    return outgoing(payload, subject=order.id, revision=order.revision, cause=cause, now=now)
