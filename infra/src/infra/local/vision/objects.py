"""Objects of the stage's own S3."""

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import quote, urlencode

from .refusals import internal_error, invalid_object, too_large
from .request import MAX_OBJECT_BYTES, StoredObject

TIMEOUT_SECONDS = 10


class Store:
    """The stage's S3, which is on this machine and addressed by path.

    Parameters
    ----------
    host, port
        Where it listens.
    """

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)

    def fetch(self, stored: StoredObject) -> bytes:
        """Return an object's content, of which no more is read than a picture may have.

        Raises
        ------
        Refused
            If there is no such object, it is larger than 15 MB, or S3 does not answer.
        """
        path = f"/{stored.bucket}/{quote(stored.key, safe='/')}"
        if stored.version is not None:
            path += f"?{urlencode({'versionId': stored.version})}"
        connection = HTTPConnection(*self._address, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise internal_error()
            if answer.status != HTTPStatus.OK:
                raise invalid_object()
            content = answer.read(MAX_OBJECT_BYTES + 1)
        except (OSError, HTTPException) as error:
            raise internal_error() from error
        finally:
            connection.close()
        return _bounded(content)


def _bounded(content: bytes) -> bytes:
    if len(content) > MAX_OBJECT_BYTES:
        raise too_large(f"Image size is too large: at most {MAX_OBJECT_BYTES} bytes.")
    return content
