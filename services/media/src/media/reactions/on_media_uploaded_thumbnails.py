"""Copies of an uploaded picture are made, in the widths that pages show."""

from datetime import datetime

from contracts.events.media import Rendition, ThumbnailGenerated
from media import keys
from media.images.renditions import renditions
from media.processing import Processing, Uploaded
from runtime.capacity import Capacity
from runtime.reaction import Event, reaction


def make_thumbnails(event: Event[Uploaded], processing: Processing, now: datetime) -> None:
    """Keep each copy, and tell when all are there; made again, they are the same."""
    media_id = event.data.media_id
    opened = processing.begin(event, "thumbnails")
    if opened is None:
        return
    made = []
    for one in renditions(opened.file):
        key = keys.rendition(event.tenant, media_id, one.width)
        processing.library.put(key, one.data, one.content_type)
        made.append(
            Rendition(
                content_type=one.content_type,
                width=one.width,
                height=one.height,
                size=len(one.data),
            )
        )
    told = ThumbnailGenerated(media_id=media_id, renditions=tuple(made), generated_at=now)
    left = {"widths": [one.width for one in made]}
    processing.end(event, "thumbnails", told, left=left, now=now)


handler = reaction(
    make_thumbnails,
    fact=True,
    capacity=Capacity(seconds=60, memory=1769),
    processing=Processing.connect,
)
