"""What a `DetectText` request names: the picture's bytes, or an object in S3."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from .refusals import constraint, invalid_parameters, unreadable_request

MAX_BYTES = 5 * 1024 * 1024
"""A picture within the request; this and the next are Rekognition's own quotas."""
MAX_OBJECT_BYTES = 15 * 1024 * 1024
MAX_BODY_BYTES = MAX_BYTES * 4 // 3 + 64 * 1024  # as base64, and what surrounds it

_BUCKET = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-_]{2,254}")
_MAX_KEY = 1024


@dataclass(frozen=True)
class StoredObject:
    """Where a picture is in S3."""

    bucket: str
    key: str
    version: str | None


def picture_of(body: bytes) -> bytes | StoredObject:
    """Return the picture that a request holds or names.

    Raises
    ------
    Refused
        If the request is not as Rekognition's model of it says, or asks for filters, which
        this server does not have.
    """
    request = _object(_parsed(body), "request")
    image = _object(request.get("Image"), "image")
    if request.get("Filters"):
        raise invalid_parameters("the local stage has no Filters")
    if ("Bytes" in image) == ("S3Object" in image):
        raise invalid_parameters("Image has either Bytes or an S3Object")
    return _bytes(image["Bytes"]) if "Bytes" in image else _stored(image["S3Object"])


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise unreadable_request("The body is not JSON.") from None


def _object(value: Any, member: str) -> dict[str, Any]:
    if value is None:
        raise constraint(member, "not be null")
    if not isinstance(value, dict):
        raise unreadable_request(f"{member} is not an object.")
    return value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, str):
        raise unreadable_request("Bytes are not a base64 string.")
    try:
        content = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise unreadable_request("Bytes are not base64.") from None
    if not 1 <= len(content) <= MAX_BYTES:
        raise constraint("image.bytes", f"have a length from 1 to {MAX_BYTES}")
    return content


def _stored(value: Any) -> StoredObject:
    members = _object(value, "image.s3Object")
    bucket, key, version = (members.get(name) for name in ("Bucket", "Name", "Version"))
    if not isinstance(bucket, str) or not _BUCKET.fullmatch(bucket):
        raise constraint("image.s3Object.bucket", f"match {_BUCKET.pattern}")
    if not isinstance(key, str) or not 1 <= len(key) <= _MAX_KEY:
        raise constraint("image.s3Object.name", f"have a length from 1 to {_MAX_KEY}")
    if version is not None and not isinstance(version, str):
        raise unreadable_request("Version is not a string.")
    return StoredObject(bucket, key, version)
