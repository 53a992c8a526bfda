"""Copies of a picture in the widths that pages show: WebP, upright, nothing said in them."""

import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO, NamedTuple

from PIL import Image

from media.images import colors
from media.images.opening import Size, Source, source

WIDTHS = (160, 480, 1200)
"""In pixels: a list, a card, a page."""

CONTENT_TYPE = "image/webp"
QUALITY, METHOD = 80, 4
"""How WebP is written, of 100 and of 6: Pillow's own defaults."""

_FILTER = Image.Resampling.LANCZOS
_GAP = 3.0  # of a picture more than six times as large, whole blocks are averaged first


class Rendition(NamedTuple):
    """A copy of a picture.

    Attributes
    ----------
    width, height
        In pixels.
    content_type
        What `data` is.
    data
        The file.
    """

    width: int
    height: int
    content_type: str
    data: bytes


def renditions(file: BinaryIO, widths: Iterable[int] = WIDTHS) -> Iterator[Rendition]:
    """Yield the copies, the narrowest first; none is wider than the picture, and no two alike.

    The picture is decoded once, a JPEG to no more than what the widest copy needs; each copy is
    made from the next wider one.

    Parameters
    ----------
    file
        The picture; it has to be seekable.
    widths
        In pixels, at least 1.

    Raises
    ------
    media.images.refusals.Refused
        It is no picture that `media.images.sniffing.look` would take.
    """
    picture = source(file)
    sizes = _sizes(picture.size, widths)
    made: list[Image.Image] = []
    profile = picture.layout.profile
    for size in sizes:
        if made:
            made.append(made[-1].resize(size, _FILTER))
        else:
            largest, profile = colors.shown(_largest(picture, size), profile)
            made.append(picture.upright(largest))
            del largest
    while made:
        yield _written(made.pop(), profile)


def _sizes(size: Size, widths: Iterable[int]) -> list[Size]:
    """Return the sizes of the copies, the widest first."""
    width, height = size
    wanted = sorted({min(wide, width) for wide in widths}, reverse=True)
    return [(wide, max(1, round(height * wide / width))) for wide in wanted]


def _largest(picture: Source, size: Size) -> Image.Image:
    """Return the picture in a size of the upright picture, but not upright yet."""
    stored = size[::-1] if picture.tags.sideways else size
    decoded = colors.resizable(picture.decode(size))
    if decoded.size == stored:
        return decoded
    return decoded.resize(stored, _FILTER, reducing_gap=_GAP)


def _written(image: Image.Image, profile: bytes) -> Rendition:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=QUALITY, method=METHOD, icc_profile=profile)
    return Rendition(image.width, image.height, CONTENT_TYPE, file.getvalue())
