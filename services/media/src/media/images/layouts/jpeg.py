"""JPEG: segments, each with a marker, and scans between them (ITU-T T.81, annex B)."""

import math
import re
from dataclasses import dataclass, field

from media.images.layouts.layout import Cursor, Layout, Part, begins, require, without_header
from media.images.refusals import Refused

MAX_SCANS = 64
"""Each scan goes over all pixels once more; encoders write about ten."""

_SEGMENTS = 4096  # 255 of a profile, some hundred of a camera's own notes
_EOI, _SOS = 0xD9, 0xDA
_PROGRESSIVE = 0xC2
_FRAMES = {0xC0, 0xC1, _PROGRESSIVE}  # with Huffman codes, of DCT coefficients
_TABLES = {0xC4, 0xDB, 0xDD}
_APPLICATIONS = range(0xE0, 0xF0)
_EXIF, _ICC, _ADOBE, _JFIF = 0xE1, 0xE2, 0xEE, 0xE0
_COMMENT = 0xFE
_OTHER_CODINGS = {*range(0xC3, 0xD0), 0xDC, 0xDE, 0xDF}  # lossless, arithmetic, hierarchical …
_COMPONENTS = {1, 3, 4}
_BLOCK = 64 * 2  # bytes of a block's coefficients in the decoder

# The next marker after the coded data of a scan: neither a stuffed byte nor a restart.
_AFTER_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_MARKER = re.compile(rb"\xff{1,256}([^\x00\xff])")
_PROFILE = b"ICC_PROFILE\0"


@dataclass
class _Found:
    """What was found so far."""

    frame: memoryview | None = None
    progressive: bool = False
    scans: int = 0
    coded: int = 0  # bytes of all scans
    parted: bool = False  # not all components are in each scan
    exif: bytes = b""
    profile: dict[int, Part] = field(default_factory=dict)
    profile_parts: int = 0
    needed: list[Part] = field(default_factory=list)
    said: list[Part] = field(default_factory=list)


def read(data: bytes) -> Layout:
    """Return a JPEG's layout; what follows its end is said, not refused.

    Raises
    ------
    Refused
        It does not come to its end, or what it consists of is not to be decoded.
    """
    cursor = Cursor(data, _SEGMENTS * 2)
    found = _Found(needed=[cursor.take(2)])
    while (marker := _next(cursor, data)) != _EOI:
        start = cursor.at - 2
        body = cursor.take(_length(cursor))
        if marker == _SOS:
            _scan(cursor, data, body, found)
        elif marker in _FRAMES:
            require(found.frame is None, "it has two frames")
            found.frame, found.progressive = body, marker == _PROGRESSIVE
        elif marker in _APPLICATIONS or marker == _COMMENT:
            _note(marker, body, found)
        elif marker not in _TABLES:
            other = marker in _OTHER_CODINGS
            raise Refused("UNSUPPORTED" if other else "CORRUPT", f"it has a marker {marker:#x}")
        if not _is_note(marker, body):
            found.needed.append(memoryview(data)[start : cursor.at])
    require(found.scans, "it has no scan")
    found.needed.append(b"\xff\xd9")
    found.said.extend(cursor.rest())
    return _layout(found)


def _next(cursor: Cursor, data: bytes) -> int:
    """Return the next marker; the cursor is behind it."""
    match = _MARKER.match(data, cursor.at)
    if match is None:
        cursor.take(2)  # else it is truncated
        raise Refused("CORRUPT", "there is no marker where one has to be")
    cursor.at = match.end()
    return match[1][0]


def _length(cursor: Cursor) -> int:
    """Return how long a segment's body is."""
    length = cursor.number(2, "big") - 2
    require(length >= 0, "a segment is shorter than its length")
    return length


def _scan(cursor: Cursor, data: bytes, body: memoryview, found: _Found) -> None:
    """Go behind the coded data of a scan."""
    if found.frame is None or not body:
        raise Refused("CORRUPT", "a scan comes before its frame")
    found.scans += 1
    found.parted |= body[0] < found.frame[5]
    require(found.scans <= MAX_SCANS, f"more than {MAX_SCANS} scans", "TOO_LARGE")
    match = _AFTER_SCAN.search(data, cursor.at)
    if match is None:
        raise Refused("TRUNCATED", "it has no end")
    found.coded += match.start() - cursor.at
    cursor.at = match.start()


def _is_note(marker: int, body: memoryview) -> bool:
    """Whether a segment is nothing to the decoder, which asks two how colours are coded."""
    if marker == _JFIF:
        return not begins(body, b"JFIF\0")
    if marker == _ADOBE:
        return not begins(body, b"Adobe")
    return marker in _APPLICATIONS or marker == _COMMENT


def _note(marker: int, body: memoryview, found: _Found) -> None:
    """Keep what a segment says."""
    found.said.append(body)
    if marker == _EXIF and not found.exif and begins(body, b"Exif\0\0"):
        found.exif = without_header(body)
    elif marker == _ICC and begins(body, _PROFILE) and len(body) > len(_PROFILE) + 2:
        found.profile[body[12]] = body[14:]
        found.profile_parts = body[13]


def _layout(found: _Found) -> Layout:
    frame = found.frame
    if frame is None or len(frame) < 6 or len(frame) != 6 + 3 * frame[5]:  # noqa: PLR2004 - T.81, B.2.2
        raise Refused("CORRUPT", "its frame has not the length that it has to have")
    require(frame[0] == 8, f"{frame[0]} bits a sample", "UNSUPPORTED")  # noqa: PLR2004 - bits
    require(frame[5] in _COMPONENTS, f"{frame[5]} components", "UNSUPPORTED")
    height, width = (int.from_bytes(frame[at : at + 2], "big") for at in (1, 3))
    factors = [divmod(frame[at], 16) for at in range(7, len(frame), 3)]
    require(all(1 <= n <= 4 for pair in factors for n in pair), "its sampling is none")  # noqa: PLR2004 - B.2.2
    widest, highest = (max(pair[side] for pair in factors) for side in (0, 1))
    blocks = sum(
        math.ceil(width * across / widest / 8) * math.ceil(height * down / highest / 8)
        for across, down in factors
    )
    # No code is shorter than a bit, and each block has one at least.
    require(found.coded * 8 >= blocks, "its data ends long before its pixels", "TRUNCATED")
    parts = found.profile
    whole = len(parts) == found.profile_parts
    return Layout(
        format="JPEG",
        width=width,
        height=height,
        cost=blocks * _BLOCK if found.progressive or found.parted else 0,
        needed=tuple(found.needed),
        said=tuple(found.said),
        exif=found.exif,
        profile=b"".join(parts[number] for number in sorted(parts)) if whole else b"",
    )
