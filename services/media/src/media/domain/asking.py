"""What may be uploaded, by whom, and for what."""

from datetime import datetime

from contracts.events.media import Purpose
from media.domain.problems import NotYours
from media.domain.uploads import Origin, Upload
from runtime.identity import Caller
from runtime.problems import FieldError, InvalidRequest

PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")
IMPORTS = ("text/csv",)
MAX_PICTURE_BYTES = 15 * 1024 * 1024
"""What Amazon Rekognition takes from a bucket (DetectText, "Quotas")."""
MAX_IMPORT_BYTES = 5 * 1024**3
"""What S3 takes from a form (POST Object)."""
LARGE_BYTES = 32 * 1024 * 1024
"""What one function imports well within its time; more goes to the state machine."""


def ask(
    media_id: str,
    *,
    filename: str,
    content_type: str,
    size: int,
    purpose: Purpose,
    subject: str | None,
    caller: Caller,
    origin: Origin,
    at: datetime,
) -> Upload:
    """Return an upload that awaits its bytes.

    Raises
    ------
    runtime.problems.InvalidRequest
        Such a file is not taken for that purpose.
    NotYours
        The caller may not upload for that purpose, or for somebody else.
    """
    problems = _problems(purpose, filename, content_type, size, subject)
    if problems:
        names = ", ".join(problem.field for problem in problems)
        raise InvalidRequest(f"not as expected: {names}", errors=problems)
    if caller.role != "admin":
        if purpose == "import":
            raise NotYours("products are imported by admins")
        if purpose == "avatar" and subject not in (None, caller.user):
            raise NotYours("another user's avatar is set by admins")
    return Upload(
        id=media_id,
        purpose=purpose,
        subject=subject,
        owner=caller.user,
        filename=filename,
        content_type=content_type,
        size=size,
        created_at=at,
        updated_at=at,
        origin=origin,
    )


def may_delete(upload: Upload, caller: Caller) -> bool:
    """Whether the caller may delete an upload: who uploaded it, whom it shows, and admins."""
    return caller.role == "admin" or caller.user in (upload.owner, upload.person)


def _problems(
    purpose: Purpose, filename: str, content_type: str, size: int, subject: str | None
) -> list[FieldError]:
    taken, most = (
        (IMPORTS, MAX_IMPORT_BYTES) if purpose == "import" else (PICTURES, MAX_PICTURE_BYTES)
    )
    found = []
    if content_type not in taken:
        found.append(FieldError("content_type", f"not one of {', '.join(taken)}"))
    if size > most:
        found.append(FieldError("size", f"more than {most} bytes"))
    if purpose == "import" and not filename.lower().endswith(".csv"):
        found.append(FieldError("filename", "does not end in .csv"))
    if purpose == "import" and subject is not None:
        found.append(FieldError("subject", "an import is of no one thing"))
    return found
