"""Pictures, made as cameras and programs make them."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFilter

Photo = Callable[..., Image.Image]
Saved = Callable[..., bytes]
Chunk = Callable[[bytes, bytes], bytes]

TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}


@pytest.fixture(scope="session")
def photo() -> Photo:
    """Return a maker of pictures that look a little like photographs: shapes, edges, texture."""

    def make(size: tuple[int, int] = (400, 300), seed: int = 1) -> Image.Image:
        chance = random.Random(seed)  # noqa: S311 - the same each time
        image = Image.new("RGB", size, "gray")
        for scale, share in ((4, 0.8), (12, 0.3), (40, 0.1)):
            bands = [
                Image.frombytes("L", (scale, scale), chance.randbytes(scale**2)) for _ in "RGB"
            ]
            texture = Image.merge("RGB", bands).resize(size, Image.Resampling.BICUBIC)
            image = Image.blend(image, texture, share)
        draw = ImageDraw.Draw(image)
        for _ in range(12):
            x, y = chance.randrange(size[0]), chance.randrange(size[1])
            box = [x, y, x + size[0] // 6, y + size[1] // 5]
            draw.ellipse(box, fill=tuple(chance.randbytes(3)))
        return image.filter(ImageFilter.GaussianBlur(0.8))

    return make


@pytest.fixture(scope="session")
def saved() -> Saved:
    """Return what writes a picture in a format, as bytes."""

    def save(image: Image.Image, form: str, **options: Any) -> bytes:
        file = io.BytesIO()
        image.save(file, form, **options)
        return file.getvalue()

    return save


@pytest.fixture(scope="session")
def chunk() -> Chunk:
    """Return what makes a PNG's chunk of its kind and what is in it."""

    def make(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    return make


@pytest.fixture(scope="session")
def exif() -> Callable[..., Image.Exif]:
    """Return what makes EXIF as a camera writes it, with all that it knows of people."""

    def make(orientation: int = 1, maker: str = "Lens Works", model: str = "LW-1") -> Image.Exif:
        made = Image.Exif()
        made[0x010F], made[0x0110], made[0x0112] = maker, model, orientation
        made[0x013B] = "Ada Lovelace"  # artist
        made[0x0132] = "2026:11:20 08:30:00"
        private = made.get_ifd(0x8769)
        private[0xA430], private[0xA431] = "Ada Lovelace", "SN-0042"  # owner, serial number
        place = made.get_ifd(0x8825)
        place[1], place[2] = "N", (51.0, 30.0, 40.0)
        place[3], place[4] = "W", (0.0, 7.0, 30.0)
        return made

    return make
