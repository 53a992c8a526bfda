"""Delete an upload, with all that was made of it."""

from datetime import datetime

from media.domain import asking, events
from media.domain import uploads as rules
from media.domain.problems import NotYours
from media.domain.uploads import Upload
from media.store import Media
from runtime.endpoint import endpoint
from runtime.messages import Request
from runtime.problems import NotFound, Stale

REASON = "REQUESTED"


def delete_media(request: Request[None], media: Media, now: datetime) -> None:
    """Leave a tombstone, whose event has the objects removed; deleting again succeeds."""

    def rule(upload: Upload) -> Upload:
        if not asking.may_delete(upload, request.caller):
            raise NotYours("an upload is deleted by who made it, and by admins")
        if upload.status != "deleted" and request.if_match not in (None, upload.revision):
            raise Stale(f"the upload is at revision {upload.revision}")
        return rules.delete(upload, REASON, at=now)

    found = media.change(
        request.tenant,
        request.path["id"],
        rule,
        tell=lambda upload: events.deleted(upload, REASON),
        causation_id=request.cause.causation_id,
    )
    if found is None:
        raise NotFound("there is no upload by that id")


handler = endpoint(
    "DELETE",
    "/media/{id}",
    delete_media,
    status=204,
    problems=[NotFound, NotYours, Stale],
    media=Media.connect,
)
