"""What became of bulks: the rows that tell, and that let each order of one be placed once.

==========================  ============  ==================================================
pk                          sk            what
==========================  ============  ==================================================
TENANT#t#BULK#<id>          BULK          a bulk: how many orders it asks for
TENANT#t#BULK#<id>          END#<index>   how one of them ended
==========================  ============  ==================================================

The id is that of the queue's message. A row of an order that was placed is written with the order:
neither is there without the other. All go when no message can come again that they were made by.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from runtime.changes import Change, Create, Exists, Key
from runtime.inbox import RETENTION
from runtime.problems import Problem
from runtime.table import InTable, Stored, Table

_MOST_ROWS = 100


class Ended(BaseModel):
    """How an order of a bulk ended: its id if it was placed, else the problem.

    Attributes
    ----------
    order_id
        The order's.
    problem
        The problem's document, if it was refused.
    """

    model_config = ConfigDict(frozen=True)

    order_id: str | None = None
    problem: dict[str, Any] | None = None


class Bulk(BaseModel):
    """A bulk of orders.

    Attributes
    ----------
    count
        How many orders it asks for; 0 if it cannot be understood.
    problem
        Why it is refused as a whole, if it is.
    same_as
        The id of an earlier bulk of which it is a repetition, if it is one.
    ended
        How orders ended, by their index; the others have not.
    """

    model_config = ConfigDict(frozen=True)

    count: int
    problem: dict[str, Any] | None = None
    same_as: str | None = None
    ended: Mapping[int, Ended] = {}

    @property
    def done(self) -> bool:
        """Whether every one of its orders has ended."""
        return len(self.ended) == self.count


class Bulks(InTable):
    """The bulks of all tenants; each call is about one tenant's."""

    @property
    def table(self) -> Table:
        """The table that they are in."""
        return self._table

    def find(self, tenant: str, bulk_id: str) -> Bulk | None:
        """Return the bulk as it is now, or None."""
        rows = self._table.query(_key(tenant, bulk_id, "").pk, limit=_MOST_ROWS).items
        heads = [row.data for row in rows if row.key.sk == "BULK"]
        if not heads:
            return None
        ends = {_index(row): Ended(**row.data) for row in rows if row.key.sk != "BULK"}
        return Bulk(**heads[0], ended=ends)

    def add(self, tenant: str, bulk_id: str, bulk: Bulk, now: datetime, *with_it: Change) -> None:
        """Write a new bulk, of which nothing has ended, and what is to be written with it.

        Raises
        ------
        runtime.changes.Exists
            It, or what was to be written with it, is there already.
        """
        data = bulk.model_dump(mode="json", exclude={"ended"})
        row = Create(key=_key(tenant, bulk_id, "BULK"), data=data, expires_at=_expiry(now))
        self._table.commit(*with_it, row)

    def end(self, tenant: str, bulk_id: str, index: int, problem: Problem, now: datetime) -> None:
        """Write that an order was refused, unless it has ended before."""
        ended = Ended(problem=problem.document())
        try:
            self._table.commit(self.row(tenant, bulk_id, index, ended, now))
        except Exists:
            return

    def row(self, tenant: str, bulk_id: str, index: int, ended: Ended, now: datetime) -> Create:
        """Return the change that writes how an order ended; commit it together with the order."""
        return Create(
            key=_key(tenant, bulk_id, f"END#{index:02}"),
            data=ended.model_dump(mode="json"),
            expires_at=_expiry(now),
        )


def _key(tenant: str, bulk_id: str, sk: str) -> Key:
    return Key(f"TENANT#{tenant}#BULK#{bulk_id}", sk)


def _index(row: Stored) -> int:
    return int(row.key.sk.removeprefix("END#"))


def _expiry(now: datetime) -> int:
    return int((now + RETENTION).timestamp())
