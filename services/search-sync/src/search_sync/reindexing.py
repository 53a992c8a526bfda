"""Builds a new index beside the one that is searched, from the table, and lets it take its place.

From the moment when the new index is there, whatever is written goes into both. So all that this
has to bring is what was written before: it waits until every writer knows of the new index, and
then reads the whole table. Versions are external: what it brings never replaces what is newer.
"""

import random
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event, Lock
from typing import NamedTuple

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from runtime.changes import Key
from search_sync.domain.differences import Place
from search_sync.engine.claims import Claims, Progress, TakenOver
from search_sync.engine.holdings import Holdings
from search_sync.engine.indexes import STANDBY, Indexes, Standing
from search_sync.engine.writer import MEMORY_SECONDS, OpenSearchWriter
from search_sync.index import IndexWriter, Write
from search_sync.scanning import Row, Rows
from search_sync.store import Unreadable, write_for
from search_sync.verifying import Verifier

SEGMENTS = 4
SETTLE_SECONDS = MEMORY_SECONDS + 7.0
"""After so long every writer knows of a change of the standby, and its last bulk has ended."""

_SAMPLE = 200
_BEAT_SECONDS = 2.0
# An engine that cannot take a part is asked for four minutes.
_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, *[30.0] * 7)


class NotRebuilt(Exception):
    """The index that is searched is the one that was; the message says why."""


class Rebuilt(NamedTuple):
    """What a reindex has done.

    Attributes
    ----------
    standing
        Which index is searched now, and which stands by.
    documents
        How many there are in the new one.
    resumed
        Whether another had begun it.
    """

    standing: Standing
    documents: int
    resumed: bool


class Rebuild:
    """Changes which index is searched, one process at a time.

    Parameters
    ----------
    client
        A client of the engine.
    rows
        The table.
    pause
        Waits some seconds.
    clock
        Tells the time in seconds since the epoch.
    report
        Told how many rows were read, whenever there are more.
    """

    def __init__(
        self,
        client: OpenSearch,
        rows: Rows,
        *,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        report: Callable[[int], None] = lambda _rows: None,
    ) -> None:
        self._client = client
        self._rows = rows
        self._pause = pause
        self._clock = clock
        self._report = report
        self._indexes = Indexes(client)
        self._claims = Claims(client, clock)
        self._into: IndexWriter = OpenSearchWriter(client, into=STANDBY)

    def reindex(self) -> Rebuilt:
        """Build a new index and let it take the place of the one that is searched.

        Whatever ends it before, an interruption too, changes nothing of what is searched, and the
        next goes on from there.

        Raises
        ------
        Claimed
            Another process is at it.
        NotRebuilt
            The new index is not what it should be.
        """
        progress = self._claims.take()
        try:
            resumed = self._can_go_on(progress)
            if not resumed:
                self._begin(progress)
            if progress.index != self._indexes.standing().searched:
                if not progress.rows:
                    self._settle()
                self._fill(progress)
                self._claims.save(progress)  # it may have been taken over meanwhile
                self._indexes.swap()
        except BaseException:
            with suppress(OpenSearchException, TakenOver):  # else it is abandoned a minute later
                self._claims.leave(progress)
            raise
        self._claims.release()
        standing = self._indexes.standing()
        return Rebuilt(standing, self._indexes.documents(standing.searched or STANDBY), resumed)

    def rollback(self) -> Standing:
        """Let the index that stands by take the place of the one that is searched.

        Raises
        ------
        Claimed
            Another process is at it.
        NotRebuilt
            There is none, or its filling has not come to its end.
        """
        progress = self._claims.take()
        standby = self._indexes.standing().standby
        if standby is None or standby == progress.index:
            self._give_back(progress)
            raise NotRebuilt("No index stands by." if standby is None else _HALF.format(standby))
        standing = self._indexes.swap()
        self._claims.release()
        return standing

    def drop_standby(self) -> list[str]:
        """Delete the index that stands by, also one that was never filled; return which it was.

        Raises
        ------
        Claimed
            Another process is at it.
        """
        self._claims.take()
        dropped = self._indexes.close_standby()
        if dropped:
            self._settle()
        self._claims.release()
        return dropped

    def _settle(self) -> None:
        """Wait until every writer knows what stands by, and delete what did before."""
        self._pause(SETTLE_SECONDS)
        for index in self._indexes.closed():
            self._indexes.delete(index)

    def _give_back(self, progress: Progress) -> None:
        if progress.index is None:
            self._claims.release()
        else:
            self._claims.leave(progress)

    def _can_go_on(self, progress: Progress) -> bool:
        """Return whether the index of a reindex that had no end is still what it should be."""
        standing = self._indexes.standing()
        there = progress.index is not None and progress.index in standing
        return there and not self._indexes.drift(str(progress.index))

    def _begin(self, progress: Progress) -> None:
        """Make the new index, in place of what stood by."""
        progress.index, progress.rows, progress.documents = None, 0, 0
        progress.done = [[] for _ in range(SEGMENTS)]
        self._claims.save(progress)
        if self._indexes.standing().searched is None:
            self._indexes.create()
        self._indexes.close_standby()
        stamp = datetime.fromtimestamp(self._clock(), UTC)
        progress.index = self._indexes.create_standby(f"{stamp:%Y%m%d%H%M%S}")
        self._claims.save(progress)

    def _fill(self, progress: Progress) -> None:
        """Bring what is in the table, and see that it has come.

        Raises
        ------
        NotRebuilt
            It has not.
        """
        filling = _Filling(self._rows, self._into, progress)
        filling.run(self._claims, self._report)
        index = str(progress.index)
        self._indexes.refresh(index)

        def pause(seconds: float) -> None:
            self._claims.save(progress)
            self._pause(seconds)

        verifier = Verifier(self._rows, Holdings(self._client, index), pause=pause)
        findings = verifier.settled(dict(filling.sample))
        if not findings and self._indexes.documents(index) != progress.documents:
            # Rows have come or gone meanwhile, or documents are missing: this tells.
            findings = verifier.verify().findings
        findings = [one for one in findings if one.difference.what != "unreadable"]
        if findings:
            progress.index = None  # the next one begins anew
            first = findings[0].difference
            raise NotRebuilt(
                f"{len(findings)} of the documents of {index} are not as the table says: "
                f"{first.kind} {first.id} of {first.tenant} is {first.what}."
            )


_HALF = "The filling of {} has not come to its end."


class _Filling:
    """The segments of the table on their way into one index, each in a thread of its own."""

    def __init__(self, rows: Rows, into: IndexWriter, progress: Progress) -> None:
        self._rows = rows
        self._into = into
        self._progress = progress
        self._lock = Lock()
        self._stop = Event()
        self._seen = 0
        self.sample: list[tuple[Place, Key]] = []

    def run(self, claims: Claims, report: Callable[[int], None]) -> None:
        """Bring all segments, and keep how far they are."""
        segments = len(self._progress.done)
        with ThreadPoolExecutor(segments) as pool:
            waiting: set[Future[None]] = {
                pool.submit(self._bring, segment) for segment in range(segments)
            }
            try:
                while waiting:
                    done, waiting = wait(waiting, _BEAT_SECONDS, FIRST_EXCEPTION)
                    with self._lock, suppress(OpenSearchException):  # its threads are patient
                        claims.save(self._progress)
                    report(self._progress.rows)
                    for one in done:
                        one.result()
            finally:
                self._stop.set()

    def _bring(self, segment: int) -> None:
        segments = len(self._progress.done)
        while (place := self._progress.done[segment]) is not None and not self._stop.is_set():
            part = self._rows.part(segment, segments, Key(*place) if place else None)
            writes = {row.key: write for row in part.rows if (write := _write_of(row))}
            self._write(list(writes.values()))
            with self._lock:
                self._progress.done[segment] = list(part.last) if part.last else None
                self._progress.rows += len(part.rows)
                self._progress.documents += sum(one.document is not None for one in writes.values())
                for key, write in writes.items():
                    self._remember(Place(write.id, write.tenant), key)

    def _write(self, writes: list[Write]) -> None:
        """Write a part; an engine that is down or overloaded is asked again, for a while."""
        for seconds in (*_PAUSES, None):
            failures = self._into.write(writes)
            for failure in failures:
                if failure.permanent:
                    raise NotRebuilt(f"The new index refuses {failure.write.id}: {failure.reason}")
            if not failures:
                return
            if seconds is None or self._stop.wait(seconds):
                raise NotRebuilt(f"The engine takes no documents: {failures[0].reason}")
            writes = [failure.write for failure in failures]

    def _remember(self, place: Place, key: Key) -> None:
        """Take a document into the sample: any is as likely in it as another."""
        self._seen += 1
        if len(self.sample) < _SAMPLE:
            self.sample.append((place, key))
        elif (number := random.randrange(self._seen)) < _SAMPLE:  # noqa: S311 - a sample, not a secret
            self.sample[number] = place, key


def _write_of(row: Row) -> Write | None:
    """Return a row's write; None if it cannot be read, which the stream's feed has reported."""
    try:
        return write_for(row.key, row.stored, row.stored.revision) if row.stored else None
    except Unreadable:
        return None
