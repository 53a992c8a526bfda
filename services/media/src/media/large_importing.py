"""What becomes of an import that exceeds one function: a state machine reads it, batch by batch.

Step Functions reads the file and hands out its rows; the small imports' own reader
(`media.imports.reading`) looks only at its beginning.
"""

import codecs
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from contracts.events.media import ProductRowsAccepted
from media import keys
from media.arrivals import Arrival, Whose
from media.batches import Batches, Tally
from media.domain import events
from media.domain import uploads as rules
from media.domain.uploads import Progress, Upload
from media.importing import Importer, causation
from media.imports.faults import BadFile
from media.imports.reading import Pile, begin
from media.imports.report import CONTENT_TYPE, part
from media.objects import Library, Uploads
from media.store import Media
from runtime.cause import Cause
from runtime.logs import logger
from runtime.metrics import count


@dataclass(frozen=True)
class LargeImporter(Importer):
    """Imports whose rows are read elsewhere: claims them, tells their batches, sums them up.

    Attributes
    ----------
    batches
        What came of each batch.
    """

    batches: Batches

    @classmethod
    def connect(cls) -> "LargeImporter":
        """Return one with the table and the buckets that the settings name."""
        return cls(Media.connect(), Uploads.connect(), Library.connect(), Batches.connect())

    def claim(self, arrival: Arrival, run: str, now: datetime) -> Whose | None:
        """Take an import for one run; again, if that run asks again.

        Parameters
        ----------
        arrival
            The file that has arrived.
        run
            Who asks: an execution's name.
        now
            The current time.

        Returns
        -------
        Whose or None
            None if there is nothing to do: another run has it, it has ended, or its file was
            refused as a whole, which is told.

        Raises
        ------
        Hopeless
            Nobody asked for it, which an engineer hears of, or it is gone.
        media.objects.Changed
            It is being sent again: another attempt finds what came.
        """

        def claimed(one: Upload) -> Upload:
            begun = rules.begin(one, at=now)
            return one if begun is one else begun.model_copy(update={"progress": _claimed_by(run)})

        whose, upload = self._taken(arrival, claimed)
        if upload.status != "processing" or upload.progress != _claimed_by(run):
            logger.info("object dropped: it was told of before", status=upload.status)
            return None
        try:
            examine(lambda: self.library.stream(keys.original(*whose)))
        except BadFile as fault:
            self._refuse(whose, upload, fault, now)
            return None
        return whose

    def tell(self, whose: Whose, piles: Iterable[Pile], now: datetime) -> None:
        """Write batches, each with its event, under numbers that depend on their rows alone.

        Of an import that was deleted meanwhile nothing is told.
        """
        upload = self.media.find(*whose)
        if upload is None or upload.status != "processing":
            logger.info("batch dropped: its import is not under way", media_id=whose.media_id)
            return
        for pile in piles:
            number = _number(pile)
            if pile.bad:
                place = keys.report_part(*whose, number)
                self.library.put(place, part(pile.bad), CONTENT_TYPE)
            told = (
                ProductRowsAccepted(
                    media_id=whose.media_id, batch=number, rows=tuple(pile.rows), accepted_at=now
                )
                if pile.rows
                else None
            )
            self.batches.add(
                whose,
                Tally(number, len(pile.rows), len(pile.bad)),
                told=[told] if told else [],
                cause=_cause(whose, upload),
                now=now,
            )
            count("ImportedRows", len(pile.rows))

    def finish(self, whose: Whose, now: datetime) -> Progress:
        """Sum an import up: its report, its counts, the event that it was read to its end."""
        tallies = list(self.batches.tallies(whose))
        reported = [tally.number for tally in tallies if tally.refused]
        progress = Progress(
            batch=len(tallies),
            accepted=sum(tally.accepted for tally in tallies),
            refused=sum(tally.refused for tally in tallies),
            parts=len(reported),
        )
        self._end(
            whose,
            progress,
            lambda one: rules.finish(one, at=now).model_copy(update={"progress": progress}),
            events.finished,
            parts=reported,
        )
        return progress


def examine(opened: Callable[[], Iterable[bytes]]) -> None:
    """Refuse a file for what every row of it would suffer from: its header and its encoding.

    What is wrong with a row is said of the row.

    Parameters
    ----------
    opened
        Returns the file's bytes from the start.

    Raises
    ------
    BadFile
        It is refused as a whole.
    """
    begin(opened())
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    for chunk in chain(opened(), (b"",)):
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            raise _not_text(line) from None
        if b"\0" in chunk:
            raise _not_text(line)
        line += chunk.count(b"\n")


def _not_text(line: int) -> BadFile:
    return BadFile(
        "WRONG_ENCODING", f"in line {line} or below it the file is not UTF-8 text: save it as UTF-8"
    )


def _number(pile: Pile) -> int:
    """Return which of the file's rows is the first of a batch, counted from 1."""
    lines = [row.line for row in pile.rows] + [row.line for row in pile.bad]
    return min(lines) - 1  # the header is on line 1


def _claimed_by(run: str) -> Progress:
    return Progress(checkpoint={"run": run})


def _cause(whose: Whose, upload: Upload) -> Cause:
    return Cause(
        tenant=whose.tenant,
        correlation_id=upload.origin.correlation_id,
        causation_id=causation(whose),
        traceparent=upload.origin.traceparent,
    )
