"""A picture that is gone is found no more."""

from contracts.ids import MediaId
from contracts.reader import Reader
from runtime.reaction import Event, reaction
from search_sync.domain.rows import Media
from search_sync.store import Projection


class Deleted(Reader, source="starling.media", event="MediaDeleted.v1"):
    """What search reads of it."""

    media_id: MediaId


def project_deleted_media(event: Event[Deleted], projection: Projection) -> None:
    """Leave a tombstone: what is told of the picture later is older."""
    projection.save_media(
        Media(
            tenant=event.tenant, id=event.data.media_id, status="deleted", revision=event.revision
        )
    )


handler = reaction(project_deleted_media, projection=Projection.connect)
