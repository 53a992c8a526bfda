"""What becomes of a picture's bytes that arrived: kept and told, or set aside and told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

from contracts.event import EventData
from media import keys
from media.arrivals import Arrival, Whose
from media.domain import events
from media.domain import uploads as rules
from media.domain.uploads import Picture, Upload
from media.images.sniffing import Refused, look
from media.objects import Gone, Library, Uploads
from media.store import Media
from media.waiting import patience
from runtime.logs import logger
from runtime.metrics import count
from runtime.queue import Hopeless

Look = Callable[[BinaryIO, str], Picture]
"""Looks at bytes that were declared to be of a type; raises `Refused` if nobody may see them."""


@dataclass(frozen=True)
class Ingest:
    """Looks at pictures that arrive, once each, however often they are told of.

    The bytes are copied before the change is written, and deleted after it: whatever comes between,
    the next delivery finds what is left to do. A second file sent with the same form is dropped.

    Attributes
    ----------
    media, uploads, library
        The table and the buckets.
    look
        Looks at the bytes.
    patience
        How long the processors are waited for.
    """

    media: Media
    uploads: Uploads
    library: Library
    look: Look
    patience: timedelta

    @classmethod
    def connect(cls) -> "Ingest":
        """Return one with the table and the buckets that the settings name."""
        return cls(Media.connect(), Uploads.connect(), Library.connect(), look, patience())

    def take(self, arrival: Arrival, now: datetime) -> None:
        """Keep a picture or set it aside.

        Raises
        ------
        Hopeless
            Nobody asked for it, which an engineer hears of, or it is gone.
        media.objects.Changed
            It is being sent again: the message comes again, too.
        """
        whose, upload = arrival.awaited(self.media, self.uploads)
        if upload.status == "awaiting_upload":
            self._look(arrival, whose, upload, now)
        else:
            logger.info("object dropped: it was told of before", status=upload.status)
        self.uploads.remove(arrival.key)

    def _look(self, arrival: Arrival, whose: Whose, upload: Upload, now: datetime) -> None:
        try:
            opened = self.uploads.open(arrival.key)
        except Gone:
            raise Hopeless(f"{arrival.key} is gone before it was looked at") from None
        try:
            picture = self.look(opened.file, upload.content_type)
        except Refused as refusal:
            reason = refusal.reason
            self._keep(
                (arrival, opened.tag),
                whose,
                keys.quarantined(*whose),
                lambda awaited: rules.refuse(awaited, reason, at=now),
                lambda refused: events.rejected(refused, reason),
            )
            count("UploadsRefused", reason=reason)
        else:
            self._keep(
                (arrival, opened.tag),
                whose,
                keys.original(*whose),
                lambda awaited: rules.accept(awaited, picture, at=now, patience=self.patience),
                lambda accepted: events.uploaded(accepted, picture),
            )

    def _keep(
        self,
        sent: tuple[Arrival, str],
        whose: Whose,
        key: str,
        rule: Callable[[Upload], Upload],
        tell: Callable[[Upload], EventData],
    ) -> None:
        """Copy the bytes, then write what they are; unless the upload was deleted meanwhile."""
        arrival, tag = sent
        self.library.take(self.uploads, arrival.key, tag, key)

        def unless_done(upload: Upload) -> Upload:
            return rule(upload) if upload.status == "awaiting_upload" else upload

        causation = f"upload-{whose.media_id}"
        upload = self.media.change(*whose, unless_done, tell=tell, causation_id=causation)
        if upload is None or upload.status == "deleted":
            self.library.remove(key)
