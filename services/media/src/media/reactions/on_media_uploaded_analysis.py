"""The words in an uploaded picture are read, so that it is found by them."""

from datetime import datetime

from contracts.events.media import MediaAnalysed
from media import keys
from media.processing import Processing, Uploaded
from media.vision import Vision
from runtime.capacity import Capacity
from runtime.reaction import Event, reaction


def analyse(event: Event[Uploaded], processing: Processing, vision: Vision, now: datetime) -> None:
    """Ask the model, and tell what it read."""
    media_id = event.data.media_id
    opened = processing.begin(event, "analysis")
    if opened is None:
        return
    key = keys.original(event.tenant, media_id)
    texts = vision.words(processing.library, key, opened)
    told = MediaAnalysed(media_id=media_id, texts=tuple(texts), analysed_at=now)
    processing.end(event, "analysis", told, now=now)


handler = reaction(
    analyse,
    fact=True,
    capacity=Capacity(seconds=120, memory=1024),
    processing=Processing.connect,
    vision=Vision.connect,
)
