"""What is taken, and why the rest is not, whatever it is called."""

import io
import struct
import zipfile
import zlib
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from media.images.sniffing import Refused, look

JPEG, PNG, WEBP, GIF = "image/jpeg", "image/png", "image/webp", "image/gif"
TYPES = {"JPEG": JPEG, "PNG": PNG, "WEBP": WEBP, "GIF": GIF}

Kind = tuple[str, str, dict[str, Any]]
"""Format, mode and options."""

# What has to be taken.
KINDS: list[Kind] = [
    ("JPEG", "RGB", {}),
    ("JPEG", "RGB", {"progressive": True}),
    ("JPEG", "RGB", {"progressive": True, "subsampling": 0, "restart_marker_blocks": 7}),
    ("JPEG", "L", {}),
    ("JPEG", "CMYK", {}),
    ("PNG", "RGB", {}),
    ("PNG", "RGBA", {}),
    ("PNG", "LA", {}),
    ("PNG", "1", {}),
    ("PNG", "P", {"transparency": 3}),
    ("PNG", "I;16", {}),
    ("PNG", "RGB", {"transparency": (1, 2, 3)}),
    ("WEBP", "RGB", {}),
    ("WEBP", "RGBA", {}),
    ("WEBP", "RGB", {"lossless": True}),
    ("GIF", "P", {}),
    ("GIF", "P", {"transparency": 3, "interlace": 1}),
    ("GIF", "L", {}),
]


def converted(image: Image.Image, mode: str) -> Image.Image:
    """Return a picture in a mode; half of it is transparent, if the mode has that."""
    if mode == "I;16":
        return image.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    made = image.convert(mode)
    if mode in ("RGBA", "LA"):
        made.putalpha(Image.linear_gradient("L").resize(image.size))
    return made


def refused(data: bytes, declared: str = JPEG) -> str:
    """Return why it is refused."""
    with pytest.raises(Refused) as refusal:
        look(io.BytesIO(data), declared)
    assert refusal.value.detail
    return refusal.value.reason


def segment(marker: int, body: bytes) -> bytes:
    """Return a JPEG's segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segment(jpeg: bytes, body: bytes, marker: int = 0xFE) -> bytes:
    """Return a JPEG with one more segment at its beginning: a comment, unless said otherwise."""
    return jpeg[:2] + segment(marker, body) + jpeg[2:]


def archive() -> bytes:
    """Return a ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        # Of a fixed time, so that it is the same in all processes: tests are named by it.
        made.writestr(zipfile.ZipInfo("evil.class"), b"evil" * 20, zipfile.ZIP_DEFLATED)
    return file.getvalue()


@pytest.fixture(scope="module")
def jpeg(photo: Any, saved: Any) -> bytes:
    made: bytes = saved(photo(), "JPEG")
    return made


@pytest.fixture(scope="module")
def png(photo: Any, saved: Any) -> bytes:
    made: bytes = saved(photo((60, 40)), "PNG")
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_picture_is_taken_for_what_it_is(photo: Any, saved: Any, kind: Kind) -> None:
    form, mode, options = kind
    data = saved(converted(photo((120, 90)), mode), form, **options)
    picture = look(io.BytesIO(data), TYPES[form])
    assert (picture.content_type, picture.size) == (TYPES[form], len(data))
    assert (picture.width, picture.height) == (120, 90)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(9))
def test_its_size_is_the_one_that_is_looked_at(
    photo: Any, saved: Any, exif: Any, form: str, orientation: int
) -> None:
    data = saved(photo((120, 90)), form, exif=exif(orientation))
    picture = look(io.BytesIO(data), TYPES[form])
    sideways = orientation >= 5
    assert (picture.width, picture.height) == ((90, 120) if sideways else (120, 90))


@pytest.mark.parametrize("form", TYPES)
@pytest.mark.parametrize("declared", TYPES.values())
def test_a_picture_of_another_type_than_declared_is_disguised(
    photo: Any, saved: Any, form: str, declared: str
) -> None:
    data = saved(photo((20, 10)), form)
    if TYPES[form] == declared:
        assert look(io.BytesIO(data), declared).content_type == declared
    else:
        assert refused(data, declared) == "DISGUISED"


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n",
        archive(),
        b"<!DOCTYPE html><title>x</title>",
        b"\n\n <html ",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"MZ\x90\0",
        b"\x7fELF",
        "<script>alert(1)</script>".encode("utf-16"),
    ],
)
def test_what_is_no_picture_at_all_is_disguised(data: bytes) -> None:
    assert refused(data) == "DISGUISED"


@pytest.mark.parametrize("form", ["BMP", "TIFF", "ICO", "PPM", "JPEG2000"])
def test_pictures_of_other_kinds_are_not_taken(photo: Any, saved: Any, form: str) -> None:
    assert refused(saved(photo((32, 32)), form)) == "UNSUPPORTED"


@pytest.mark.parametrize("data", [b"x", b"\0" * 100, b"GIF90a" + b"\0" * 50, b"RIFF\0\0\0\0WAVE"])
def test_what_nobody_knows_is_not_taken(data: bytes) -> None:
    assert refused(data) == "UNSUPPORTED"


def test_no_bytes_are_no_picture() -> None:
    assert refused(b"") == "EMPTY"


@pytest.mark.parametrize("kind", KINDS)
def test_wherever_it_was_cut_off_that_is_found(
    photo: Any, saved: Any, exif: Any, kind: Kind
) -> None:
    form, mode, options = kind
    more = {} if form == "GIF" else {"exif": exif()}
    data = saved(converted(photo((24, 18)), mode), form, **options, **more)
    for length in {*range(1, len(data), 7), *range(max(1, len(data) - 40), len(data))}:
        assert refused(data[:length], TYPES[form]) == "TRUNCATED", length


def test_a_thumbnail_within_hides_no_truncation(photo: Any, saved: Any, exif: Any) -> None:
    thumbnail = saved(photo((40, 30)), "JPEG")
    whole = with_segment(saved(photo(), "JPEG"), b"Exif\0\0" + exif().tobytes() + thumbnail, 0xE1)
    assert look(io.BytesIO(whole), JPEG).width == 400
    assert refused(whole[: len(whole) // 2]) == "TRUNCATED"


def test_data_that_cannot_be_enough_is_found_though_the_end_is_there(jpeg: bytes) -> None:
    scan = jpeg.index(b"\xff\xda")
    assert refused(jpeg[: scan + 20] + b"\xff\xd9") == "TRUNCATED"


def test_pixels_that_are_missing_are_found_though_all_chunks_are_whole(
    png: bytes, chunk: Any
) -> None:
    header = png[: 8 + 25]
    for rows, reason in ((20, "TRUNCATED"), (0, "TRUNCATED")):
        pixels = zlib.compress(bytes((60 * 3 + 1) * rows))
        data = header + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
        assert refused(data, PNG) == reason


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5, 9), (60, 40)])
def test_an_interlaced_picture_needs_the_data_of_all_passes(
    chunk: Any, size: tuple[int, int]
) -> None:
    width, height = size
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    steps = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)]
    raw = b""
    for left, top, across, down in [*steps, (0, 1, 1, 2)]:
        columns = len(range(left, width, across))
        for _ in range(top, height, down) if columns else ():
            raw += b"\0" + b"\x80\x40\x20" * columns

    def made(data: bytes) -> bytes:
        start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
        return start + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")

    assert look(io.BytesIO(made(raw)), PNG).height == height
    assert refused(made(raw[:-1]), PNG) == "TRUNCATED"


def test_a_changed_bit_of_a_png_is_found_anywhere(png: bytes) -> None:
    for at in range(8, len(png), 13):
        damaged = bytearray(png)
        damaged[at] ^= 0x10
        assert refused(bytes(damaged), PNG) in ("CORRUPT", "TRUNCATED", "UNSUPPORTED"), at


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_what_moves_is_not_taken(photo: Any, saved: Any, form: str) -> None:
    others = [photo((40, 30), seed) for seed in (2, 3)]
    data = saved(photo((40, 30)), form, save_all=True, append_images=others)
    assert refused(data, TYPES[form]) == "ANIMATED"


@pytest.mark.parametrize("form", TYPES)
@pytest.mark.parametrize(
    "appended",
    [
        archive(),
        archive()[:-2] + b"\x05\0abcde",
        b"<html><body>",
        b"\n<SCRIPT>alert(1)</SCRIPT>",
        b"<?php system($_GET[0]); __halt_compiler();",
        b"Rar!\x1a\x07\x01\0",
        b"7z\xbc\xaf\x27\x1c",
        b"x" * (2**20 - 3) + b"<script>",
        "javascript:alert(1)".encode("utf-16-le"),
    ],
)
def test_what_is_something_else_too_is_not_taken(
    photo: Any, saved: Any, form: str, appended: bytes
) -> None:
    data = saved(photo((40, 30)), form)
    assert refused(data + appended, TYPES[form]) == "POLYGLOT"


def test_what_is_hidden_in_what_a_picture_says_is_found(jpeg: bytes, chunk: Any) -> None:
    hidden = [b"%PDF-1.4", archive(), b"<svg onload=alert(1)>", archive()[:60], b"<?PHP phpinfo()"]
    for body in hidden:
        assert refused(with_segment(jpeg, body)) == "POLYGLOT", body
        assert refused(with_segment(jpeg, body, 0xE1)) == "POLYGLOT", body


def test_a_picture_that_is_a_script_within_comments_is_found(jpeg: bytes) -> None:
    # FF D8 FF E0 and a length that reads as the beginning of a comment.
    body = b"JFIF\0" + b"\0" * (0x2F2A - 2 - 5)
    hidden = jpeg[:2] + segment(0xE0, body) + jpeg[2:]
    assert hidden[4:6] == b"/*"
    assert look(io.BytesIO(hidden), JPEG).width == 400
    assert refused(hidden + b"*/=alert(1)") == "POLYGLOT"


@pytest.mark.parametrize("zipped", [False, True])
def test_scripts_in_a_pngs_text_are_found_compressed_too(
    photo: Any, saved: Any, zipped: bool
) -> None:
    for add in ("add_text", "add_itxt"):
        info = PngImagePlugin.PngInfo()
        getattr(info, add)("Comment", "<script src=//x.example></script>", zip=zipped)
        assert refused(saved(photo((30, 20)), "PNG", pnginfo=info), PNG) == "POLYGLOT"


def test_ordinary_text_is_taken(photo: Any, saved: Any) -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>a &lt; b</rdf:RDF></x:xmpmeta>'
    info = PngImagePlugin.PngInfo()
    for zipped in (False, True):
        info.add_itxt("XML:com.adobe.xmp", xmp.decode(), zip=zipped)
        info.add_text("Title", "Bodies < 3", zip=zipped)
    assert look(io.BytesIO(saved(photo((30, 20)), "PNG", pnginfo=info)), PNG).width == 30
    assert look(io.BytesIO(saved(photo((30, 20)), "JPEG", xmp=xmp)), JPEG).width == 30
    assert look(io.BytesIO(saved(photo((30, 20)), "WEBP", xmp=xmp)), WEBP).width == 30


def test_what_cameras_put_behind_a_picture_is_taken(photo: Any, saved: Any, jpeg: bytes) -> None:
    two = saved(photo(), "MPO", save_all=True, append_images=[photo((80, 60), 2)])
    assert two[:2] == b"\xff\xd8"
    assert b"MPF\0" in two
    film = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 4000
    notes = b"SEFH" + b"\x6a\0\0\0\1\0\0\0" + b"Image_UTC_Data1700000000000" + b"SEFT"
    for data in (two, jpeg + film, jpeg + notes, jpeg + b"\0" * 5000, jpeg + jpeg):
        assert look(io.BytesIO(data), JPEG).width == 400


def test_a_refusal_says_nothing_of_what_is_in_the_picture(jpeg: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        look(io.BytesIO(with_segment(jpeg, b"<script>Ada Lovelace</script>")), JPEG)
    assert str(refusal.value) == "POLYGLOT: it is markup or a script, too"


def test_a_picture_is_looked_at_from_its_beginning(jpeg: bytes) -> None:
    file = io.BytesIO(jpeg)
    file.seek(100)
    assert look(file, JPEG).size == len(jpeg)
