"""What a picture says of itself is known."""

from datetime import datetime

from contracts.ids import MediaId
from contracts.reader import Reader
from media import aggregate
from media.domain.uploads import Metadata
from media.store import Media
from runtime.reaction import Event, reaction


class Extracted(Metadata, Reader, source="starling.media", event="MetadataExtracted.v1"):
    """What the picture keeps of it."""

    media_id: MediaId


def record_metadata(event: Event[Extracted], media: Media, now: datetime) -> None:
    """Write it down."""
    found = Metadata.model_validate(event.data.model_dump())
    aggregate.record(media, event.data.media_id, "metadata", found, cause=event.cause, now=now)


handler = reaction(record_metadata, media=Media.connect)
