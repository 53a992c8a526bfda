"""Whatever is done to a picture, it is refused or taken; and what is taken can be processed."""

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from media.images.flattening import flat
from media.images.metadata import describe
from media.images.renditions import renditions
from media.images.sniffing import Refused, look

TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
NUMBERS = [0, 1, 2, 127, 255, 256, 65_535, 2**31 - 1, 2**31, 2**32 - 1]

Edit = tuple[str, float, bytes]
"""What is done, where, and with which bytes."""

edits = st.lists(
    st.tuples(
        st.sampled_from(["set", "flip", "drop", "put", "twice"]),
        st.floats(0, 1, exclude_max=True).map(lambda at: at**2),  # rather at the beginning
        st.one_of(
            st.binary(min_size=1, max_size=12),
            st.sampled_from(NUMBERS).map(lambda number: struct.pack(">I", number)),
            st.sampled_from(NUMBERS).map(lambda number: struct.pack("<I", number)),
        ),
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def pictures(photo: Any, saved: Any, exif: Any) -> list[tuple[str, bytes]]:
    image: Image.Image = photo((72, 56))
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "one" * 30, zip=True)
    info.add_itxt("Title", "two" * 30, zip=True)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    notes = {"exif": exif(6), "icc_profile": profile}
    deep = image.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    made = [
        ("JPEG", image, notes),
        ("JPEG", image, {"progressive": True, "subsampling": 0}),
        ("JPEG", image.convert("CMYK"), {"restart_marker_rows": 1}),
        ("PNG", image, notes | {"pnginfo": info}),
        ("PNG", image.convert("P"), {"transparency": bytes(range(200))}),
        ("PNG", image, {"transparency": (1, 2, 3)}),
        ("PNG", deep, {}),
        ("WEBP", image, notes),
        ("WEBP", image.convert("RGBA"), {"lossless": True}),
        ("GIF", image, {"comment": b"hello", "transparency": 3}),
        ("GIF", image.convert("L"), {"interlace": 1}),
    ]
    return [(form, saved(one, form, **options)) for form, one, options in made]


def edited(data: bytes, changes: list[Edit]) -> bytes:
    made = bytearray(data)
    for what, where, value in changes:
        at = int(where * len(made))
        if what == "set":
            made[at : at + len(value)] = value
        elif what == "flip" and made:
            made[at] ^= 1 << value[0] % 8
        elif what == "drop":
            del made[at : at + value[0]]
        elif what == "put":
            made[at:at] = value
        else:
            made[at:at] = made[at : at + 4 * value[0]]
    return bytes(made)


def with_right_checksums(png: bytes) -> bytes:
    """Return a PNG whose changes its checksums do not betray."""
    made, at = bytearray(png), 8
    while at + 12 <= len(made):
        end = at + 8 + int.from_bytes(made[at : at + 4], "big")
        if end + 4 > len(made):
            break
        made[end : end + 4] = struct.pack(">I", zlib.crc32(bytes(made[at + 4 : end])))
        at = end + 4
    return bytes(made)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(number=st.integers(0, 10), changes=edits, checksums=st.booleans())
def test_a_damaged_picture_is_refused_or_can_be_processed(
    pictures: list[tuple[str, bytes]], number: int, changes: list[Edit], *, checksums: bool
) -> None:
    form, data = pictures[number]
    damaged = edited(data, changes)
    if form == "PNG" and checksums:
        damaged = with_right_checksums(damaged)
    try:
        picture = look(io.BytesIO(damaged), TYPES[form])
    except Refused:
        return
    description = describe(io.BytesIO(damaged))
    assert (description.width, description.height) == (picture.width, picture.height)
    assert [one.width for one in renditions(io.BytesIO(damaged), (30, 60))]
    assert flat(io.BytesIO(damaged))


@settings(max_examples=200, deadline=None)
@given(
    beginning=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF"]),
    rest=st.binary(max_size=300),
    declared=st.sampled_from([*TYPES.values(), "text/html", ""]),
)
def test_garbage_is_refused(beginning: bytes, rest: bytes, declared: str) -> None:
    with pytest.raises(Refused):
        look(io.BytesIO(beginning + rest), declared)


def test_the_pictures_themselves_are_taken(pictures: list[tuple[str, bytes]]) -> None:
    for form, data in pictures:
        assert look(io.BytesIO(data), TYPES[form]).content_type == TYPES[form]
        assert edited(data, []) == data
        if form == "PNG":
            assert with_right_checksums(data) == data
