"""The words in a picture are known."""

from datetime import datetime

from contracts.events.media import Texts
from contracts.ids import MediaId
from contracts.reader import Reader
from media import aggregate
from media.store import Media
from runtime.reaction import Event, reaction


class Analysed(Reader, source="starling.media", event="MediaAnalysed.v1"):
    """What the picture keeps of it."""

    media_id: MediaId
    texts: Texts


def record_analysis(event: Event[Analysed], media: Media, now: datetime) -> None:
    """Write them down."""
    found = event.data.texts
    aggregate.record(media, event.data.media_id, "analysis", found, cause=event.cause, now=now)


handler = reaction(record_analysis, media=Media.connect)
