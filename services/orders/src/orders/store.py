"""The orders table: what its keys are, and the orders and the customers in it.

============================  =================  ===============================================
pk                            sk                 what
============================  =================  ===============================================
TENANT#t#PRODUCT#<sku>        PRODUCT            a product
TENANT#t#PRODUCT#<sku>        PICTURE            its pictures, also of one that is not there yet
TENANT#t#PRODUCT#<sku>        STOCK              what orders reserved and sold of it
TENANT#t#ORDER#<id>           ORDER              an order
TENANT#t#ORDER#<id>           RUN                the execution that carries it through its life
TENANT#t#ORDER#<id>           WAITS#<what>       who waits for a person's answer (`orders.waiting`)
TENANT#t#ORDER#<id>           HOLDS#<sku>        the pieces of a line that are reserved for it
TENANT#t#CUSTOMER#<user id>   CUSTOMER           what orders knows of a user: active or not
TENANT#t#CUSTOMER#<user id>   OPEN#<order id>    points to an open order; gone when it ends; knows
                                                 until when it may be paid (`orders.deadlines`)
============================  =================  ===============================================

In gsi1, partition TENANT#t#ORDERS lists the orders by id, which is by time of placing; in gsi2,
partition TENANT#t#CUSTOMER#<user id>#ORDERS those of one customer. Open orders are in the table
itself, because indexes lag, and a deactivation must find every one.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypedDict

from contracts.event import EventData
from contracts.limits import Entry
from orders.deadlines import moved, opened
from orders.domain import events
from orders.domain.orders import CustomerStatus, Order
from orders.domain.problems import InactiveCustomer
from runtime.cause import Cause
from runtime.changes import (
    Change,
    Create,
    Exists,
    Key,
    Project,
    Require,
    RevisionConflict,
    Unmet,
    Update,
)
from runtime.outbox import outgoing
from runtime.problems import NotFound
from runtime.table import InTable, Stored

_ATTEMPTS = 4


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
        return order_of(stored)

    def page(
        self, tenant: str, *, customer_id: str | None, limit: int, after: str | None
    ) -> tuple[list[Order], str | None]:
        """Return part of the orders, of one customer or of all, the newest first.

        Returns
        -------
        The orders, and where the list goes on.
        """
        index, pk = (
            ("gsi1", orders_list(tenant))
            if customer_id is None
            else ("gsi2", _list_of(tenant, customer_id))
        )
        part = self._table.query(pk, index=index, limit=limit, after=after, forward=False)
        return [order_of(stored) for stored in part.items], part.last

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
                opened(_open_key(tenant, customer_id, order.id), tenant, order),
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
        self._table.commit(
            # First, so that what was handled before is known as such.
            *([mark] if mark else []),
            Update(
                key=order_key(tenant, new.id),
                data=_data(new),
                revision=new.revision,
                expected=old.revision,
                events=[_entry(new, payload, now, cause) for payload in _news(old, new, now)],
                **_lists(tenant, new),
            ),
            *moved(pointer, tenant, old, new),
        )

    def change(
        self,
        order_id: str,
        rule: Callable[[Order], Order],
        *,
        now: datetime,
        cause: Cause,
        mark: Change | None = None,
    ) -> Order:
        """Have a rule change an order, also while others change it.

        Parameters
        ----------
        order_id
            Which one.
        rule
            Takes the order as it is and returns what becomes of it, the same object for nothing.
        now, cause, mark
            As of `save`.

        Returns
        -------
        Order
            As it is now.

        Raises
        ------
        NotFound
            There is none by that id.
        runtime.changes.Exists
            The mark is there already.
        runtime.changes.RevisionConflict
            It goes on changing under our hands.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            old = self.get(cause.tenant, order_id)
            new = rule(old)
            if new is old:
                break
            try:
                self.save(old, new, now=now, cause=cause, mark=mark)
            except RevisionConflict:
                if attempt == _ATTEMPTS:
                    raise
            else:
                break
        return new

    def claim(self, tenant: str, order_id: str, run: str) -> bool:
        """Return whether the order is an execution's to carry through: the first that asks.

        Parameters
        ----------
        tenant, order_id
            Which order.
        run
            The execution's name.
        """
        key = Key(order_key(tenant, order_id).pk, "RUN")
        try:
            self._table.commit(Create(key=key, data={"run": run}))
        except Exists:
            stored = self._table.get(key)
            return stored is not None and stored.data["run"] == run
        return True


class _Lists(TypedDict):
    gsi1: Key
    gsi2: Key


def _lists(tenant: str, order: Order) -> _Lists:
    return {
        "gsi1": Key(orders_list(tenant), order.id),
        "gsi2": Key(_list_of(tenant, order.customer_id), order.id),
    }


def order_key(tenant: str, order_id: str) -> Key:
    """Return the key of an order; what belongs to it is beside it."""
    return Key(f"TENANT#{tenant}#ORDER#{order_id}", "ORDER")


def _customer_key(tenant: str, user_id: str) -> Key:
    return Key(f"TENANT#{tenant}#CUSTOMER#{user_id}", "CUSTOMER")


def _open_key(tenant: str, user_id: str, order_id: str) -> Key:
    return Key(f"TENANT#{tenant}#CUSTOMER#{user_id}", f"OPEN#{order_id}")


def orders_list(tenant: str) -> str:
    """Return the partition of gsi1 that lists a tenant's orders by their ids."""
    return f"TENANT#{tenant}#ORDERS"


def _list_of(tenant: str, user_id: str) -> str:
    return f"TENANT#{tenant}#CUSTOMER#{user_id}#ORDERS"


def order_of(stored: Stored) -> Order:
    """Return the order that an item is."""
    return Order(**stored.data, revision=stored.revision)


def _data(order: Order) -> dict[str, Any]:
    return order.model_dump(mode="json", exclude={"revision"})


def _news(old: Order, new: Order, now: datetime) -> Sequence[EventData]:
    if new.refunded_at and not old.refunded_at:
        return [events.refunded(new, now)]
    return events.told(new, now) if new.status != old.status else []


def _entry(order: Order, payload: EventData, now: datetime, cause: Cause) -> Entry:
    return outgoing(payload, subject=order.id, revision=order.revision, cause=cause, now=now)
