"""A picture's copies are there."""

from datetime import datetime

from contracts.events.media import Renditions
from contracts.ids import MediaId
from contracts.reader import Reader
from media import aggregate
from media.store import Media
from runtime.reaction import Event, reaction


class Generated(Reader, source="starling.media", event="ThumbnailGenerated.v1"):
    """What the picture keeps of it."""

    media_id: MediaId
    renditions: Renditions


def record_thumbnails(event: Event[Generated], media: Media, now: datetime) -> None:
    """Write them down."""
    found = event.data.renditions
    aggregate.record(media, event.data.media_id, "thumbnails", found, cause=event.cause, now=now)


handler = reaction(record_thumbnails, media=Media.connect)
