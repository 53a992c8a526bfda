"""Pictures as the model wants them: upright, eight bits a channel, no larger than it needs."""

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from .refusals import invalid_format, invalid_parameters, too_large

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

FORMATS = ("JPEG", "PNG")
"""The formats that Rekognition takes."""
MIN_SIDE = 80
"""Pixels; Rekognition's quota."""
MAX_SIDE = 10_000
"""Pixels; what Rekognition says of its other operations on pictures."""
READING_SIDE = 1536
"""Pixels of the longer side that are read: in 1.2 s and 620 MB at most; 2,000 take twice that."""

MAX_RATIO = 4
"""Longer to shorter side of what is read: the model enlarges the shorter to 736 pixels."""


def decoded(content: bytes) -> "Picture":
    """Return a picture, turned as its EXIF data say, in RGB or RGBA.

    Raises
    ------
    Refused
        If it is no JPEG or PNG, cannot be decoded, or is too large or too small. The size is
        known before anything is decoded.
    """
    try:
        picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _over(None) from None
    except Exception:  # noqa: BLE001 - a decoder may raise anything when it is fed garbage
        raise invalid_format() from None
    width, height = picture.size
    if max(width, height) > MAX_SIDE:
        raise _over(picture.size)
    if min(width, height) < MIN_SIDE:
        raise invalid_parameters(f"the picture is smaller than {MIN_SIDE} x {MIN_SIDE} pixels")
    try:
        # A JPEG is decoded at a half, a quarter or an eighth of its size where that is enough.
        picture.draft(None, (READING_SIDE, READING_SIDE))
        picture.load()
    except Exception:  # noqa: BLE001 - as above
        raise invalid_format() from None
    return _upright(_reduced(picture))


def padded(picture: "Picture") -> "Picture":
    """Return a picture that is no strip: one is widened on its right or at its foot."""
    width, height = picture.size
    least = max(width, height) // MAX_RATIO
    if min(width, height) >= least:
        return picture
    ground = picture.resize((1, 1)).getpixel((0, 0))  # its mean colour: no edge to be seen
    wider = Image.new(picture.mode, (max(width, least), max(height, least)), ground)
    wider.paste(picture)
    return wider


def _over(size: tuple[int, int] | None) -> Exception:
    found = f"dimensions {size[0]} x {size[1]}" if size else "dimensions"
    return too_large(f"Input image {found} exceed maximum dimension size of {MAX_SIDE} pixels")


def _reduced(picture: "Picture") -> "Picture":
    if picture.mode.startswith("I"):  # 16 bits a pixel, which a conversion would clip
        picture = picture.point(lambda value: value / 256).convert("L")
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    if picture.mode != mode:  # a conversion copies in any case
        picture = picture.convert(mode)
    picture.thumbnail((READING_SIDE, READING_SIDE), reducing_gap=2.0)
    return picture


def _upright(picture: "Picture") -> "Picture":
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # noqa: BLE001 - EXIF data that nobody understands turn nothing
        return picture
