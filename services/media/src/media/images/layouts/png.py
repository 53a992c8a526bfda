"""PNG: chunks, each with a checksum (PNG specification, third edition, W3C 2025)."""

import zlib
from collections.abc import Iterable, Iterator

from media.images.layouts.layout import (
    Cursor,
    Inflater,
    Layout,
    Part,
    begins,
    require,
    without_header,
)
from media.images.refusals import Refused

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_CHUNKS = 20_000  # encoders put 4 KB or more into one
_HEADER = 13
_NEEDED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_PALETTE = 3
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_UPPER = 0x20  # clear in the first letter of what no decoder may pass over
_WHOLE = ((0, 0, 1, 1),)
# Where the passes of an interlaced picture begin, and how far their pixels are apart (section 8.2).
_PASSES = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
_BLOCK = 2**16


def read(data: bytes) -> Layout:
    """Return a PNG's layout, all checksums right.

    Raises
    ------
    Refused
        It does not come to its end, or breaks the rules.
    """
    cursor = Cursor(data, _CHUNKS * 3)
    needed: list[Part] = [cursor.take(len(SIGNATURE))]
    said: list[Part] = []
    inflater = Inflater()
    notes: dict[bytes, bytes] = {}
    header = b""
    kinds: set[bytes] = set()
    while b"IEND" not in kinds:
        start = cursor.at
        kind, body = _chunk(cursor)
        require(header or kind == b"IHDR", "it does not begin with its header")
        require(kind != b"IHDR" or not header, "it has two headers")
        if kind == b"IHDR":
            header = _checked(body)
        kinds.add(kind)
        if kind in _NEEDED:
            needed.append(cursor.view[start : cursor.at])
            continue
        require(kind[0] & _UPPER, "it has a chunk that nobody knows", "UNSUPPORTED")
        text = _text(kind, body, inflater)
        said.append(text)
        if kind in (b"eXIf", b"iCCP"):
            notes.setdefault(kind, bytes(text))
    require(b"IDAT" in kinds, "it has no pixels")
    require(header[9] != _PALETTE or b"PLTE" in kinds, "it has no palette")
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (0, 4))
    return Layout(
        format="PNG",
        width=width,
        height=height,
        cost=width * height * 4,
        needed=tuple(needed),
        said=(*said, *cursor.rest()),
        exif=without_header(notes.get(b"eXIf", b"")),
        profile=notes.get(b"iCCP", b""),
        animated=b"acTL" in kinds,
    )


def require_pixels(layout: Layout) -> None:
    """Look whether the data of all pixels are there: decoders may leave the rest of it black.

    They are uncompressed, but not kept.

    Raises
    ------
    Refused
        They are not, or cannot be uncompressed.
    """
    _, header, *chunks = (memoryview(part) for part in layout.needed)
    depth, colors, *_, interlaced = header[16:21]
    bits = depth * _CHANNELS[colors]
    expected = 0
    for left, top, across, down in _PASSES if interlaced else _WHOLE:
        columns = -((left - layout.width) // across)
        if columns > 0:
            expected += -((top - layout.height) // down) * (1 + (columns * bits + 7) // 8)
    inflating = zlib.decompressobj()
    try:
        for compressed in _blocks(chunks):
            rest: Part = compressed
            while rest and expected > 0:
                expected -= len(inflating.decompress(rest, _BLOCK))
                rest = inflating.unconsumed_tail
        if expected > 0:
            expected -= len(inflating.flush())  # a few bytes, held back at the end of a block
    except zlib.error:
        raise Refused("CORRUPT", "its pixels cannot be uncompressed") from None
    require(expected <= 0, "its data ends before its pixels", "TRUNCATED")


def _blocks(chunks: Iterable[memoryview]) -> Iterator[memoryview]:
    """Yield the compressed pixels in blocks: what is left of one is copied at each step."""
    for chunk in chunks:
        if begins(chunk[4:], b"IDAT"):
            for at in range(8, len(chunk) - 4, _BLOCK):
                yield chunk[at : min(at + _BLOCK, len(chunk) - 4)]


def _chunk(cursor: Cursor) -> tuple[bytes, memoryview]:
    """Return the next chunk's kind and what is in it."""
    length = cursor.number(4, "big")
    whole = cursor.take(4 + length)
    require(zlib.crc32(whole) == cursor.number(4, "big"), "a checksum is wrong")
    kind = bytes(whole[:4])
    require(kind.isalpha(), "a chunk has no name")
    return kind, whole[4:]


def _checked(header: memoryview) -> bytes:
    require(len(header) == _HEADER, "its header has not the length that it has to have")
    depth, colors, compression, filters, interlaced = header[8:]
    known = depth in _DEPTHS.get(colors, ())
    require(known and compression == filters == 0 and interlaced in (0, 1), "its header is wrong")
    return bytes(header)


def _text(kind: bytes, body: memoryview, inflater: Inflater) -> Part:
    """Return what a chunk says, uncompressed."""
    if kind not in (b"zTXt", b"iCCP", b"iTXt"):
        return body
    key, _, rest = bytes(body).partition(b"\0")
    if kind != b"iTXt":
        said = inflater.inflate(rest[1:])
        return said if kind == b"iCCP" else key + b"\0" + said
    compressed = rest[:1] == b"\1"
    parts = rest[2:].split(b"\0", 2)
    if not compressed or len(parts) < 3:  # noqa: PLR2004 - language, translated keyword, text
        return body
    return b"\0".join((key, *parts[:2], inflater.inflate(parts[2])))
