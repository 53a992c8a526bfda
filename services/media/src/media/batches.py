"""The batches of large imports in the media table: each told once, by whichever attempt is first.

====================  ==================  ======================================================
pk                    sk                  what
====================  ==================  ======================================================
TENANT#t#MEDIA#<id>   BATCH#<number>      that a batch was told, with its event
TENANT#t#MEDIA#<id>   TALLY#<number>      how many of its rows were good and how many not
====================  ==================  ======================================================

The tally is an item of its own, so that summing up does not read the events again. Both may go
when the import cannot be driven again any more.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.event import EventData
from media.keys import Whose
from runtime.cause import Cause
from runtime.changes import Create, Exists, Key
from runtime.outbox import outgoing
from runtime.table import InTable

# An execution can be driven again for 14 days (RedriveExecution, API reference).
RETENTION = timedelta(days=30)

_DIGITS = 10


class Tally(NamedTuple):
    """What came of a batch.

    Attributes
    ----------
    number
        Which batch: the rows of the file count from 1, and its first row is this one.
    accepted, refused
        How many rows.
    """

    number: int
    accepted: int
    refused: int


class Batches(InTable):
    """The batches of all tenants' large imports."""

    def add(
        self, whose: Whose, tally: Tally, *, told: Sequence[EventData], cause: Cause, now: datetime
    ) -> None:
        """Write that a batch was read, with the event of its good rows; done again, nothing."""
        subject = f"{whose.media_id}/{tally.number}"
        entries = [outgoing(one, subject=subject, revision=1, cause=cause, now=now) for one in told]
        expires = int((now + RETENTION).timestamp())
        counts = {"accepted": tally.accepted, "refused": tally.refused}
        # Two writes and not one transaction, which would cost twice as much: whoever dies between
        # them comes again.
        for key, data, events in (
            (_key(whose, "BATCH", tally.number), {}, entries),
            (_key(whose, "TALLY", tally.number), counts, []),
        ):
            try:
                self._table.commit(Create(key=key, data=data, events=events, expires_at=expires))
            except Exists:
                continue

    def tallies(self, whose: Whose) -> Iterator[Tally]:
        """Yield what came of an import's batches, in the order of the file."""
        for stored in self._table.every(_key(whose, "TALLY", 0).pk, prefix="TALLY#"):
            number = int(stored.key.sk.partition("#")[2])
            yield Tally(number, stored.data["accepted"], stored.data["refused"])


def _key(whose: Whose, kind: str, number: int) -> Key:
    return Key(f"TENANT#{whose.tenant}#MEDIA#{whose.media_id}", f"{kind}#{number:0{_DIGITS}}")
