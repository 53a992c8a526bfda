"""Days, in UTC: which one a schedule is about, and which orders were placed on it."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import BeforeValidator

from orders.domain.orders import Order
from orders.store import order_of, orders_list
from runtime.ids import first_ulid
from runtime.schedule import Input
from runtime.table import InTable

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FIRST = date(2000, 1, 1)  # nobody ordered anything before
_PART = 100  # orders that are read at once


def _date(value: object) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("is not a date like 2026-11-20")
    day = date.fromisoformat(value)
    if day < _FIRST:
        raise ValueError(f"is before {_FIRST}")
    return day


Day = Annotated[date, BeforeValidator(_date)]
"""A day, read from its date."""


class OfDay(Input):
    """What a schedule is told that is about one day.

    Attributes
    ----------
    date
        The day; the one before this if it is not said.
    """

    date: Day | None = None

    def day(self, now: datetime) -> Day:
        """Return the day that is meant.

        Raises
        ------
        ToCome
            It has not begun.
        """
        today = now.astimezone(UTC).date()
        if self.date is not None and self.date > today:
            raise ToCome(f"{self.date} is still to come: it is {today} (UTC)")
        return self.date or today - timedelta(days=1)


class ToCome(ValueError):
    """The day has not begun."""


def begin(day: date) -> datetime:
    """Return the first moment of a day."""
    return datetime.combine(day, time(), UTC)


def end(day: date) -> datetime:
    """Return the first moment after a day."""
    return begin(day) + timedelta(days=1)


class Placed(InTable):
    """The orders of all tenants by when they were placed, as their ids say."""

    def between(self, tenant: str, since: datetime, until: datetime) -> Iterator[Order]:
        """Yield a tenant's orders in order of placing, part by part.

        Parameters
        ----------
        tenant
            Whose.
        since, until
            From when, and until when: what was placed right then is not in it.
        """
        after: str | None = f"ord_{first_ulid(since)}"
        last = f"ord_{first_ulid(until)}"
        while after is not None:
            part = self._table.query(orders_list(tenant), index="gsi1", limit=_PART, after=after)
            for stored in part.items:
                order = order_of(stored)
                if order.id >= last:
                    return
                yield order
            after = part.last
