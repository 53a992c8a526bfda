"""Every tenant has a report of the day before: its orders, what they brought in, what failed."""

from datetime import datetime

from pydantic import BaseModel

from orders.days import OfDay
from orders.reporting import Reporting
from orders.tenants import Tenants
from runtime.capacity import Capacity
from runtime.cause import Cause
from runtime.ids import new_ulid
from runtime.logs import follow, logger
from runtime.schedule import schedule


class Reported(BaseModel):
    """What a run says of itself.

    Attributes
    ----------
    date
        The day, UTC.
    reported
        How many tenants' reports were told by this run.
    already
        How many tenants' reports had been told before.
    """

    date: str
    reported: int = 0
    already: int = 0


class NotAllReported(Exception):
    """Some reports could not be made: the next run makes those that are missing."""


def daily_report(asked: OfDay, tenants: Tenants, reporting: Reporting, now: datetime) -> Reported:
    """Report on the day to every tenant, each once; one that fails leaves the others theirs."""
    day = asked.day(now)
    done, failed, run = Reported(date=day.isoformat()), 0, new_ulid()
    for tenant in tenants.every():
        cause = Cause(tenant, correlation_id=run, causation_id=run)
        follow(cause)
        try:
            told = reporting.report(day, cause=cause, now=now)
        except Exception:  # noqa: BLE001 - the others' reports do not depend on it
            logger.exception("report failed", date=done.date)
            failed += 1
        else:
            done.reported += told
            done.already += not told
    follow(None)
    if failed:
        raise NotAllReported(
            f"{done.date}: {failed} reports failed, {done.reported} were made, "
            f"{done.already} were there"
        )
    return done


handler = schedule(
    "cron(0 8 * * ? *)",
    daily_report,
    capacity=Capacity(seconds=900),
    tenants=Tenants.connect,
    reporting=Reporting.connect,
)
