"""Which orders are not paid, and until when they may be: found without a look at all the others.

The pointer to an open order (OPEN#<id>, `orders.store`) stands in gsi1 while the order is not paid:

================  ===================  ================================================
gsi1pk            gsi1sk
================  ===================  ================================================
UNPAID#<0 to 7>   <until>#<t>#<id>     the order is given up then (`orders.domain.terms`)
================  ===================  ================================================

and in the table itself:

========  ===========  ====================================================================
pk        sk           what
========  ===========  ====================================================================
OVERDUE   <t>#<id>     an order that was given up, until it has given back what it had
UNPAID    WHERE        where the search for such orders goes on, if it was broken off
========  ===========  ====================================================================

These are no tenant's: one clock serves all. The index is in eight parts, so that orders are placed
no slower than eight partitions of it can be written.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from orders.domain.orders import ENDED, UNPAID, Order
from orders.domain.terms import unpaid_until
from runtime.changes import Change, Create, Exists, Key, Project, Remove, RevisionConflict, Update
from runtime.table import InTable, Stored

PARTS = 8
_PAGE = 100  # orders that are read at once
_OVERDUE = "OVERDUE"
_WHERE = Key("UNPAID", "WHERE")


class Place(NamedTuple):
    """A place in the index: a part, and the sort key there that it is behind, if any."""

    part: int = 0
    after: str | None = None


class Due(NamedTuple):
    """An order whose time to pay was over when the index was written.

    Attributes
    ----------
    tenant, order_id
        Which one.
    place
        Where the search finds it again.
    """

    tenant: str
    order_id: str
    place: Place


def opened(pointer: Key, tenant: str, order: Order) -> Change:
    """Return the change that writes the pointer to a new order."""
    return Create(key=pointer, data=_data(tenant, order), gsi1=_indexed(tenant, order))


def moved(pointer: Key, tenant: str, old: Order, new: Order) -> Sequence[Change]:
    """Return what becomes of the pointer when the order changes, together with that change."""
    if new.status in ENDED:
        return [Remove(key=pointer)]
    index = _indexed(tenant, new)
    if index == _indexed(tenant, old):
        return []
    data = _data(tenant, new)
    return [Project(key=pointer, data=data, revision=new.revision, gsi1=index)]


class Deadlines(InTable):
    """The orders of all tenants that are not paid."""

    def over(self, now: datetime) -> Iterator[Due]:
        """Yield those whose time is over, from where an earlier search was broken off.

        The index lags a little: one that was paid or ended a moment ago may be among them.
        """
        begin = self._begin()
        limit = _moment(now)
        for number in range(PARTS):
            part = (begin.part + number) % PARTS
            place = begin if number == 0 else Place(part)
            more = True
            while more:
                pk, after = f"UNPAID#{part}", place.after
                found = self._table.query(pk, index="gsi1", limit=_PAGE, after=after)
                for stored in found.items:
                    until, tenant, order_id = _parsed(stored)
                    if until > limit:
                        more = False
                        break
                    yield Due(tenant, order_id, place)
                    place = Place(part, f"{until}#{tenant}#{order_id}")
                more = more and found.last is not None

    def go_on(self, place: Place | None) -> None:
        """Remember where the next search begins: at a place, or at None with all of it.

        Of two searches at the same time one is remembered: the other's orders are still there.
        """
        if place is None:
            self._table.commit(Remove(key=_WHERE))
            return
        stored = self._table.get(_WHERE)
        data = {"part": place.part, "after": place.after}
        try:
            if stored is None:
                self._table.commit(Create(key=_WHERE, data=data))
            else:
                revision = stored.revision
                self._table.commit(
                    Update(key=_WHERE, data=data, revision=revision + 1, expected=revision)
                )
        except (Exists, RevisionConflict):
            return

    def given_up(self, tenant: str, order_id: str) -> Change:
        """Return the mark that an order is given up: it goes with that change, once."""
        return Create(key=_overdue(tenant, order_id), data={})

    def to_compensate(self) -> Iterator[tuple[str, str]]:
        """Yield tenant and id of the orders that were given up and may have things to give back."""
        for stored in self._table.every(_OVERDUE):
            tenant, order_id = stored.key.sk.split("#")
            yield tenant, order_id

    def compensated(self, tenant: str, order_id: str) -> None:
        """Forget an order that has given back what it had."""
        self._table.commit(Remove(key=_overdue(tenant, order_id)))

    def _begin(self) -> Place:
        stored = self._table.get(_WHERE)
        return Place() if stored is None else Place(int(stored.data["part"]), stored.data["after"])


def _indexed(tenant: str, order: Order) -> Key | None:
    if order.status not in UNPAID:
        return None
    part = ord(order.id[-1]) % PARTS
    return Key(f"UNPAID#{part}", f"{_moment(unpaid_until(order))}#{tenant}#{order.id}")


def _data(tenant: str, order: Order) -> dict[str, str]:
    return {"tenant": tenant, "unpaid_until": _moment(unpaid_until(order))}


def _parsed(stored: Stored) -> tuple[str, str, str]:
    order_id = stored.key.sk.partition("#")[2]
    return stored.data["unpaid_until"], stored.data["tenant"], order_id


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _overdue(tenant: str, order_id: str) -> Key:
    return Key(_OVERDUE, f"{tenant}#{order_id}")
