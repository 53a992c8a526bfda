"""WebP: chunks in a RIFF file (RFC 9649)."""

from media.images.layouts.layout import Cursor, Layout, Part, begins, require, without_header

_CHUNKS = 1000
_CANVAS, _LOSSY, _LOSSLESS = b"VP8X", b"VP8 ", b"VP8L"
_PIXELS = {_CANVAS, _LOSSY, _LOSSLESS, b"ALPH"}
_ANIMATION = {b"ANIM", b"ANMF"}
_ANIMATED = 0x02
_PER_PIXEL = 16
"""Bytes: two frames of the decoder, a copy of one, and Pillow's own."""

_Size = tuple[int, int]


def read(data: bytes) -> Layout:
    """Return a WebP's layout.

    Raises
    ------
    Refused
        It does not come to its end, or breaks the rules.
    """
    cursor = Cursor(data, _CHUNKS * 4)
    cursor.take(4)
    end = cursor.number(4, "little") + 8
    require(end <= len(data), "it is shorter than its length", "TRUNCATED")
    cursor.take(4)
    chunks: dict[bytes, memoryview] = {}
    said: list[Part] = []
    while cursor.at < end:
        kind, body = bytes(cursor.take(4)), cursor.take(cursor.number(4, "little"))
        cursor.at += len(body) % 2
        require(cursor.at <= end + len(body) % 2, "a chunk ends after all")
        require(kind in _PIXELS or chunks, "it does not begin with its pixels")
        chunks.setdefault(kind, body)
        if kind not in _PIXELS:
            said.append(body)
    cursor.at = min(end, len(data))
    animated = bool(_ANIMATION & chunks.keys())
    width, height = _size(chunks, animated=animated)
    return Layout(
        format="WEBP",
        width=width,
        height=height,
        cost=width * height * _PER_PIXEL,
        needed=(cursor.view[:end],),
        said=(*said, *cursor.rest()),
        exif=without_header(chunks.get(b"EXIF", b"")),
        profile=bytes(chunks.get(b"ICCP", b"")),
        animated=animated,
    )


def _size(chunks: dict[bytes, memoryview], *, animated: bool) -> _Size:
    """Return width and height, which the canvas and the frame have to agree upon."""
    canvas = None
    if _CANVAS in chunks:
        body = chunks[_CANVAS]
        require(len(body) >= 10, "its canvas has no size")  # noqa: PLR2004 - RFC 9649, 2.7
        canvas = _number(body, 4, 3) + 1, _number(body, 7, 3) + 1
        if animated or body[0] & _ANIMATED:
            return canvas
    require(not animated, "it is animated without a canvas")
    frames = [_frame(kind, chunks[kind]) for kind in (_LOSSY, _LOSSLESS) if kind in chunks]
    require(len(frames) == 1, f"it has {len(frames)} frames")
    require(canvas in (None, frames[0]), "its frame is not as large as its canvas")
    return frames[0]


def _frame(kind: bytes, body: memoryview) -> _Size:
    if kind == _LOSSY:
        known = len(body) >= 10 and not body[0] & 1 and begins(body[3:], b"\x9d\x01\x2a")  # noqa: PLR2004 - RFC 6386, 9.1
        require(known, "its frame does not begin as one")
        return _number(body, 6, 2) & 0x3FFF, _number(body, 8, 2) & 0x3FFF
    known = len(body) >= 5 and body[0] == 0x2F  # noqa: PLR2004 - RFC 9649, 3.4
    require(known, "its frame does not begin as one")
    bits = _number(body, 1, 4)
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _number(body: memoryview, at: int, count: int) -> int:
    return int.from_bytes(body[at : at + count], "little")
