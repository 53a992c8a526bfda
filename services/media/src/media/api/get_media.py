"""Get an upload, with links to what was made of it."""

from media.objects import Library
from media.store import Media
from media.views import UploadView, view
from runtime.endpoint import endpoint
from runtime.messages import Answer, Request
from runtime.problems import NotFound


def get_media(request: Request[None], media: Media, library: Library) -> Answer[UploadView]:
    """Return the upload as it is now."""
    upload = media.get(request.tenant, request.path["id"])
    return Answer(view(request.tenant, upload, library), etag=upload.revision)


handler = endpoint(
    "GET",
    "/media/{id}",
    get_media,
    problems=[NotFound],
    media=Media.connect,
    library=Library.connect,
)
