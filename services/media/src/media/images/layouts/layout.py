"""What the formats have in common: a layout, and a way through the bytes that cannot run over."""

import zlib
from dataclasses import dataclass
from typing import Literal

from media.images.refusals import Reason, Refused

Format = Literal["JPEG", "PNG", "WEBP", "GIF"]
"""As image libraries call them."""

Part = bytes | memoryview

MAX_TEXTS = 4 * 2**20
"""Bytes of all that a picture says compressed; a colour profile has some megabytes at most."""


@dataclass(frozen=True)
class Layout:
    """Where things are in a picture's file.

    Attributes
    ----------
    format
        The format.
    width, height
        In pixels, as they are stored.
    cost
        Bytes of memory that it takes to decode it.
    needed
        The parts that make the pixels, in their order.
    said
        All other parts, what follows the picture among them; uncompressed.
    exif
        A TIFF file with what the camera says; empty if it says nothing.
    profile
        An ICC profile, or nothing.
    animated
        Whether it has more than one frame.
    """

    format: Format
    width: int
    height: int
    cost: int
    needed: tuple[Part, ...]
    said: tuple[Part, ...]
    exif: bytes = b""
    profile: bytes = b""
    animated: bool = False


class Cursor:
    """A place in some bytes that moves on.

    Parameters
    ----------
    data
        The bytes.
    steps
        How often it may move: more parts than that is no picture, but work.
    """

    def __init__(self, data: bytes, steps: int) -> None:
        self.view = memoryview(data)
        self.at = 0
        self._steps = steps

    def take(self, count: int) -> memoryview:
        """Return the next bytes, and move behind them.

        Raises
        ------
        Refused
            There are not as many.
        """
        self._steps -= 1
        if self._steps < 0:
            raise Refused("CORRUPT", "more parts than any picture has")
        part = self.view[self.at : self.at + count]
        if len(part) < count:
            raise Refused("TRUNCATED", f"it ends within {count} bytes")
        self.at += count
        return part

    def number(self, count: int, order: Literal["big", "little"]) -> int:
        """Return the next bytes as a number."""
        return int.from_bytes(self.take(count), order)

    def rest(self) -> tuple[memoryview, ...]:
        """Return what is left, if anything is."""
        rest = self.view[self.at :]
        return (rest,) if rest else ()


def require(condition: object, detail: str, reason: Reason = "CORRUPT") -> None:
    """Raise `Refused` unless the condition holds."""
    if not condition:
        raise Refused(reason, detail)


def begins(part: Part, beginning: bytes) -> bool:
    """Whether a part begins so."""
    return bytes(part[: len(beginning)]) == beginning


def without_header(exif: Part) -> bytes:
    """Return EXIF without the six bytes that stand before it in a JPEG, and at times elsewhere."""
    return bytes(exif).removeprefix(b"Exif\0\0")


class Inflater:
    """Uncompresses what a picture says, up to `MAX_TEXTS` in all."""

    def __init__(self) -> None:
        self._left = MAX_TEXTS

    def inflate(self, compressed: Part) -> bytes:
        """Return it uncompressed; nothing if it cannot be.

        Raises
        ------
        Refused
            It is too much.
        """
        try:
            said = zlib.decompressobj().decompress(compressed, self._left + 1)
        except zlib.error:
            return b""
        self._left -= len(said)
        require(self._left >= 0, f"more than {MAX_TEXTS} bytes of text", "TOO_LARGE")
        return said
