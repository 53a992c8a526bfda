"""A picture's three results come together, in any order: with the last one it is ready."""

from datetime import datetime

from contracts.event import EventData
from contracts.events.media import Processor
from contracts.ids import MediaId
from media.domain import events
from media.domain import uploads as rules
from media.domain.uploads import Upload
from media.store import Media
from runtime.cause import Cause


def record(
    media: Media,
    media_id: MediaId,
    processor: Processor,
    found: object,
    *,
    cause: Cause,
    now: datetime,
) -> None:
    """Write what a processor found, and tell that the picture is ready if that was the last.

    Parameters
    ----------
    media
        The table.
    media_id
        Which picture.
    processor, found
        Who found what.
    cause
        The processor's event.
    now
        The current time.
    """

    def tell(upload: Upload) -> EventData | None:
        # With nothing missing it became ready just now: no result is left that could come later.
        became = upload.status == "ready" and not upload.missing
        return events.ready(upload) if became else None

    media.change(
        cause.tenant,
        media_id,
        lambda upload: rules.record(upload, {processor: found}, at=now),
        tell=tell,
        causation_id=cause.causation_id,
    )


def give_up(media: Media, tenant: str, media_id: MediaId, *, now: datetime) -> bool:
    """Tell that a picture is ready without those that were too late; return whether it was."""
    changed: list[Upload] = []

    def tell(upload: Upload) -> EventData:
        changed.append(upload)
        return events.ready(upload)

    media.change(
        tenant,
        media_id,
        lambda upload: rules.give_up(upload, at=now),
        tell=tell,
        causation_id=f"deadline-{media_id}",
    )
    return bool(changed)
