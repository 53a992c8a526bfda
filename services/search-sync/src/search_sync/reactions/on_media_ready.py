"""A picture that is ready can be found, by the words in it and by its file's name."""

from typing import Annotated

from pydantic import Field

from contracts.ids import MediaId
from contracts.reader import Reader
from contracts.values import FileName, Timestamp
from runtime.reaction import Event, reaction
from search_sync.domain.rows import Media
from search_sync.store import Projection

Text = Annotated[str, Field(min_length=1, max_length=200)]
Color = Annotated[str, Field(pattern="^#[0-9a-f]{6}$")]


class Ready(Reader, source="starling.media", event="MediaReady.v1"):
    """What search reads of it: not who uploaded it."""

    media_id: MediaId
    purpose: Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$")]
    subject: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None
    filename: FileName
    texts: Annotated[tuple[Text, ...], Field(max_length=100)]
    colors: Annotated[tuple[Color, ...], Field(max_length=8)]
    ready_at: Timestamp


def project_ready_media(event: Event[Ready], projection: Projection) -> None:
    """Keep the picture, unless it is known to be gone."""
    data = event.data
    projection.save_media(
        Media(
            tenant=event.tenant,
            id=data.media_id,
            status="ready",
            revision=event.revision,
            name=data.filename,
            purpose=data.purpose,
            subject=data.subject,
            texts=data.texts,
            colors=data.colors,
            ready_at=data.ready_at,
        )
    )


handler = reaction(project_ready_media, projection=Projection.connect)
