"""An upload: asked for, looked at, processed, ready; or refused; or deleted."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.media import (
    Color,
    ContentType,
    Owner,
    Pixels,
    Processor,
    Purpose,
    Renditions,
    Size,
    Subject,
    Texts,
)
from contracts.ids import MediaId
from contracts.values import FileName

Status = Literal["awaiting_upload", "processing", "ready", "rejected", "deleted"]

PROCESSORS: Sequence[Processor] = ("thumbnails", "metadata", "analysis")
"""What has to look at a picture before it is ready."""


class Picture(BaseModel):
    """What was found by looking at a picture's bytes."""

    model_config = ConfigDict(frozen=True)

    content_type: ContentType
    size: Size
    width: Pixels
    height: Pixels


class Metadata(BaseModel):
    """What a picture says of itself."""

    model_config = ConfigDict(frozen=True)

    format: str
    width: Pixels
    height: Pixels
    colors: tuple[Color, ...]
    perceptual_hash: str
    similar: tuple[MediaId, ...]
    camera: str | None = None


class Found(BaseModel):
    """What the processors found: None is not in yet."""

    model_config = ConfigDict(frozen=True)

    thumbnails: Renditions | None = None
    metadata: Metadata | None = None
    analysis: Texts | None = None

    @property
    def waiting(self) -> tuple[Processor, ...]:
        """The processors that have not answered."""
        return tuple(name for name in PROCESSORS if getattr(self, name) is None)


class Progress(BaseModel):
    """How far an import was read.

    Attributes
    ----------
    batch
        The number of the last batch; 0 before the first.
    checkpoint
        Where reading goes on, as `media.imports` writes it.
    accepted, refused
        Rows so far.
    parts
        Into how many parts the report of the refused rows was written.
    """

    model_config = ConfigDict(frozen=True)

    batch: int = 0
    checkpoint: dict[str, object] | None = None
    accepted: int = 0
    refused: int = 0
    parts: int = 0


class Origin(BaseModel):
    """Where an upload was asked for: what all its events go back to."""

    model_config = ConfigDict(frozen=True)

    correlation_id: str
    traceparent: str | None = None


class Upload(BaseModel):
    """An upload of a tenant.

    Attributes
    ----------
    content_type, size
        As the caller declared them.
    reason
        Why it was rejected or deleted.
    picture
        What it is, once that was looked at.
    found
        What its processors found.
    missing
        The processors that were not waited for any longer when it became ready.
    progress
        Of an import.
    deadline
        Until when its processors are waited for.
    revision
        Grows by one with each change.
    """

    model_config = ConfigDict(frozen=True)

    id: MediaId
    purpose: Purpose
    subject: Subject | None = None
    owner: Owner
    filename: FileName
    content_type: ContentType
    size: Size
    status: Status = "awaiting_upload"
    reason: str | None = None
    picture: Picture | None = None
    found: Found = Found()
    missing: tuple[Processor, ...] = ()
    progress: Progress = Progress()
    deadline: datetime | None = None
    created_at: datetime
    updated_at: datetime
    origin: Origin
    revision: Annotated[int, Field(ge=1)] = 1

    @property
    def person(self) -> str:
        """Whose it is: who an avatar shows, else who uploaded it."""
        return self.subject if self.purpose == "avatar" and self.subject else self.owner


def accept(upload: Upload, picture: Picture, *, at: datetime, patience: timedelta) -> Upload:
    """Return the upload with its bytes looked at and found good: its processors may begin.

    Parameters
    ----------
    upload
        It awaits its bytes.
    picture
        What they are.
    at
        When.
    patience
        How long the processors are waited for.
    """
    return _next(upload, at, status="processing", picture=picture, deadline=at + patience)


def begin(upload: Upload, *, at: datetime) -> Upload:
    """Return the import whose file has arrived; the same object if it is under way or ended."""
    return _next(upload, at, status="processing") if upload.status == "awaiting_upload" else upload


def refuse(upload: Upload, reason: str, *, at: datetime) -> Upload:
    """Return the upload as refused for what its bytes are."""
    return _next(upload, at, status="rejected", reason=reason)


def record(upload: Upload, found: Mapping[Processor, object], *, at: datetime) -> Upload:
    """Return the upload with what a processor found; ready, if nothing is waited for any more.

    The same object if there is nothing new: each processor counts once, and only of a picture that
    was accepted and is still there. What comes after the deadline is kept, and tells nobody.
    """
    known_before = upload.found
    news: dict[str, object] = {
        name: value for name, value in found.items() if getattr(known_before, name) is None
    }
    if upload.status not in ("processing", "ready") or not upload.picture or not news:
        return upload
    known = known_before.model_copy(update=news)
    if upload.status == "processing" and not known.waiting:
        return _next(upload, at, found=known, status="ready", deadline=None)
    return _next(upload, at, found=known)


def give_up(upload: Upload, *, at: datetime) -> Upload:
    """Return the picture as ready without those that were too late.

    The same object if it is not waiting, or its time is not over.
    """
    if upload.status != "processing" or upload.deadline is None or at < upload.deadline:
        return upload
    return _next(upload, at, status="ready", missing=upload.found.waiting, deadline=None)


def advance(
    upload: Upload,
    *,
    checkpoint: dict[str, object] | None,
    accepted: int,
    refused: int,
    at: datetime,
) -> Upload:
    """Return the import after one more batch of so many good and bad rows."""
    before = upload.progress
    progress = Progress(
        batch=before.batch + 1,
        checkpoint=checkpoint,
        accepted=before.accepted + accepted,
        refused=before.refused + refused,
        parts=before.parts + bool(refused),
    )
    return _next(upload, at, progress=progress)


def finish(upload: Upload, *, at: datetime) -> Upload:
    """Return the import as read to its end."""
    return _next(upload, at, status="ready")


def delete(upload: Upload, reason: str, *, at: datetime) -> Upload:
    """Return what remains of the upload: what it was for, and that it is gone.

    The same object if it is gone already.
    """
    if upload.status == "deleted":
        return upload
    return _next(
        upload,
        at,
        status="deleted",
        reason=reason,
        filename="deleted",
        picture=None,
        found=Found(),
        missing=(),
        deadline=None,
    )


def _next(upload: Upload, at: datetime, **changes: object) -> Upload:
    new = {"updated_at": at, "revision": upload.revision + 1, **changes}
    return upload.model_copy(update=new)
