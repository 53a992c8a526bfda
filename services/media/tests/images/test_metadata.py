"""What a picture says of itself, and which others look like it."""

import io
import math
import re
import struct
from itertools import combinations
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageEnhance

from media.images import exif as reading
from media.images.exif import Tags
from media.images.metadata import Description, describe, distance
from media.images.refusals import Refused

NEAR, FAR = 6, 16


def described(data: bytes) -> Description:
    return describe(io.BytesIO(data))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_format_and_size_are_the_pictures_own(photo: Any, saved: Any, form: str) -> None:
    found = described(saved(photo((400, 300)), form))
    assert (found.format, found.width, found.height) == (form, 400, 300)
    assert 1 <= len(found.colors) <= 5
    assert all(re.fullmatch("#[0-9a-f]{6}", color) for color in found.colors)
    assert re.fullmatch("[0-9a-f]{16}", found.perceptual_hash)
    assert found.camera is None


def test_nothing_is_told_of_people_and_places(photo: Any, saved: Any, exif: Any) -> None:
    found = described(saved(photo((400, 300)), "JPEG", exif=exif(6)))
    assert (found.width, found.height) == (300, 400)
    assert found.camera == "Lens Works LW-1"
    assert not any(word in repr(found) for word in ("Ada", "SN-0042", "2026", "51.", "30.0"))
    assert set(found._fields) == {
        "format",
        "width",
        "height",
        "colors",
        "perceptual_hash",
        "camera",
    }


@pytest.mark.parametrize(
    ("written", "camera"),
    [
        (("Canon", "Canon EOS 5D"), "Canon EOS 5D"),
        (("NIKON CORPORATION", "NIKON D70"), "NIKON CORPORATION NIKON D70"),
        (("Apple", ""), "Apple"),
        (("", "X100"), "X100"),
        (("", ""), None),
        (("  A\tb ", "C\x07\x1b[31m\u202ed\x7f"), "A b C[31md"),
        (("M" * 500, "N" * 500), "M" * 60 + " " + "N" * 60),
    ],
)
def test_a_camera_is_named_in_one_short_line(
    photo: Any, saved: Any, exif: Any, written: tuple[str, str], camera: str | None
) -> None:
    maker, model = (text.encode() for text in written)
    data = saved(photo((40, 30)), "JPEG", exif=exif(1, maker, model))
    assert described(data).camera == camera


def tiff(order: str, *entries: tuple[int, int, int, bytes]) -> bytes:
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(entries))
    return head + b"".join(
        struct.pack(f"{order}HHI", tag, kind, count) + value for tag, kind, count, value in entries
    )


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_is_read_in_both_orders_of_bytes(order: str) -> None:
    entries = [
        (0x010F, 2, 4, b"Abc\0"),
        (0x0110, 2, 8, struct.pack(f"{order}I", 8 + 2 + 3 * 12)),
        (0x0112, 3, 1, struct.pack(f"{order}HH", 8, 0)),
    ]
    assert reading.read(tiff(order, *entries) + b"Model 7\0") == Tags(8, "Abc", "Model 7")


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"II*\0",
        b"XX*\0" + bytes(20),
        b"II*\0\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff",
        tiff("<", (0x0112, 3, 1, b"\x09\0\0\0")),
        tiff("<", (0x0112, 3, 1, b"\0\0\0\0")),
        tiff("<", (0x0112, 2, 1, b"\x06\0\0\0")),
        tiff("<", (0x0110, 2, 2**32 - 1, b"\xff\xff\xff\xff")),
        tiff("<", (0x0110, 3, 4, b"Abc\0")),
    ],
)
def test_broken_exif_says_nothing(photo: Any, saved: Any, broken: bytes) -> None:
    assert reading.read(broken) == Tags()
    found = described(saved(photo((40, 30)), "PNG", exif=broken or b"?"))
    assert (found.width, found.height, found.camera) == (40, 30, None)


def test_what_comes_before_a_fault_counts() -> None:
    whole = tiff("<", (0x0112, 3, 1, b"\x06\0\0\0"), (0x0110, 2, 4, b"Abc\0"))
    assert reading.read(whole[:-6]) == Tags(orientation=6)


def test_the_colours_come_by_their_share(saved: Any) -> None:
    image = Image.new("RGB", (200, 100), "#204080")
    image.paste("#f0c000", (0, 0, 60, 100))
    image.paste("#e00010", (60, 0, 80, 100))
    image.paste("#00ff00", (80, 0, 81, 100))  # too little of it
    assert described(saved(image, "PNG")).colors == ("#204080", "#f0c000", "#e00010")


def test_colours_that_are_nearly_the_same_are_one(saved: Any) -> None:
    image = Image.new("RGB", (200, 100), "#204080")
    image.paste("#284888", (0, 0, 90, 100))
    assert len(described(saved(image, "PNG")).colors) == 1


def test_a_gradient_has_no_more_colours_than_five(saved: Any) -> None:
    rainbow = Image.merge(
        "HSV", [Image.linear_gradient("L"), *[Image.new("L", (256, 256), 255)] * 2]
    )
    colors = described(saved(rainbow.convert("RGB"), "PNG")).colors
    assert len(colors) == 5
    assert all(math.dist(bytes.fromhex(a[1:]), bytes.fromhex(b[1:])) >= 48 for a, b in
               combinations(colors, 2))  # fmt: skip


def test_what_cannot_be_seen_has_no_colour(saved: Any) -> None:
    image = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    assert described(saved(image, "PNG")).colors == ()
    image.paste((255, 0, 0, 255), (0, 0, 40, 100))
    assert described(saved(image, "PNG")).colors == ("#ff0000",)


def test_colours_are_told_in_srgb(saved: Any) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The same profile, with the columns of red and blue exchanged.
    swapped = srgb.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")
    red = Image.new("RGB", (50, 50), "red")
    assert described(saved(red, "PNG", icc_profile=srgb)).colors == ("#ff0000",)
    (color,) = described(saved(red, "PNG", icc_profile=swapped)).colors
    assert math.dist(bytes.fromhex(color[1:]), (0, 0, 255)) < 12


def test_inks_are_told_as_colours(saved: Any) -> None:
    (color,) = described(saved(Image.new("CMYK", (50, 50), (0, 255, 255, 0)), "JPEG")).colors
    assert math.dist(bytes.fromhex(color[1:]), (255, 0, 0)) < 12


@pytest.mark.parametrize("seed", range(1, 6))
def test_copies_of_a_picture_have_nearly_the_same_hash(
    photo: Any, saved: Any, exif: Any, seed: int
) -> None:
    image = photo((1600, 1200), seed)
    original = described(saved(image, "PNG")).perceptual_hash
    copies = [
        *(saved(image, "JPEG", quality=quality) for quality in (95, 75, 30)),
        saved(image, "WEBP", quality=50),
        saved(image, "GIF"),
        *(saved(image.resize(size), "JPEG") for size in ((3000, 2250), (400, 300), (120, 90))),
        saved(image.resize((700, 700)), "JPEG"),
        saved(image.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif(6)),
        saved(ImageEnhance.Brightness(image).enhance(1.1), "JPEG"),
        saved(image.convert("L"), "JPEG"),
    ]
    found = [distance(original, described(copy).perceptual_hash) for copy in copies]
    assert max(found) <= NEAR, found


def test_pictures_of_different_things_have_other_hashes(photo: Any, saved: Any) -> None:
    hashes = [
        described(saved(photo((400, 300), seed), "JPEG")).perceptual_hash for seed in range(20)
    ]
    assert min(distance(one, other) for one, other in combinations(hashes, 2)) >= FAR


def test_a_picture_turned_over_looks_otherwise(photo: Any, saved: Any) -> None:
    image = photo()
    turned = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    one, other = (described(saved(each, "PNG")).perceptual_hash for each in (image, turned))
    assert distance(one, other) >= FAR


def test_a_plain_surface_has_a_hash_of_its_own(saved: Any) -> None:
    hashes = {
        described(saved(Image.new("RGB", (90, 60), color), "PNG")).perceptual_hash
        for color in ("red", "white", "black", "#123456")
    }
    assert len(hashes) <= 2
    assert all(one in ("0" * 16, "8" + "0" * 15) for one in hashes)


def test_a_distance_counts_bits() -> None:
    assert distance("0" * 16, "0" * 16) == 0
    assert distance("0" * 16, "f" * 16) == 64
    assert distance("8000000000000001", "0000000000000001") == 1


def test_what_is_no_picture_is_not_described() -> None:
    with pytest.raises(Refused, match="UNSUPPORTED"):
        described(b"nonsense")
