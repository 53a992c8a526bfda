"""What is reported of a day: how many orders, what they brought in, and how they failed."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, field_validator

from contracts.events.orders import DailyReportReady, Takings
from orders.domain.orders import Order, OrderStatus

_PAID = {"confirmed", "fulfilled"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Figures(BaseModel):
    """The orders that were placed on one day, as they stand at the time of counting.

    Attributes
    ----------
    orders
        How many.
    by_status
        How many by status; every status is named.
    revenue
        The sum of those that were paid and neither cancelled nor rejected since, in minor units,
        by currency.
    rejected
        How many by the reason.
    """

    model_config = ConfigDict(frozen=True)

    orders: int
    by_status: Mapping[str, int]
    revenue: Mapping[str, int]
    rejected: Mapping[str, int]

    @property
    def cancelled(self) -> int:
        """How many were cancelled."""
        return self.by_status["cancelled"]

    @field_validator("by_status")
    @classmethod
    def _in_order_of_life(cls, given: Mapping[str, int]) -> Mapping[str, int]:
        return {status: given.get(status, 0) for status in get_args(OrderStatus)}

    @field_validator("revenue", "rejected")
    @classmethod
    def _in_order_of_name(cls, given: Mapping[str, int]) -> Mapping[str, int]:
        return dict(sorted(given.items()))  # a table gives them in any


class Report(BaseModel):
    """The report of a day.

    Attributes
    ----------
    day
        The day on which the orders were placed, UTC.
    complete
        Whether the day was over.
    counted_at
        As of when.
    told
        Whether it was told that it is there: as much of it as there is.
    revision
        Grows by one with each change.
    """

    model_config = ConfigDict(frozen=True)

    day: date
    complete: bool
    counted_at: datetime
    figures: Figures
    told: bool = False
    revision: int = 1


def count(orders: Iterable[Order]) -> Figures:
    """Return the figures of some orders, one after the other."""
    by_status: Counter[str] = Counter()
    revenue: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    for order in orders:
        by_status[order.status] += 1
        if order.status in _PAID:
            revenue[order.total.currency] += order.total.amount
        if order.status == "rejected":
            rejected[order.reason or "unknown"] += 1
    return Figures(
        orders=by_status.total(),
        by_status=by_status,
        revenue=revenue,
        rejected=rejected,
    )


def takings(figures: Figures) -> tuple[Takings, ...]:
    """Return the revenue, by currency."""
    return tuple(
        Takings(amount=amount, currency=currency) for currency, amount in figures.revenue.items()
    )


def ready(report: Report) -> DailyReportReady:
    """Return the event of a report that can be fetched."""
    figures = report.figures
    return DailyReportReady(
        date=report.day.isoformat(),
        complete=report.complete,
        orders=figures.orders,
        revenue=takings(figures),
        rejected=sum(figures.rejected.values()),
        cancelled=figures.cancelled,
        counted_at=report.counted_at,
    )


def shown(report: Report) -> dict[str, Any]:
    """Return a report as its readers see it."""
    figures = report.figures
    return {
        "date": report.day.isoformat(),
        "complete": report.complete,
        "counted_at": report.counted_at,
        "orders": figures.orders,
        "by_status": figures.by_status,
        "revenue": takings(figures),
        "rejected": figures.rejected,
        "cancelled": figures.cancelled,
    }


def table(report: Report) -> str:
    """Return a report as CSV (RFC 4180): a line for each figure."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("date", "figure", "of", "value"))
    for figure, of, value in _lines(report.figures):
        writer.writerow((report.day.isoformat(), figure, _harmless(of), value))
    return text.getvalue()


def _lines(figures: Figures) -> Iterator[tuple[str, str, int]]:
    yield "orders", "", figures.orders
    for figure, values in (
        ("orders", figures.by_status),
        ("revenue", figures.revenue),
        ("rejected", figures.rejected),
    ):
        for of, value in values.items():
            yield figure, of, value


def _harmless(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
