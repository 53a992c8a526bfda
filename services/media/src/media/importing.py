"""What becomes of an import: batch by batch its good rows are told, its bad ones reported."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from media import keys
from media.arrivals import Arrival, Whose
from media.domain import events
from media.domain import uploads as rules
from media.domain.uploads import Upload
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
        whose, upload = arrival.awaited(self.media, self.uploads)
        if upload.purpose != "import":
            raise Hopeless(f"{arrival.key} is no import")
        if upload.status == "awaiting_upload":
            upload = self._begin(arrival, whose, now)
        self.uploads.remove(arrival.key)
        if upload.status == "processing":
            self._read(whose, upload, now)
        else:
            logger.info("object dropped: it was told of before", status=upload.status)

    def _begin(self, arrival: Arrival, whose: Whose, now: datetime) -> Upload:
        try:
            tag = self.uploads.tag(arrival.key)
            self.library.take(self.uploads, arrival.key, tag, keys.original(*whose))
        except Gone:
            raise Hopeless(f"{arrival.key} is gone before it was read") from None
        upload = self.media.change(
            *whose, lambda one: rules.begin(one, at=now), causation_id=_causation(whose)
        )
        if upload is None:
            raise Hopeless(f"{arrival.key} is not awaited any more")
        return upload

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
            self.library.remove(keys.original(*whose))
            self._clear(whose, upload, more=1)
        else:
            self._finish(whose, upload, now)

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
        self.media.replace(whose.tenant, upload, after, told=told, causation_id=_causation(whose))
        count("ImportedRows", len(batch.rows))
        return after

    def _finish(self, whose: Whose, upload: Upload, now: datetime) -> None:
        progress = upload.progress
        pieces = report(
            accepted=progress.accepted, refused=progress.refused, parts=self._parts(whose, upload)
        )
        self.library.write(keys.report(*whose), pieces, CONTENT_TYPE)
        self.media.change(
            *whose,
            lambda one: rules.finish(one, at=now) if one.status == "processing" else one,
            tell=events.finished,
            causation_id=_causation(whose),
        )
        self._clear(whose, upload)

    def _refuse(self, whose: Whose, upload: Upload, fault: BadFile, now: datetime) -> None:
        pieces = report(
            accepted=upload.progress.accepted,
            refused=upload.progress.refused,
            parts=self._parts(whose, upload),
            problem=fault,
        )
        self.library.write(keys.report(*whose), pieces, CONTENT_TYPE)
        reason = fault.reason
        self.media.change(
            *whose,
            lambda one: rules.refuse(one, reason, at=now) if one.status == "processing" else one,
            tell=lambda one: events.rejected(one, reason),
            causation_id=_causation(whose),
        )
        self.library.move(keys.original(*whose), keys.quarantined(*whose))
        self._clear(whose, upload)
        count("UploadsRefused", reason=reason)

    def _parts(self, whose: Whose, upload: Upload) -> Iterator[bytes]:
        for number in range(1, upload.progress.parts + 1):
            yield self.library.open(keys.report_part(*whose, number)).file.read()

    def _clear(self, whose: Whose, upload: Upload, more: int = 0) -> None:
        for number in range(1, upload.progress.parts + 1 + more):
            self.library.remove(keys.report_part(*whose, number))


def _causation(whose: Whose) -> str:
    return f"upload-{whose.media_id}"
