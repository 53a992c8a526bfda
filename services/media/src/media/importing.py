"""What becomes of an import: batch by batch its good rows are told, its bad ones reported."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.event import EventData
from media import keys
from media.arrivals import Arrival, Whose
from media.domain import events
from media.domain import uploads as rules
from media.domain.uploads import Progress, Upload
from media.imports.faults import BadFile
from media.imports.reading import Batch, Checkpoint, batches
from media.imports.report import CONTENT_TYPE, part, report
from media.objects import Gone, Library, Uploads
from media.store import Media
from runtime.changes import RevisionConflict
from runtime.logs import logger
from runtime.metrics import count
from runtime.queue import Hopeless


@dataclass(frozen=True)
class Importer:
    """Reads imports that arrive, each row once, however often they are told of.

    The file is first moved out of where it can be sent again. A batch's event, its place in the
    file and its count of rows are one write: whoever dies and is started again goes on behind the
    last batch that was told.

    Attributes
    ----------
    media, uploads, library
        The table and the buckets.
    """

    media: Media
    uploads: Uploads
    library: Library

    @classmethod
    def connect(cls) -> "Importer":
        """Return one with the table and the buckets that the settings name."""
        return cls(Media.connect(), Uploads.connect(), Library.connect())

    def take(self, arrival: Arrival, now: datetime) -> None:
        """Read an import, or go on reading it.

        Raises
        ------
        Hopeless
            Nobody asked for it, which an engineer hears of, or it is gone.
        media.objects.Changed
            It is being sent again: the message comes again, too.
        runtime.changes.RevisionConflict
            It is read by two at once: one goes on, the other comes again and finds it done.
        """
        whose, upload = self._taken(arrival, lambda one: rules.begin(one, at=now))
        if upload.status == "processing":
            self._read(whose, upload, now)
        else:
            logger.info("object dropped: it was told of before", status=upload.status)

    def _taken(self, arrival: Arrival, begin: Callable[[Upload], Upload]) -> tuple[Whose, Upload]:
        """Move a file that is awaited to where it cannot be sent again; another one is dropped.

        Parameters
        ----------
        arrival
            The file that has arrived.
        begin
            Returns the awaited upload as it is when its file is there.
        """
        whose, upload = arrival.awaited(self.media, self.uploads)
        if upload.purpose != "import":
            raise Hopeless(f"{arrival.key} is no import")
        if upload.status == "awaiting_upload":
            try:
                tag = self.uploads.tag(arrival.key)
                self.library.take(self.uploads, arrival.key, tag, keys.original(*whose))
            except Gone:
                raise Hopeless(f"{arrival.key} is gone before it was read") from None
            begun = self.media.change(*whose, begin, causation_id=causation(whose))
            if begun is None:
                raise Hopeless(f"{arrival.key} is not awaited any more")
            upload = begun
            if upload.status == "deleted":
                self._remove(whose)
        self.uploads.remove(arrival.key)
        return whose, upload

    def _read(self, whose: Whose, upload: Upload, now: datetime) -> None:
        before = upload.progress.checkpoint
        original = keys.original(*whose)
        reading = batches(
            lambda start: self.library.stream(original, start),
            None if before is None else Checkpoint.model_validate(before),
        )
        try:
            for batch in reading:
                upload = self._tell(whose, upload, batch, now)
        except BadFile as fault:
            self._refuse(whose, upload, fault, now)
        except RevisionConflict:
            current = self.media.find(*whose)
            if current and current.status != "deleted":
                raise  # another is reading it
            self._remove(whose)
            self._clear(whose, range(1, upload.progress.parts + 2))  # one may be ahead of its batch
        else:
            self._end(
                whose, upload.progress, lambda one: rules.finish(one, at=now), events.finished
            )

    def _tell(self, whose: Whose, upload: Upload, batch: Batch, now: datetime) -> Upload:
        """Write a batch: its bad rows first, under a name that does not change."""
        if batch.bad:
            place = keys.report_part(*whose, upload.progress.parts + 1)
            self.library.put(place, part(batch.bad), CONTENT_TYPE)
        after = rules.advance(
            upload,
            checkpoint=batch.checkpoint.model_dump(mode="json"),
            accepted=len(batch.rows),
            refused=len(batch.bad),
            at=now,
        )
        told = [events.accepted(after, batch.rows)] if batch.rows else []
        self.media.replace(whose.tenant, upload, after, told=told, causation_id=causation(whose))
        count("ImportedRows", len(batch.rows))
        return after

    def _refuse(self, whose: Whose, upload: Upload, fault: BadFile, now: datetime) -> None:
        reason = fault.reason
        self._end(
            whose,
            upload.progress,
            lambda one: rules.refuse(one, reason, at=now),
            lambda one: events.rejected(one, reason),
            problem=fault,
        )
        # Of a deleted one there is nothing left to move.
        self.library.move(keys.original(*whose), keys.quarantined(*whose))
        count("UploadsRefused", reason=reason)

    def _end(
        self,
        whose: Whose,
        progress: Progress,
        rule: Callable[[Upload], Upload],
        tell: Callable[[Upload], EventData],
        *,
        parts: Sequence[int] | None = None,
        problem: BadFile | None = None,
    ) -> None:
        """Write the report and that the import has ended; leave nothing of a deleted one.

        Done again, it only tidies up.

        Parameters
        ----------
        whose, progress
            Which import, and how far it was read.
        rule, tell
            What becomes of it, and the event of that.
        parts
            The numbers of the report's parts; they are counted, unless said otherwise.
        problem
            Why the file was refused as a whole, if it was.
        """
        numbers = range(1, progress.parts + 1) if parts is None else parts
        upload = self.media.find(*whose)
        if upload and upload.status == "processing":
            pieces = report(
                accepted=progress.accepted,
                refused=progress.refused,
                parts=(self.library.open(keys.report_part(*whose, n)).file.read() for n in numbers),
                problem=problem,
            )
            self.library.write(keys.report(*whose), pieces, CONTENT_TYPE)
            upload = self.media.change(
                *whose,
                lambda one: rule(one) if one.status == "processing" else one,
                tell=tell,
                causation_id=causation(whose),
            )
        self._clear(whose, numbers)
        if upload is None or upload.status == "deleted":
            self._remove(whose)

    def _clear(self, whose: Whose, parts: Iterable[int]) -> None:
        for number in parts:
            self.library.remove(keys.report_part(*whose, number))

    def _remove(self, whose: Whose) -> None:
        """Remove what was kept of an import that was deleted meanwhile."""
        for key in (keys.original(*whose), keys.quarantined(*whose), keys.report(*whose)):
            self.library.remove(key)


def causation(whose: Whose) -> str:
    """Return what the events of an import say that led to them: the file's arrival."""
    return f"upload-{whose.media_id}"
