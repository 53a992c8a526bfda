"""The only way to Pillow: it gets what makes a picture's pixels, and nothing else of it.

Pillow's readers of EXIF, text and colour profiles take time and memory that a stranger's file
decides on: ten seconds for a million segments of EXIF, say. None of them runs here.
"""

import io
import warnings
from dataclasses import dataclass
from typing import BinaryIO

from PIL import GifImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from media.images import exif, layouts
from media.images.layouts import Layout
from media.images.refusals import Refused

MAX_BYTES = 32 * 2**20
MAX_SIDE = 16_000
MAX_PIXELS = 50_000_000
"""Of the largest cameras that people carry: 50 megapixels."""
MAX_COST = 420 * 10**6
"""Bytes: all 50 megapixels of a progressive JPEG in four colours, 26 of a WebP."""

_PLUGINS: dict[str, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "GIF": GifImagePlugin.GifImageFile,
}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Size = tuple[int, int]


@dataclass(frozen=True)
class Source:
    """A picture whose layout is known and that may be decoded.

    Attributes
    ----------
    data
        All of its bytes.
    layout
        Where things are in them.
    tags
        What its EXIF says.
    """

    data: bytes
    layout: Layout
    tags: exif.Tags

    @property
    def size(self) -> Size:
        """Width and height as it is looked at, in pixels."""
        stored = self.layout.width, self.layout.height
        return stored[::-1] if self.tags.sideways else stored

    def decode(self, least: Size | None = None) -> Image.Image:
        """Return the pixels as they are stored: not upright yet, in the file's own colours.

        Parameters
        ----------
        least
            Width and height, of the upright picture, that are enough: a JPEG is scaled down to
            not less while it is decoded, which takes a fraction of the memory. All of it is
            decoded all the same, so that a fault in it is found.

        Raises
        ------
        Refused
            It ends too early, or cannot be decoded.
        """
        needed = self.layout.needed
        whole = bytes(needed[0]) if len(needed) == 1 else b"".join(needed)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                image = _PLUGINS[self.layout.format](io.BytesIO(whole))
                if least:
                    image.draft(None, least[::-1] if self.tags.sideways else least)
                image.load()
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - at strangers' bytes, Pillow raises all kinds
            ends = "truncated" in str(error).lower()
            detail = f"it cannot be decoded ({type(error).__name__})"
            raise Refused("TRUNCATED" if ends else "CORRUPT", detail) from None
        return image

    def upright(self, image: Image.Image) -> Image.Image:
        """Return an image of this picture as it is looked at."""
        method = _UPRIGHT.get(self.tags.orientation)
        return image if method is None else image.transpose(method)


def source(file: BinaryIO) -> Source:
    """Return a picture that has one frame and can be decoded within bounds.

    Raises
    ------
    Refused
        It is none.
    """
    data = contents(file)
    layout = layouts.read(data)
    if layout.animated:
        raise Refused("ANIMATED", "it has more than one frame")
    width, height = layout.width, layout.height
    if not width or not height:
        raise Refused("CORRUPT", f"it has {width} x {height} pixels")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS or layout.cost > MAX_COST:
        raise Refused("TOO_LARGE", f"{width} x {height} pixels, {layout.cost} bytes to decode")
    return Source(data, layout, exif.read(layout.exif))


def contents(file: BinaryIO) -> bytes:
    """Return all bytes of a file.

    Raises
    ------
    Refused
        There are none, or too many.
    """
    size = file.seek(0, io.SEEK_END)
    if not size:
        raise Refused("EMPTY", "it has no bytes")
    if size > MAX_BYTES:
        raise Refused("TOO_LARGE", f"it has {size} bytes")
    file.seek(0)
    return file.read()
