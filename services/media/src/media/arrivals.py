"""What S3 tells a queue of new objects, and whose they are."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from media import keys
from media.domain.uploads import Upload
from media.keys import Whose
from media.objects import Uploads
from media.store import Media
from runtime.metrics import count
from runtime.queue import Hopeless

__all__ = ["Arrival", "Whose", "arrivals"]


class Arrival(NamedTuple):
    """A new object."""

    bucket: str
    key: str

    def awaited(self, media: Media, uploads: Uploads) -> tuple[Whose, Upload]:
        """Return whose it is, and the upload that it belongs to.

        Raises
        ------
        Hopeless
            Nobody asked for it: it is not touched, and an engineer hears of it.
        """
        whose = keys.arrived(self.key) if self.bucket == uploads.bucket else None
        upload = whose and media.find(*whose)
        if whose is None or upload is None:
            count("UnexpectedObjects")
            raise Hopeless(f"nobody asked for the object {self.key[:200]}")
        return whose, upload


def arrivals(message: Any) -> Iterator[Arrival]:
    """Yield the objects that a message tells of; none, of S3's test when it was set up.

    Raises
    ------
    Hopeless
        It is no message of S3's.
    """
    match message:
        case {"Event": "s3:TestEvent"}:
            return
        case {"Records": [*records]}:
            for record in records:
                match record:
                    case {"s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(key)}}}:
                        yield Arrival(bucket, unquote_plus(key))
                    case _:
                        raise Hopeless("not a record of an object")
        case _:
            raise Hopeless("not a notification of S3")
