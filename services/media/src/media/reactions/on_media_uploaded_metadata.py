"""What an uploaded picture says of itself is read, and which others look like it."""

from datetime import datetime

from contracts.events.media import MetadataExtracted
from media.images.metadata import describe, distance
from media.processing import Processing, Uploaded
from runtime.capacity import Capacity
from runtime.reaction import Event, reaction

NEAR = 6
"""In how many of 64 bits the hashes of two pictures may differ that look almost the same."""

_MOST = 20


def extract_metadata(event: Event[Uploaded], processing: Processing, now: datetime) -> None:
    """Read it, and find the pictures of the tenant that are nearly the same."""
    media_id = event.data.media_id
    opened = processing.begin(event, "metadata")
    if opened is None:
        return
    said = describe(opened.file)
    similar = {
        other
        for other, perceptual_hash in processing.results.alike(event.tenant, said.perceptual_hash)
        if other != media_id and distance(perceptual_hash, said.perceptual_hash) <= NEAR
    }
    told = MetadataExtracted(
        media_id=media_id,
        format=said.format,
        width=said.width,
        height=said.height,
        colors=tuple(said.colors),
        perceptual_hash=said.perceptual_hash,
        similar=tuple(sorted(similar)[:_MOST]),
        camera=said.camera,
        extracted_at=now,
    )
    processing.end(event, "metadata", told, left={"hash": said.perceptual_hash}, now=now)


handler = reaction(
    extract_metadata,
    fact=True,
    capacity=Capacity(seconds=60, memory=1769),
    processing=Processing.connect,
)
