"""A picture in a form that any model takes: a JPEG on white, no larger than it has to be."""

import io
from typing import BinaryIO

from PIL import Image

from media.images import colors
from media.images.opening import source

LONGEST = 2048
"""Pixels of the longer side: enough to read what a person reads."""

_QUALITY = 85


def flat(file: BinaryIO) -> bytes:
    """Return a picture as a JPEG of some hundred kilobytes, upright, its transparency white.

    Raises
    ------
    media.images.refusals.Refused
        It is no picture that `media.images.sniffing.look` would take.
    """
    picture = source(file)
    decoded = colors.resizable(picture.decode((LONGEST, LONGEST)))
    decoded.thumbnail((LONGEST, LONGEST))
    image = picture.upright(decoded).convert("RGBA")
    flattened = Image.new("RGB", image.size, "white")
    flattened.paste(image, mask=image.getchannel("A"))
    made = io.BytesIO()
    flattened.save(made, "JPEG", quality=_QUALITY)
    return made.getvalue()
