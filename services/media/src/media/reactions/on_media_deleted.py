"""Of a deleted upload the objects go, and what its processors left."""

from contracts.ids import MediaId
from contracts.reader import Reader
from media.processing import Processing
from runtime.reaction import Event, reaction


class Deleted(Reader, source="starling.media", event="MediaDeleted.v1"):
    """What is read of a deletion."""

    media_id: MediaId


def remove_objects(event: Event[Deleted], processing: Processing) -> None:
    """Remove what there may be; done again, it finds nothing."""
    processing.clear(event.tenant, event.data.media_id)


handler = reaction(remove_objects, fact=True, processing=Processing.connect)
