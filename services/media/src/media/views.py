"""What crosses HTTP and is the same for several endpoints."""

from datetime import datetime

from pydantic import ConfigDict

from media import keys
from media.domain.uploads import Status, Upload
from media.objects import Library
from runtime.messages import View


class RenditionView(View):
    """A copy of a picture, and a link to it that is good for a while."""

    width: int
    height: int
    url: str


class MetadataView(View):
    """What a picture says of itself."""

    model_config = ConfigDict(from_attributes=True)

    format: str
    width: int
    height: int
    colors: list[str]
    perceptual_hash: str
    similar: list[str]
    camera: str | None


class ReportView(View):
    """How an import went, and a link to the report that names each bad row."""

    url: str
    accepted: int
    refused: int


class UploadView(View):
    """An upload as callers see one."""

    id: str
    status: Status
    reason: str | None
    purpose: str
    subject: str | None
    filename: str
    content_type: str
    size: int
    renditions: list[RenditionView]
    metadata: MetadataView | None
    texts: list[str]
    missing: list[str]
    report: ReportView | None
    created_at: datetime
    updated_at: datetime
    revision: int


def view(tenant: str, upload: Upload, library: Library) -> UploadView:
    """Return an upload, with fresh links."""
    found = upload.found
    return UploadView(
        id=upload.id,
        status=upload.status,
        reason=upload.reason,
        purpose=upload.purpose,
        subject=upload.subject,
        filename=upload.filename,
        content_type=upload.content_type,
        size=upload.size,
        renditions=[
            RenditionView(
                width=one.width,
                height=one.height,
                url=library.link(keys.rendition(tenant, upload.id, one.width)),
            )
            for one in found.thumbnails or ()
        ],
        metadata=found.metadata and MetadataView.model_validate(found.metadata),
        texts=list(found.analysis or ()),
        missing=list(upload.missing),
        report=_report(tenant, upload, library),
        created_at=upload.created_at,
        updated_at=upload.updated_at,
        revision=upload.revision,
    )


def _report(tenant: str, upload: Upload, library: Library) -> ReportView | None:
    if upload.purpose != "import" or upload.status not in ("ready", "rejected"):
        return None
    return ReportView(
        url=library.link(keys.report(tenant, upload.id)),
        accepted=upload.progress.accepted,
        refused=upload.progress.refused,
    )
