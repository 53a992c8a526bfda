"""List the uploads, in the order in which they were asked for."""

from media.objects import Library
from media.store import Media
from media.views import UploadView, view
from runtime.cursor import Cursors
from runtime.endpoint import endpoint
from runtime.messages import Listing, Page, Request
from runtime.problems import InvalidCursor

_SCOPE = "media"


def list_media(
    request: Request[None, Page], media: Media, library: Library, cursors: Cursors
) -> Listing[UploadView]:
    """Return one page, and the cursor to the next."""
    tenant = request.tenant
    after = cursors.read(tenant, _SCOPE, request.query.cursor)
    found, last = media.page(tenant, limit=request.query.limit, after=after)
    return Listing(
        items=[view(tenant, upload, library) for upload in found],
        next_cursor=last and cursors.issue(tenant, _SCOPE, last),
    )


handler = endpoint(
    "GET",
    "/media",
    list_media,
    problems=[InvalidCursor],
    media=Media.connect,
    library=Library.connect,
    cursors=Cursors.connect,
)
