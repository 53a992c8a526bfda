"""The bucket of documents: reports, invoices, what a reconciliation found."""

from typing import TYPE_CHECKING, Any

from runtime.clients import client
from runtime.settings import BUCKET, read

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

LINK_SECONDS = 15 * 60
"""How long a link is good for."""


class Documents:
    """The bucket.

    Parameters
    ----------
    s3
        An S3 client.
    bucket
        The bucket's name.
    """

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3: Any = s3
        self._bucket = bucket

    @classmethod
    def connect(cls) -> "Documents":
        """Return the bucket that ``DOCUMENTS_BUCKET`` names."""
        return cls(client("s3"), read("DOCUMENTS_BUCKET", BUCKET))

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Keep a document, in place of what is there by that key."""
        self._s3.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=data,
            ContentType=content_type,
            CacheControl="private",
        )

    def link(self, key: str) -> str:
        """Return a link to a document that is good for `LINK_SECONDS`."""
        return str(
            self._s3.generate_presigned_url(
                "get_object",
                Params={"Bucket": self._bucket, "Key": key},
                ExpiresIn=LINK_SECONDS,
            )
        )
