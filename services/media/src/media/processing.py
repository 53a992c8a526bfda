"""What the processors of a picture have in common: its bytes, their answer, and its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.event import EventData
from contracts.events.media import Processor
from contracts.ids import MediaId
from contracts.reader import Reader
from media import keys
from media.objects import Gone, Library, Opened
from media.results import Results
from media.store import Media
from runtime.logs import logger
from runtime.reaction import Event


class Uploaded(Reader, source="starling.media", event="MediaUploaded.v1"):
    """What a processor reads of an uploaded picture."""

    media_id: MediaId


@dataclass(frozen=True)
class Processing:
    """The table and the bucket, as processors use them.

    A picture may be deleted while a processor looks at it: then what it leaves goes, too. It looks
    whether that is so after it has left all, and whoever deletes looks for what is left after that
    is written: one of the two sees the other.
    """

    media: Media
    results: Results
    library: Library

    @classmethod
    def connect(cls) -> "Processing":
        """Return those that the settings name."""
        return cls(Media.connect(), Results.connect(), Library.connect())

    def begin(self, event: Event[Uploaded], processor: Processor) -> Opened | None:
        """Return the picture's bytes; None if the processor has answered, or it was deleted."""
        media_id = event.data.media_id
        if self.results.is_done(event.tenant, media_id, processor):
            logger.info("event dropped", why="handled before", event_id=event.metadata.id)
            return None
        try:
            return self.library.open(keys.original(event.tenant, media_id))
        except Gone:
            logger.info("event dropped", why="the picture is gone", event_id=event.metadata.id)
            return None

    def end(
        self,
        event: Event[Uploaded],
        processor: Processor,
        told: EventData,
        *,
        now: datetime,
        left: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell what a processor found.

        Parameters
        ----------
        event, processor
            Who looked at what.
        told
            What it found.
        now
            The current time.
        left
            What it left that has to go with the picture: ``widths`` of copies, a ``hash``.
        """
        tenant, media_id = event.tenant, event.data.media_id
        self.results.done(
            tenant, media_id, processor, told, left=left or {}, cause=event.cause, now=now
        )
        upload = self.media.find(tenant, media_id)
        if upload is None or upload.status == "deleted":
            self.clear(tenant, media_id)

    def clear(self, tenant: str, media_id: str) -> None:
        """Remove all that was made of an upload; done again, it finds nothing."""
        widths = self.results.widths(tenant, media_id)
        for key in (
            keys.original(tenant, media_id),
            keys.quarantined(tenant, media_id),
            keys.report(tenant, media_id),
            *(keys.rendition(tenant, media_id, width) for width in widths),
        ):
            self.library.remove(key)
        self.results.forget(tenant, media_id)
