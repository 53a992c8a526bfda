"""Ask for an upload: the answer is a form that takes just this file."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.events.media import Subject
from contracts.values import FileName
from media import keys
from media.domain import asking
from media.domain.problems import Erased, NotYours
from media.domain.uploads import Origin, Upload
from media.objects import Uploads
from media.store import Media, PersonErased
from runtime.endpoint import endpoint
from runtime.ids import new_id
from runtime.messages import Answer, Body, Request, View


class NewMedia(Body):
    """What a caller wants to upload."""

    filename: Annotated[FileName, StringConstraints(strip_whitespace=True)]
    content_type: Annotated[str, Field(max_length=100)]
    size: Annotated[int, Field(ge=1)]
    # All that it takes; the event's own schema leaves room for more.
    purpose: Literal["product", "avatar", "import"]
    subject: Subject | None = None


class FormView(View):
    """Where to send the file, and the fields that the form has before it."""

    url: str
    fields: dict[str, str]


class NewMediaView(View):
    """The upload's id, and how to send its bytes."""

    id: str
    upload: FormView


def create_media(
    request: Request[NewMedia], media: Media, uploads: Uploads, now: datetime
) -> Answer[NewMediaView]:
    """Write that the upload is awaited, and sign a form for it."""
    tenant, body, cause = request.tenant, request.body, request.cause
    upload = asking.ask(
        new_id("med"),
        filename=body.filename,
        content_type=body.content_type,
        size=body.size,
        purpose=body.purpose,
        subject=body.subject,
        caller=request.caller,
        origin=Origin(correlation_id=cause.correlation_id, traceparent=cause.traceparent),
        at=now,
    )
    form = uploads.form(_key(tenant, upload), content_type=body.content_type, size=body.size)
    made = NewMediaView(id=upload.id, upload=FormView(url=form.url, fields=form.fields))
    receipt = request.once.receipt(201, made, upload.revision) if request.once else None
    try:
        media.add(tenant, upload, receipt=receipt)
    except PersonErased:
        raise Erased from None
    return Answer(made, etag=upload.revision)


def _key(tenant: str, upload: Upload) -> str:
    if upload.purpose != "import":
        return keys.incoming(tenant, upload.id)
    large = upload.size > asking.LARGE_BYTES
    return (keys.large_file if large else keys.to_import)(tenant, upload.id)


handler = endpoint(
    "POST",
    "/media",
    create_media,
    status=201,
    idempotent=True,
    problems=[NotYours, Erased],
    media=Media.connect,
    uploads=Uploads.connect,
)
