"""Daily reports: counted once a day is over, kept as JSON and CSV, and told.

==================  =======  =====================
pk                  sk       what
==================  =======  =====================
TENANT#t#REPORT     <date>   a report's figures
==================  =======  =====================

The figures are written first, and what is written first stands: two runs at the same time make the
same documents. Then come the documents, and at last that the report is there, together with the
event. A run that finds one of these missing goes on from there.
"""

from dataclasses import dataclass
from datetime import date, datetime

from pydantic_core import to_json

from orders.days import Placed, begin, end
from orders.documents import Documents
from orders.domain.reports import Report, count, ready, shown, table
from runtime.cause import Cause
from runtime.changes import Create, Exists, Key, RevisionConflict, Update
from runtime.outbox import outgoing
from runtime.table import InTable

JSON, CSV = "application/json", "text/csv; charset=utf-8"


class Reports(InTable):
    """The reports of all tenants; each call is about one tenant's."""

    def find(self, tenant: str, day: str) -> Report | None:
        """Return the report of a day like ``2026-11-20``, be it told or not, or None."""
        stored = self._table.get(_key(tenant, day))
        return stored and Report(**stored.data, revision=stored.revision)

    def save(
        self, old: Report | None, new: Report, *, cause: Cause, tell_at: datetime | None = None
    ) -> None:
        """Write a report.

        Parameters
        ----------
        old, new
            The report before, if there was one, and after.
        cause
            Whose it is, and why.
        tell_at
            When it is told that it is there, if it is.

        Raises
        ------
        runtime.changes.Exists, runtime.changes.RevisionConflict
            Another run is at it.
        """
        day = new.day.isoformat()
        key, data = _key(cause.tenant, day), new.model_dump(mode="json", exclude={"revision"})
        if old is None:
            self._table.commit(Create(key=key, data=data))
            return
        told = tell_at and outgoing(
            ready(new), subject=day, revision=new.revision, cause=cause, now=tell_at
        )
        self._table.commit(
            Update(
                key=key,
                data=data,
                revision=new.revision,
                expected=old.revision,
                events=[told] if told else [],
            )
        )


@dataclass(frozen=True)
class Reporting:
    """Makes reports.

    Attributes
    ----------
    reports, placed, documents
        Where they are kept, and what they are about.
    """

    reports: Reports
    placed: Placed
    documents: Documents

    @classmethod
    def connect(cls) -> "Reporting":
        """Return one on the table and the bucket that the settings name."""
        return cls(Reports.connect(), Placed.connect(), Documents.connect())

    def report(self, day: date, *, cause: Cause, now: datetime) -> bool:
        """Make a tenant's report of a day, and tell it once; of a day that is over it is final.

        A report of a day that is not over is told once as well. Made again it is counted anew,
        and told again when the day is over.

        Returns
        -------
        bool
            Whether it was told: False if it was before, or is by another run.

        Raises
        ------
        runtime.changes.Exists, runtime.changes.RevisionConflict
            Another run counts at this moment: this one may be made again.
        """
        known = self.reports.find(cause.tenant, day.isoformat())
        if known is None or not known.complete:
            known = self._count(known, day, cause, now)
        elif known.told:
            return False
        self._write(cause.tenant, known)
        if known.told:
            return False
        told = known.model_copy(update={"told": True, "revision": known.revision + 1})
        try:
            self.reports.save(known, told, cause=cause, tell_at=now)
        except RevisionConflict:
            return False  # it was told by another run, from the same figures
        return True

    def _count(self, known: Report | None, day: date, cause: Cause, now: datetime) -> Report:
        complete = now >= end(day)
        report = Report(
            day=day,
            complete=complete,
            counted_at=now,
            figures=count(self.placed.between(cause.tenant, begin(day), end(day))),
            told=known is not None and known.told and not complete,
            revision=known.revision + 1 if known else 1,
        )
        try:
            self.reports.save(known, report, cause=cause)
        except (Exists, RevisionConflict):
            first = self.reports.find(cause.tenant, day.isoformat())
            if first is None or first.complete != complete:
                raise
            return first
        return report

    def _write(self, tenant: str, report: Report) -> None:
        day = report.day.isoformat()
        self.documents.put(json_key(tenant, day), to_json(shown(report), indent=2), JSON)
        self.documents.put(csv_key(tenant, day), table(report).encode(), CSV)


def json_key(tenant: str, day: str) -> str:
    """Return the key of a report as JSON."""
    return f"reports/{tenant}/{day}.json"


def csv_key(tenant: str, day: str) -> str:
    """Return the key of a report as CSV."""
    return f"reports/{tenant}/{day}.csv"


def _key(tenant: str, day: str) -> Key:
    return Key(f"TENANT#{tenant}#REPORT", day)
