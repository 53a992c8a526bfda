"""Where objects lie: the keys of both buckets, each of which begins with what it is and whose."""

import re
from typing import NamedTuple

from contracts.ids import ULID

INCOMING, IMPORTS, LARGE_FILES = "incoming/", "imports/", "large-files/"
"""Of the uploads' bucket: pictures, imports, and imports that exceed one function."""

ORIGINALS, RENDITIONS = "originals/", "renditions/"
QUARANTINE, REPORTS = "quarantine/", "reports/"
"""Of the library's bucket."""

CSV = ".csv"
_ARRIVED = re.compile(
    rf"(?P<prefix>{INCOMING}|{IMPORTS}|{LARGE_FILES})"
    rf"(?P<tenant>[a-z][a-z0-9-]{{0,62}})/(?P<media_id>med_{ULID})(?P<suffix>{re.escape(CSV)})?"
)


class Whose(NamedTuple):
    """Whose upload an object is, by its key."""

    tenant: str
    media_id: str


def arrived(key: str) -> Whose | None:
    """Return whose upload an object of the uploads' bucket is; None if nobody's."""
    match = _ARRIVED.fullmatch(key)
    if match is None or (match["prefix"] == INCOMING) == bool(match["suffix"]):
        return None
    return Whose(match["tenant"], match["media_id"])


def incoming(tenant: str, media_id: str) -> str:
    """Return where a picture's bytes arrive."""
    return f"{INCOMING}{tenant}/{media_id}"


def to_import(tenant: str, media_id: str) -> str:
    """Return where an import's file arrives."""
    return f"{IMPORTS}{tenant}/{media_id}{CSV}"


def large_file(tenant: str, media_id: str) -> str:
    """Return where an import arrives that exceeds one function."""
    return f"{LARGE_FILES}{tenant}/{media_id}{CSV}"


def original(tenant: str, media_id: str) -> str:
    """Return where a picture is kept as it came; nobody is given a link to it."""
    return f"{ORIGINALS}{tenant}/{media_id}"


def rendition(tenant: str, media_id: str, width: int) -> str:
    """Return where a picture's copy of a width is kept."""
    return f"{RENDITIONS}{tenant}/{media_id}/{width}.webp"


def quarantined(tenant: str, media_id: str) -> str:
    """Return where what was refused is kept for a while."""
    return f"{QUARANTINE}{tenant}/{media_id}"


def report(tenant: str, media_id: str) -> str:
    """Return where an import's report is kept."""
    return f"{REPORTS}{tenant}/{media_id}.json"


def report_part(tenant: str, media_id: str, number: int) -> str:
    """Return where some bad rows are kept until the report is made; parts count from 1."""
    return f"{REPORTS}{tenant}/{media_id}/{number}"
