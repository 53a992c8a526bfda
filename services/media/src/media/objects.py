"""The two buckets: what arrives, and what is kept. Names are in the settings, links are signed."""

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from botocore.exceptions import ClientError

from runtime.clients import client
from runtime.settings import BUCKET, read

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

UPLOAD_SECONDS = 15 * 60
"""How long a form is good for."""

LINK_SECONDS = 15 * 60
"""How long a link is good for."""

_PART = 256 * 1024  # bytes that are read at once
_UPLOAD_PART = 8 * 1024 * 1024  # S3 takes parts of 5 MB and more, but for the last
_GONE = {"NoSuchKey", "404", "NoSuchVersion"}
_CHANGED = {"PreconditionFailed", "412"}


class Gone(Exception):
    """There is no object by that key."""


class Changed(Exception):
    """The object is not the one any more that was looked at."""


class Form(NamedTuple):
    """What a client sends an upload with: an HTTP form whose last field is the file."""

    url: str
    fields: dict[str, str]


class Opened(NamedTuple):
    """An object's bytes, and the tag that tells them from other bytes under the same key."""

    file: io.BytesIO
    tag: str


class _Bucket:
    """A bucket.

    Parameters
    ----------
    s3
        An S3 client.
    bucket
        The bucket's name.
    """

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3: Any = s3
        self.bucket = bucket

    def open(self, key: str) -> Opened:
        """Return an object, whole; its size was bounded when it was sent or made.

        Raises
        ------
        Gone
            It is not there.
        """
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            _raise(error, key)
        return Opened(io.BytesIO(answer["Body"].read()), str(answer["ETag"]))

    def remove(self, key: str) -> None:
        """Delete an object, if it is there."""
        self._s3.delete_object(Bucket=self.bucket, Key=key)


class Uploads(_Bucket):
    """The bucket where strangers' bytes arrive."""

    @classmethod
    def connect(cls) -> "Uploads":
        """Return the bucket that the settings name."""
        return cls(client("s3"), read("UPLOADS_BUCKET", BUCKET))

    def form(self, key: str, *, content_type: str, size: int) -> Form:
        """Return a form for just one object: its key, its type and its size in bytes."""
        made = self._s3.generate_presigned_post(
            self.bucket,
            key,
            Fields={"Content-Type": content_type},
            Conditions=[{"Content-Type": content_type}, ["content-length-range", size, size]],
            ExpiresIn=UPLOAD_SECONDS,
        )
        return Form(made["url"], made["fields"])

    def tag(self, key: str) -> str:
        """Return the tag of the bytes under a key.

        Raises
        ------
        Gone
            There are none.
        """
        try:
            return str(self._s3.head_object(Bucket=self.bucket, Key=key)["ETag"])
        except ClientError as error:
            _raise(error, key)


class Library(_Bucket):
    """The bucket of what is kept."""

    @classmethod
    def connect(cls) -> "Library":
        """Return the bucket that the settings name."""
        return cls(client("s3"), read("LIBRARY_BUCKET", BUCKET))

    def take(self, uploads: Uploads, key: str, tag: str, to: str) -> None:
        """Copy an object from the uploads, if it is still the one with that tag.

        Raises
        ------
        Gone
            It is not there.
        Changed
            It was sent again meanwhile.
        """
        try:
            copied = self._s3.copy_object(
                Bucket=self.bucket,
                Key=to,
                CopySource={"Bucket": uploads.bucket, "Key": key},
                CopySourceIfMatch=tag,
            )
        except ClientError as error:
            _raise(error, key)
        # Where the condition is not looked at, as on a laptop, the copy's own tag tells.
        if copied["CopyObjectResult"]["ETag"] != tag:
            self.remove(to)
            raise Changed(key)

    def stream(self, key: str, start: int = 0) -> Iterator[bytes]:
        """Yield an object's bytes from a place on, in parts.

        Raises
        ------
        Gone
            It is not there.
        """
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=key, Range=f"bytes={start}-")
        except ClientError as error:
            if _code(error) == "InvalidRange":  # nothing is left
                return
            _raise(error, key)
        yield from answer["Body"].iter_chunks(_PART)

    def write(self, key: str, chunks: Iterable[bytes], content_type: str) -> None:
        """Keep an object of any length, with no more than some megabytes of it in memory."""
        gathered = bytearray()
        upload: dict[str, str] = {}
        parts: list[dict[str, Any]] = []
        where = {"Bucket": self.bucket, "Key": key}

        def send() -> None:
            number = len(parts) + 1
            tag = self._s3.upload_part(**where, **upload, PartNumber=number, Body=bytes(gathered))[
                "ETag"
            ]
            parts.append({"ETag": tag, "PartNumber": number})
            gathered.clear()

        for chunk in chunks:
            gathered += chunk
            if len(gathered) >= _UPLOAD_PART:
                if not upload:
                    begun = self._s3.create_multipart_upload(**where, ContentType=content_type)
                    upload["UploadId"] = begun["UploadId"]
                send()
        if not upload:
            self.put(key, bytes(gathered), content_type)
            return
        if gathered:
            send()
        self._s3.complete_multipart_upload(**where, **upload, MultipartUpload={"Parts": parts})

    def move(self, key: str, to: str) -> None:
        """Put an object elsewhere in the library; done again, it finds nothing."""
        try:
            source = {"Bucket": self.bucket, "Key": key}
            self._s3.copy_object(Bucket=self.bucket, Key=to, CopySource=source)
        except ClientError as error:
            if _code(error) not in _GONE:
                raise
        self.remove(key)

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Keep an object, in place of what is there by that key."""
        self._s3.put_object(
            Bucket=self.bucket, Key=key, Body=data, ContentType=content_type, CacheControl="private"
        )

    def link(self, key: str) -> str:
        """Return a link to an object that is good for `LINK_SECONDS`."""
        return str(
            self._s3.generate_presigned_url(
                "get_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=LINK_SECONDS
            )
        )


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def _raise(error: ClientError, key: str) -> NoReturn:
    """Raise what an error of S3 means here."""
    if _code(error) in _GONE:
        raise Gone(key) from error
    if _code(error) in _CHANGED:
        raise Changed(key) from error
    raise error
