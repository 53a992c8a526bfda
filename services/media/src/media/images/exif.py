"""The few things that are read of EXIF: how the camera was held, and what it was.

Place, time, owner and serial numbers are not read at all, so that nothing can pass them on.
"""

import struct
from dataclasses import dataclass

_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_ENTRY = 12  # bytes: tag, type, count, value or its offset (TIFF 6.0, section 2)
_INLINE = 4
_MAKER, _MODEL, _ORIENTATION = 0x010F, 0x0110, 0x0112
_ASCII, _SHORT = 2, 3
_ORIENTATIONS = range(1, 9)
_SIDEWAYS = 5  # from here on, width and height change places
_MOST_ENTRIES = 1000
_LONGEST = 60


@dataclass(frozen=True)
class Tags:
    """What was read.

    Attributes
    ----------
    orientation
        From 1 to 8, as EXIF counts them; 1 is upright.
    maker, model
        Of the camera: printable, at most 60 characters each; perhaps empty.
    """

    orientation: int = 1
    maker: str = ""
    model: str = ""

    @property
    def sideways(self) -> bool:
        """Whether width and height change places when the picture is set upright."""
        return self.orientation >= _SIDEWAYS

    @property
    def camera(self) -> str | None:
        """Maker and model; many models say their maker themselves."""
        named = self.model.casefold().startswith(self.maker.casefold())
        return (self.model if named else f"{self.maker} {self.model}".strip()) or None


def read(exif: bytes) -> Tags:
    """Return what the first directory of a TIFF file says; whatever is broken says nothing."""
    order = _BYTE_ORDERS.get(exif[:4])
    if order is None:
        return Tags()
    orientation = 1
    texts: dict[int, str] = {}
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, start)
        for number in range(min(entries, _MOST_ENTRIES)):
            at = start + 2 + number * _ENTRY
            tag, kind, count = struct.unpack_from(f"{order}HHI", exif, at)
            if tag == _ORIENTATION and kind == _SHORT:
                (orientation,) = struct.unpack_from(f"{order}H", exif, at + 8)
            elif tag in (_MAKER, _MODEL) and kind == _ASCII:
                if count > _INLINE:
                    (at,) = struct.unpack_from(f"{order}I", exif, at + 8)
                else:
                    at += 8
                texts.setdefault(tag, _text(exif[at : at + min(count, 4 * _LONGEST)]))
    except struct.error:
        pass  # what was read before the fault counts
    return Tags(
        orientation if orientation in _ORIENTATIONS else 1,
        texts.get(_MAKER, ""),
        texts.get(_MODEL, ""),
    )


def _text(raw: bytes) -> str:
    """Return a text in one line, without what cannot be printed."""
    words = raw.partition(b"\0")[0].decode(errors="ignore").split()
    printable = "".join(character for character in " ".join(words) if character.isprintable())
    return printable[:_LONGEST].strip()
