"""What strangers send to exhaust a function: it is answered soon, in little memory."""

import io
import os
import random
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

MEGABYTE = 2**20
MOST_MEGABYTES = 200
"""Of a bomb: interpreter, Pillow, the file, and what little is made of it."""
MOST_SECONDS = 8.0
"""CPU time, on a machine that other tests share."""

# In a fork: the figure that a process has of itself begins with its starter's.
SCRIPT = """
import os, resource, sys, time
from media.images.metadata import describe
from media.images.renditions import renditions
from media.images.sniffing import Refused, look

if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
with open(sys.argv[1], "rb") as file:
    try:
        answer = look(file, sys.argv[2]).content_type
        describe(file)
        list(renditions(file))
    except Refused as refusal:
        answer = refusal.reason
used = resource.getrusage(resource.RUSAGE_SELF)
peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(answer, peak, used.ru_utime + used.ru_stime, flush=True)
"""

CHANCE = random.Random(1)  # noqa: S311 - the same each time
PNG_START = b"\x89PNG\r\n\x1a\n"
JPEG, PNG, WEBP, GIF = "image/jpeg", "image/png", "image/webp", "image/gif"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def small(form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(file, form, **options)
    return file.getvalue()


def png_of(width: int, height: int, pixels: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")
    return PNG_START + b"".join(chunk(*part) for part in parts)


def giant_png() -> bytes:
    return png_of(60_000, 60_000, bytes(1000))


def png_without_its_pixels() -> bytes:
    return png_of(7000, 7000, bytes(1000))


def png_that_uncompresses_without_end() -> bytes:
    return png_of(10, 10, bytes(300 * MEGABYTE))


def giant_jpeg() -> bytes:
    jpeg = small("JPEG")
    frame = jpeg.index(b"\xff\xc0")
    data = bytes(13 * MEGABYTE)  # two bits for each block
    return jpeg[: frame + 5] + b"\xff" * 4 + jpeg[frame + 9 : -2] + data + jpeg[-2:]


def jpeg_without_its_pixels() -> bytes:
    jpeg = small("JPEG")
    frame = jpeg.index(b"\xff\xc0")
    return jpeg[: frame + 5] + struct.pack(">HH", 7000, 7000) + jpeg[frame + 9 :]


def giant_gif() -> bytes:
    return b"GIF89a" + b"\xff" * 4 + small("GIF")[10:]


def giant_gif_frame() -> bytes:
    image = b"," + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0) + b"\x08\x01\0\0;"
    return b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0, 0, 0) + image


def giant_webp() -> bytes:
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\0" * 4 + b"\xff\xff\xff" * 2
    body = b"WEBP" + canvas + small("WEBP")[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def texts(count: int, size: int, *, wide: bool = False) -> bytes:
    info = PngImagePlugin.PngInfo()
    for _ in range(count):
        text = "\N{GRINNING FACE}" * (size // 4) if wide else "x" * size
        info.add_itxt("Comment", text, zip=True)
        info.add_text("Comment", "x" * size, zip=True)
    return small("PNG", pnginfo=info)


def png_with_a_gigabyte_of_profile() -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(1024)) + packer.flush()
    png = small("PNG")
    return png[:33] + chunk(b"iCCP", b"p\0\0" + packed) + png[33:]


def png_of_a_million_chunks() -> bytes:
    png = small("PNG")
    return png[:33] + chunk(b"teXt", b"") * 1_000_000 + png[33:]


def png_with_a_chunk_of_gigabytes() -> bytes:
    png = small("PNG")
    return png[:33] + b"\x7f\xff\xff\xfftEXt" + png[33:]


def tangled_exif(size: int) -> bytes:
    """Return EXIF in which each of many entries names almost all of it as its value."""
    entries = min(size // 24, 0xFFFF)
    directory = b"".join(
        struct.pack("<HHII", tag, 7, size - 12 * entries - 30, 10) for tag in range(entries)
    )
    made = b"II*\0" + struct.pack("<IH", 8, entries) + directory
    return made + bytes(size - len(made))


def jpeg_with(*segments: bytes, marker: int = 0xE1) -> bytes:
    jpeg = small("JPEG")
    # Without the JFIF segment, which would keep Pillow from looking for a resolution in EXIF.
    length = int.from_bytes(jpeg[4:6], "big") + 4
    headed = b"".join(struct.pack(">BBH", 255, marker, len(one) + 2) + one for one in segments)
    return jpeg[:2] + headed + jpeg[length:]


def jpeg_with_tangled_exif() -> bytes:
    return jpeg_with(b"Exif\0\0" + tangled_exif(65_000))


def jpeg_with_much_tangled_exif() -> bytes:
    exif = tangled_exif(10 * 65_000)
    return jpeg_with(*(b"Exif\0\0" + exif[at : at + 65_000] for at in range(0, len(exif), 65_000)))


def webp_with_tangled_exif() -> bytes:
    return small("WEBP", exif=tangled_exif(2 * MEGABYTE))


def png_with_tangled_exif() -> bytes:
    return small("PNG", exif=tangled_exif(2 * MEGABYTE))


def exif_that_goes_round() -> bytes:
    entries = struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<HHII", 0x8825, 4, 1, 8)
    return small("JPEG", exif=b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + entries + b"\x08\0\0\0")


def jpeg_of_a_million_segments() -> bytes:
    return jpeg_with(*[b"Exif\0\0x"] * 1_000_000)


def jpeg_of_filling() -> bytes:
    jpeg = small("JPEG")
    return jpeg[:2] + b"\xff" * (15 * MEGABYTE) + jpeg[2:]


def jpeg_of_scans() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (7000, 7000), "gray").save(file, "JPEG", progressive=True)
    jpeg = file.getvalue()
    last = [found.start() for found in re.finditer(b"\xff\xda", jpeg)][-1]
    tables = jpeg.rindex(b"\xff\xc4", 0, last)
    return jpeg[:-2] + jpeg[tables:-2] * 1000 + b"\xff\xd9"


def garbage(beginning: bytes = b"") -> bytes:
    return beginning + CHANCE.randbytes(30 * MEGABYTE)


def gif_of_tiny_blocks() -> bytes:
    gif = small("GIF")
    return gif[:-1] + b"!\xfe" + b"\x01x" * (7 * MEGABYTE) + b"\0;"


def gif_of_tiny_pixels() -> bytes:
    start = b"GIF89a" + struct.pack("<HHBBB", 100, 100, 0x80, 0, 0) + bytes(6)
    image = b"," + struct.pack("<HHHHB", 0, 0, 100, 100, 0) + b"\x08"
    return start + image + b"\x01\0" * (7 * MEGABYTE)


def webp_of_tiny_chunks() -> bytes:
    body = small("WEBP")[8:] + (b"XXXX" + bytes(4)) * 1_000_000
    return b"RIFF" + struct.pack("<I", len(body)) + body


BOMBS: Mapping[Callable[[], bytes], tuple[str, str]] = {
    giant_png: (PNG, "TOO_LARGE"),
    png_without_its_pixels: (PNG, "TRUNCATED"),
    png_that_uncompresses_without_end: (PNG, PNG),
    png_with_a_gigabyte_of_profile: (PNG, "TOO_LARGE"),
    png_of_a_million_chunks: (PNG, "CORRUPT"),
    png_with_a_chunk_of_gigabytes: (PNG, "TRUNCATED"),
    png_with_tangled_exif: (PNG, PNG),
    giant_jpeg: (JPEG, "TOO_LARGE"),
    jpeg_without_its_pixels: (JPEG, "TRUNCATED"),
    jpeg_with_tangled_exif: (JPEG, JPEG),
    jpeg_with_much_tangled_exif: (JPEG, JPEG),
    jpeg_of_a_million_segments: (JPEG, "CORRUPT"),
    jpeg_of_filling: (JPEG, "CORRUPT"),
    jpeg_of_scans: (JPEG, "TOO_LARGE"),
    exif_that_goes_round: (JPEG, JPEG),
    giant_gif: (GIF, "TOO_LARGE"),
    giant_gif_frame: (GIF, "CORRUPT"),
    gif_of_tiny_blocks: (GIF, "CORRUPT"),
    gif_of_tiny_pixels: (GIF, "CORRUPT"),
    giant_webp: (WEBP, "CORRUPT"),
    webp_with_tangled_exif: (WEBP, WEBP),
    webp_of_tiny_chunks: (WEBP, "CORRUPT"),
}


def taken(data: bytes, declared: str, folder: Path) -> tuple[str, float, float]:
    """Return the answer of a process of its own, its peak in megabytes and its CPU seconds."""
    path = folder / "picture"
    path.write_bytes(data)
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(path), declared]
    done = subprocess.run(  # noqa: S603 - our own
        command, capture_output=True, text=True, check=True, env=os.environ, timeout=120
    )
    assert not done.stderr
    answer, peak, seconds = done.stdout.split()
    return answer, int(peak) / MEGABYTE, float(seconds)


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.__name__)
def test_a_bomb_does_not_go_off(bomb: Callable[[], bytes], tmp_path: Path) -> None:
    declared, expected = BOMBS[bomb]
    answer, megabytes, seconds = taken(bomb(), declared, tmp_path)
    assert answer == expected
    assert megabytes < MOST_MEGABYTES
    assert seconds < MOST_SECONDS


@pytest.mark.parametrize("wide", [False, True])
def test_text_is_taken_within_bounds(tmp_path: Path, *, wide: bool) -> None:
    assert taken(texts(2, 900_000, wide=wide), PNG, tmp_path)[0] == PNG
    answer, megabytes, _ = taken(texts(40, 900_000, wide=wide), PNG, tmp_path)
    assert answer == "TOO_LARGE"
    assert megabytes < MOST_MEGABYTES


@pytest.mark.parametrize(
    ("beginning", "declared", "expected"),
    [
        (b"", JPEG, "UNSUPPORTED"),
        (b"\xff\xd8\xff", JPEG, "CORRUPT"),
        (PNG_START, PNG, "TRUNCATED"),
        (b"GIF89a", GIF, "CORRUPT"),
        (b"RIFF\0\0\x80\0WEBPVP8 ", WEBP, "TRUNCATED"),
    ],
)
def test_much_garbage_is_refused_at_once(
    beginning: bytes, declared: str, expected: str, tmp_path: Path
) -> None:
    answer, megabytes, seconds = taken(garbage(beginning), declared, tmp_path)
    assert answer == expected
    assert megabytes < MOST_MEGABYTES
    assert seconds < MOST_SECONDS


def test_more_bytes_than_any_picture_has_are_not_even_read(tmp_path: Path) -> None:
    answer, megabytes, _ = taken(b"\xff\xd8\xff" + bytes(33 * MEGABYTE), JPEG, tmp_path)
    assert answer == "TOO_LARGE"
    assert megabytes < MOST_MEGABYTES / 3


def progressive(mode: str, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, "JPEG", progressive=True, subsampling=0, quality=30)
    return file.getvalue()


def lossless(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", size, "teal").save(file, "WEBP", lossless=True, method=0)
    return file.getvalue()


@pytest.mark.parametrize(
    ("make", "declared"),
    [
        (lambda: png_of(8000, 6250, bytes((8000 * 4 + 1) * 6250)), PNG),
        (lambda: progressive("CMYK", (8000, 6250)), JPEG),
        (lambda: lossless((5000, 5000)), WEBP),
    ],
)
def test_the_largest_that_is_taken_fits_into_a_function(
    make: Callable[[], bytes], declared: str, tmp_path: Path
) -> None:
    answer, megabytes, seconds = taken(make(), declared, tmp_path)
    assert answer == declared
    assert megabytes < 700
    assert seconds < 30
