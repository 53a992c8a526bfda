"""Files that break their format's rules, one rule at a time."""

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from media.images import layouts
from media.images.opening import source
from media.images.refusals import Refused

PNG_START = b"\x89PNG\r\n\x1a\n"
HEADER = struct.pack(">IIBBBBB", 4, 3, 8, 2, 0, 0, 0)


def saved(form: str, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (40, 30)).save(file, form, **options)
    return file.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(Refused) as refusal:
        source(io.BytesIO(data))
    return refusal.value.reason


def segment(marker: int, body: bytes = b"") -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def frame(bits: int = 8, size: tuple[int, int] = (30, 40), *factors: int) -> bytes:
    """Return a JPEG's frame of so many components."""
    parts = b"".join(bytes((number, factor, 0)) for number, factor in enumerate(factors, 1))
    return struct.pack(">BHHB", bits, *size, len(factors)) + parts


SCAN = segment(0xDA, bytes((1, 1, 0, 0, 63, 0))) + bytes(30)
END = b"\xff\xd9"


def jpeg(*parts: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(parts) + END


def test_a_jpeg_of_the_fewest_parts_has_a_layout() -> None:
    layout = layouts.read(jpeg(segment(0xC0, frame(8, (30, 40), 0x11)), SCAN))
    assert (layout.format, layout.width, layout.height, layout.cost) == ("JPEG", 40, 30, 0)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (jpeg(), "CORRUPT"),
        (jpeg(SCAN), "CORRUPT"),
        (jpeg(segment(0xC0, frame(8, (30, 40), 0x11))), "CORRUPT"),
        (jpeg(segment(0xC0, frame(8, (30, 40), 0x11)), segment(0xDA)), "CORRUPT"),
        (jpeg(segment(0xC0, frame(8, (30, 40), 0x11)) * 2, SCAN), "CORRUPT"),
        (jpeg(segment(0xC0, frame(8, (30, 40), 0x11) + b"\0"), SCAN), "CORRUPT"),
        (jpeg(segment(0xC0, frame(8, (30, 40), 0x01)), SCAN), "CORRUPT"),
        (jpeg(segment(0xC0, frame(8, (30, 40), 0x15)), SCAN), "CORRUPT"),
        (jpeg(segment(0xC1, frame(12, (30, 40), 0x11)), SCAN), "UNSUPPORTED"),
        (jpeg(segment(0xC0, frame(8, (30, 40), 0x11, 0x11)), SCAN), "UNSUPPORTED"),
        (jpeg(segment(0xC3, frame(8, (30, 40), 0x11)), SCAN), "UNSUPPORTED"),
        (jpeg(segment(0xC9, frame(8, (30, 40), 0x11)), SCAN), "UNSUPPORTED"),
        (
            jpeg(segment(0xC0, frame(8, (30, 40), 0x11)), SCAN, segment(0xDC, b"\0\1")),
            "UNSUPPORTED",
        ),
        (jpeg(segment(0xF3)), "CORRUPT"),
        (jpeg(segment(0xD8)), "CORRUPT"),
        (jpeg(b"\xff\xe0\0\1"), "CORRUPT"),
        (jpeg(segment(0xE5), b"what?"), "CORRUPT"),
        (jpeg(segment(0xC0, frame(8, (3000, 4000), 0x11)), SCAN), "TRUNCATED"),
        (jpeg(segment(0xC0, frame(8, (0, 40), 0x11)), SCAN), "CORRUPT"),
        (jpeg(segment(0xC0, frame(8, (1, 16_001), 0x11)), SCAN + bytes(500)), "TOO_LARGE"),
    ],
)
def test_a_jpeg_that_breaks_a_rule_is_refused(data: bytes, reason: str) -> None:
    assert refused(data) == reason


def test_a_jpeg_of_many_scans_is_too_much() -> None:
    start = segment(0xC2, frame(8, (30, 40), 0x11))
    assert layouts.read(jpeg(start, *[SCAN] * 64)).cost == 5 * 4 * 128
    assert refused(jpeg(start, *[SCAN] * 65)) == "TOO_LARGE"


def test_components_that_come_one_by_one_are_kept_by_the_decoder() -> None:
    start = segment(0xC0, frame(8, (30, 40), 0x22, 0x11, 0x11))
    assert layouts.read(jpeg(start, SCAN, SCAN, SCAN)).cost == (5 * 4 + 3 * 2 + 3 * 2) * 128


def test_filling_before_a_marker_is_passed_over() -> None:
    start = segment(0xC0, frame(8, (30, 40), 0x11))
    assert layouts.read(jpeg(start, b"\xff" * 9, SCAN, b"\xff")).width == 40


def test_a_jpegs_profile_is_put_together_in_its_order_and_only_whole() -> None:
    start = segment(0xC0, frame(8, (30, 40), 0x11))
    parts = [segment(0xE2, b"ICC_PROFILE\0" + bytes((n, 3)) + b"abc"[n - 1 : n]) for n in (3, 1, 2)]
    assert layouts.read(jpeg(*parts, start, SCAN)).profile == b"abc"
    assert layouts.read(jpeg(*parts[:2], start, SCAN)).profile == b""


def test_what_a_jpeg_says_is_not_what_it_needs() -> None:
    said = segment(0xFE, b"comment"), segment(0xE1, b"Exif\0\0II*\0"), segment(0xE0, b"JFXX\0")
    asked = segment(0xE0, b"JFIF\0" + bytes(9)), segment(0xEE, b"Adobe" + bytes(7))
    layout = layouts.read(
        jpeg(*said, *asked, segment(0xC0, frame(8, (30, 40), 0x11)), SCAN) + b"behind"
    )
    needed = b"".join(layout.needed)
    assert all(part in needed for part in asked)
    assert not any(part in needed for part in (*said, b"behind"))
    assert [bytes(part) for part in layout.said][:3] == [part[4:] for part in said]
    assert bytes(layout.said[-1]) == b"behind"
    assert layout.exif == b"II*\0"


def png(chunk: Any, *chunks: tuple[bytes, bytes]) -> bytes:
    return PNG_START + b"".join(chunk(*one) for one in chunks)


PIXELS = (b"IDAT", zlib.compress(bytes(13 * 3)))
LAST = (b"IEND", b"")


def headed(**changes: int) -> tuple[bytes, bytes]:
    fields = {"depth": 8, "colors": 2, "compression": 0, "filters": 0, "interlaced": 0} | changes
    return b"IHDR", struct.pack(">II", 4, 3) + bytes(fields.values())


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        ([PIXELS, LAST], "CORRUPT"),
        ([headed(), headed(), PIXELS, LAST], "CORRUPT"),
        ([headed(), LAST], "CORRUPT"),
        ([headed(colors=3), PIXELS, LAST], "CORRUPT"),
        ([headed(colors=5), PIXELS, LAST], "CORRUPT"),
        ([headed(depth=4), PIXELS, LAST], "CORRUPT"),
        ([headed(compression=1), PIXELS, LAST], "CORRUPT"),
        ([headed(filters=1), PIXELS, LAST], "CORRUPT"),
        ([headed(interlaced=2), PIXELS, LAST], "CORRUPT"),
        ([(b"IHDR", HEADER + b"\0"), PIXELS, LAST], "CORRUPT"),
        ([headed(), (b"CgBI", b"1234"), PIXELS, LAST], "UNSUPPORTED"),
        ([headed(), (b"a1b2", b""), PIXELS, LAST], "CORRUPT"),
        ([headed(), PIXELS], "TRUNCATED"),
    ],
)
def test_a_png_that_breaks_a_rule_is_refused(
    chunk: Any, chunks: list[tuple[bytes, bytes]], reason: str
) -> None:
    assert refused(png(chunk, *chunks)) == reason


@pytest.mark.parametrize(("data", "reason"), [(b"nonsense", "CORRUPT"), (b"", "TRUNCATED")])
def test_pixels_of_a_png_that_are_none_are_found(chunk: Any, data: bytes, reason: str) -> None:
    layout = layouts.read(png(chunk, headed(), (b"IDAT", data), LAST))
    with pytest.raises(Refused) as refusal:
        layouts.require_whole(layout)
    assert refusal.value.reason == reason


def test_what_a_png_says_is_read_uncompressed(chunk: Any) -> None:
    texts = [
        (b"zTXt", b"key\0\0" + zlib.compress(b"one")),
        (b"iTXt", b"key\0\1\0en\0other\0" + zlib.compress(b"two")),
        (b"iTXt", b"key\0\0\0en\0other\0three"),
        (b"iTXt", b"key\0\1\0"),
        (b"zTXt", b"key\0\0broken"),
        (b"iCCP", b"name\0\0" + zlib.compress(b"profile")),
        (b"eXIf", b"Exif\0\0MM\0*"),
        (b"eXIf", b"second"),
    ]
    layout = layouts.read(png(chunk, headed(), *texts, PIXELS, LAST))
    assert [bytes(part) for part in layout.said] == [
        *(b"key\0one", b"key\0en\0other\0two", b"key\0\0\0en\0other\0three", b"key\0\1\0"),
        *(b"key\0", b"profile", b"Exif\0\0MM\0*", b"second"),
    ]
    assert (layout.profile, layout.exif) == (b"profile", b"MM\0*")


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP"
    for kind, data in chunks:
        body += kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


LOSSY = (b"VP8 ", b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", 40, 30))
LOSSLESS = (b"VP8L", b"\x2f" + struct.pack("<I", 39 | 29 << 14))


def canvas(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X", bytes((flags, 0, 0, 0)) + sides


@pytest.mark.parametrize("frame", [LOSSY, LOSSLESS])
def test_a_webp_has_the_size_of_its_frame(frame: tuple[bytes, bytes]) -> None:
    for data in (riff(frame), riff(canvas(40, 30), frame, (b"EXIF", b"odd"))):
        layout = layouts.read(data + b"behind")
        assert (layout.width, layout.height) == (40, 30)
        assert bytes(layout.needed[0]) == data
        assert bytes(layout.said[-1]) == b"behind"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (riff(), "CORRUPT"),
        (riff((b"EXIF", b"")), "CORRUPT"),
        (riff(LOSSY, LOSSLESS), "CORRUPT"),
        (riff(canvas(40, 30)), "CORRUPT"),
        (riff(canvas(41, 30), LOSSY), "CORRUPT"),
        (riff((b"VP8X", b"\0" * 9), LOSSY), "CORRUPT"),
        (riff((b"VP8 ", LOSSY[1][:9])), "CORRUPT"),
        (riff((b"VP8 ", b"\x11" + LOSSY[1][1:])), "CORRUPT"),
        (riff((b"VP8 ", b"\x10\0\0\0\0\0" + LOSSY[1][6:])), "CORRUPT"),
        (riff((b"VP8L", b"\x30" + LOSSLESS[1][1:])), "CORRUPT"),
        (riff((b"VP8L", LOSSLESS[1][:4])), "CORRUPT"),
        (riff(LOSSY, (b"ANMF", b"")), "CORRUPT"),
        (riff(LOSSY)[:16] + b"\xff\xff\0\0" + riff(LOSSY)[20:] + bytes(70_000), "CORRUPT"),
        (riff(LOSSY)[:-1], "TRUNCATED"),
        (riff((b"VP8 ", LOSSY[1][:6] + bytes(4))), "CORRUPT"),
        (riff((b"VP8 ", LOSSY[1][:6] + struct.pack("<HH", 6000, 5000))), "TOO_LARGE"),
    ],
)
def test_a_webp_that_breaks_a_rule_is_refused(data: bytes, reason: str) -> None:
    assert refused(data) == reason


@pytest.mark.parametrize("data", [riff(canvas(40, 30, 2)), riff(canvas(40, 30), (b"ANMF", b""))])
def test_a_webp_that_says_that_it_moves_is_animated(data: bytes) -> None:
    layout = layouts.read(data)
    assert (layout.width, layout.height) == (40, 30)
    assert layout.animated is (b"ANMF" in data)


GIF = b"GIF89a" + struct.pack("<HHBBB", 40, 30, 0, 0, 0)


def image(left: int = 0, width: int = 40, height: int = 30, bits: int = 8) -> bytes:
    return b"," + struct.pack("<HHHHB", left, 0, width, height, 0) + bytes((bits, 2, 1, 1, 0))


@pytest.mark.parametrize(
    ("blocks", "reason"),
    [
        (b";", "CORRUPT"),
        (b"?", "CORRUPT"),
        (image(1) + b";", "CORRUPT"),
        (image(height=31) + b";", "CORRUPT"),
        (image(width=0) + b";", "CORRUPT"),
        (image(bits=0) + b";", "CORRUPT"),
        (image(bits=12) + b";", "CORRUPT"),
        (image(), "TRUNCATED"),
    ],
)
def test_a_gif_that_breaks_a_rule_is_refused(blocks: bytes, reason: str) -> None:
    assert refused(GIF + blocks) == reason


def test_a_gif_ends_where_it_says() -> None:
    layout = layouts.read(GIF + b"!\xfe\x02hi\0" + image() + b";behind")
    assert bytes(layout.needed[0]).endswith(b"\0;")
    assert [bytes(part) for part in layout.said] == [b"\x02hi\0", b"behind"]
    assert not layout.animated
    assert layouts.read(GIF + image() + image() + b";").animated
