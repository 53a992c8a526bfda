"""What is told of an upload's changes."""

from collections.abc import Sequence

from contracts.events.media import (
    ImportedProduct,
    ImportFinished,
    MediaDeleted,
    MediaReady,
    MediaRejected,
    MediaUploaded,
    ProductRowsAccepted,
)
from media.domain.uploads import Picture, Upload


def uploaded(upload: Upload, picture: Picture) -> MediaUploaded:
    """Return the event of a picture that was accepted."""
    return MediaUploaded(
        media_id=upload.id,
        purpose=upload.purpose,
        subject=upload.subject,
        owner=upload.owner,
        filename=upload.filename,
        content_type=picture.content_type,
        size=picture.size,
        width=picture.width,
        height=picture.height,
        uploaded_at=upload.updated_at,
    )


def rejected(upload: Upload, reason: str) -> MediaRejected:
    """Return the event of an upload that was refused."""
    return MediaRejected(
        media_id=upload.id,
        purpose=upload.purpose,
        subject=upload.subject,
        owner=upload.owner,
        filename=upload.filename,
        reason=reason,
        rejected_at=upload.updated_at,
    )


def ready(upload: Upload) -> MediaReady:
    """Return the event of a picture that can be shown."""
    found = upload.found
    return MediaReady(
        media_id=upload.id,
        purpose=upload.purpose,
        subject=upload.subject,
        owner=upload.owner,
        filename=upload.filename,
        renditions=found.thumbnails or (),
        colors=found.metadata.colors if found.metadata else (),
        texts=found.analysis or (),
        missing=upload.missing,
        ready_at=upload.updated_at,
    )


def deleted(upload: Upload, reason: str) -> MediaDeleted:
    """Return the event of an upload that is gone."""
    return MediaDeleted(
        media_id=upload.id,
        purpose=upload.purpose,
        subject=upload.subject,
        owner=upload.owner,
        reason=reason,
        deleted_at=upload.updated_at,
    )


def accepted(upload: Upload, rows: Sequence[ImportedProduct]) -> ProductRowsAccepted:
    """Return the event of a batch of good rows."""
    return ProductRowsAccepted(
        media_id=upload.id,
        batch=upload.progress.batch,
        rows=tuple(rows),
        accepted_at=upload.updated_at,
    )


def finished(upload: Upload) -> ImportFinished:
    """Return the event of an import that was read to its end."""
    return ImportFinished(
        media_id=upload.id,
        owner=upload.owner,
        filename=upload.filename,
        accepted=upload.progress.accepted,
        refused=upload.progress.refused,
        finished_at=upload.updated_at,
    )
