"""What an upload's bytes are, whatever its name and its sender say."""

from typing import BinaryIO

from media.domain.uploads import Picture
from media.images import opening, polyglots
from media.images.layouts import Format, format_of, require_whole
from media.images.refusals import Refused

__all__ = ["Refused", "look"]

_TYPES: dict[Format, str] = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
}
# What is no picture at all, but pretends.
_OTHERS = (
    *(b"%PDF-", b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh"),
    *(b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"#!", b"{\\rtf", b"<?xml"),
    *(b"\xd0\xcf\x11\xe0", b"SQLite format 3\0", b"OggS", b"ID3", b"\x1aE\xdf\xa3"),
)
_HEAD = 1024
_SMALLEST = (1, 1)


def look(file: BinaryIO, declared: str) -> Picture:
    """Return what a picture is, after all of it was decoded once.

    A JPEG that says that it ends, but has less data than pixels, is taken as viewers take it: the
    rest of it is grey.

    Parameters
    ----------
    file
        The bytes, of at most `media.images.opening.MAX_BYTES`; it has to be seekable.
    declared
        The content type that its sender gave.

    Raises
    ------
    Refused
        Nobody should get to see it.
    """
    data = opening.contents(file)
    found = format_of(data)
    if found is None:
        other = data.startswith(_OTHERS) or polyglots.is_markup(data[:_HEAD])
        raise Refused("DISGUISED" if other else "UNSUPPORTED", "neither JPEG nor PNG, WebP or GIF")
    if _TYPES[found] != declared:
        raise Refused("DISGUISED", f"{_TYPES[found]} was declared as something else")
    source = opening.source(file)
    if other_too := polyglots.also(data, source.layout):
        raise Refused("POLYGLOT", f"it is {other_too}, too")
    require_whole(source.layout)
    source.decode(_SMALLEST)
    width, height = source.size
    return Picture(content_type=declared, size=len(data), width=width, height=height)
