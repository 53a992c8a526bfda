"""How a picture's file is laid out: read without decoding, in one pass, however it was made."""

from media.images.layouts import gif, jpeg, png, webp
from media.images.layouts.layout import Format, Layout
from media.images.refusals import Refused

__all__ = ["Format", "Layout", "format_of", "read", "require_whole"]

_RIFF, _WEBP = b"RIFF", b"WEBP"
_MAGIC: dict[Format, tuple[bytes, ...]] = {
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (png.SIGNATURE,),
    "GIF": (b"GIF87a", b"GIF89a"),
}
_READERS = {"JPEG": jpeg.read, "PNG": png.read, "WEBP": webp.read, "GIF": gif.read}


def format_of(data: bytes) -> Format | None:
    """Return what the bytes begin as, be it only in part; None if it is none of the four."""
    head = data[:12]
    for name, beginnings in _MAGIC.items():
        if any(_begins(head, magic) for magic in beginnings):
            return name
    if _begins(head[:4], _RIFF) and _begins(head[8:], _WEBP):
        return "WEBP"
    return None


def read(data: bytes) -> Layout:
    """Return the layout of a picture.

    Raises
    ------
    Refused
        It is not one of the four formats, or not whole, or breaks its format's rules.
    """
    name = format_of(data)
    if name is None:
        raise Refused("UNSUPPORTED", "neither JPEG nor PNG, WebP or GIF")
    return _READERS[name](data)


def require_whole(layout: Layout) -> None:
    """Look for missing data that a decoder would not miss; it takes as long as decoding.

    Raises
    ------
    Refused
        Data is missing.
    """
    if layout.format == "PNG":
        png.require_pixels(layout)


def _begins(head: bytes, magic: bytes) -> bool:
    return head.startswith(magic) or magic.startswith(head)
