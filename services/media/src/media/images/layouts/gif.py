"""GIF: a screen, and blocks (GIF89a specification, CompuServe 1990)."""

from media.images.layouts.layout import Cursor, Layout, Part, require
from media.images.refusals import Refused

_BLOCKS = 400_000  # of 255 bytes at most; 15 MB have some 60,000
_IMAGE, _EXTENSION, _TRAILER = 0x2C, 0x21, 0x3B
_HAS_COLORS, _COLOR_BITS = 0x80, 0x07
_CODE_BITS = range(1, 12)


def read(data: bytes) -> Layout:
    """Return a GIF's layout; of an animated one, only up to its second frame.

    Raises
    ------
    Refused
        It does not come to its end, or breaks the rules.
    """
    cursor = Cursor(data, _BLOCKS)
    cursor.take(6)
    width, height = cursor.number(2, "little"), cursor.number(2, "little")
    _skip_colors(cursor, cursor.take(3)[0])
    said: list[Part] = []
    frames = 0
    while (kind := cursor.take(1)[0]) != _TRAILER and frames <= 1:
        if kind == _IMAGE:
            frames += 1
            _skip_frame(cursor, width, height)
        elif kind == _EXTENSION:
            cursor.take(1)
            start = cursor.at
            _skip_blocks(cursor)
            said.append(cursor.view[start : cursor.at])
        else:
            raise Refused("CORRUPT", "there is no block where one has to be")
    require(frames, "it has no frame")
    return Layout(
        format="GIF",
        width=width,
        height=height,
        cost=width * height * 4,
        needed=(cursor.view[: cursor.at],),
        said=(*said, *cursor.rest()),
        animated=frames > 1,
    )


def _skip_colors(cursor: Cursor, flags: int) -> None:
    if flags & _HAS_COLORS:
        cursor.take(3 << (flags & _COLOR_BITS) + 1)


def _skip_frame(cursor: Cursor, width: int, height: int) -> None:
    left, top, across, down = (cursor.number(2, "little") for _ in range(4))
    inside = left + across <= width and top + down <= height
    require(inside and across and down, "a frame is not on the screen")
    _skip_colors(cursor, cursor.take(1)[0])
    require(cursor.take(1)[0] in _CODE_BITS, "a frame's codes have no size")
    _skip_blocks(cursor)


def _skip_blocks(cursor: Cursor) -> None:
    while length := cursor.take(1)[0]:
        cursor.take(length)
