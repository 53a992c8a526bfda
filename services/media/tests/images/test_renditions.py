"""The copies look like the picture, and say nothing of who made it."""

import io
import struct
from collections.abc import Sequence
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageDraw, ImageOps

from bench.similarity import ssim
from media.images.refusals import Refused
from media.images.renditions import METHOD, QUALITY, renditions

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,  # what undoes it
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def copies(data: bytes, *widths: int) -> list[Image.Image]:
    made = renditions(io.BytesIO(data), widths) if widths else renditions(io.BytesIO(data))
    return [Image.open(io.BytesIO(one.data)) for one in made]


def pixel(image: Image.Image, at: tuple[int, int]) -> Any:
    return image.getpixel(at)


def near(color: Any, other: Sequence[int], most: int = 12) -> bool:
    return all(abs(a - b) <= most for a, b in zip(color, other, strict=True))


def plain(data: bytes, width: int) -> Image.Image:
    """Return a copy made the plain way."""
    with Image.open(io.BytesIO(data)) as opened:
        full = ImageOps.exif_transpose(opened)
    if full.mode not in ("RGB", "RGBA"):
        full = full.convert("RGBA" if full.has_transparency_data else "RGB")
    size = (width, round(full.height * width / full.width))
    file = io.BytesIO()
    copy = full.resize(size, Image.Resampling.LANCZOS)
    copy.save(file, "WEBP", quality=QUALITY, method=METHOD)
    return Image.open(file)


def profile(space: bytes, **tags: bytes) -> bytes:
    """Return an ICC profile of a device with these tags."""
    bodies, entries, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        padded = body + b"\0" * (-len(body) % 4)
        entries += name.encode() + struct.pack(">II", at, len(body))
        bodies, at = bodies + padded, at + len(padded)
    connection = b"Lab " if "A2B0" in tags else b"XYZ "
    head = struct.pack(">I4sI4s4s4s", at, b"none", 0x02400000, b"prtr", space, connection)
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">III", 0xF6D6, 0x10000, 0xD32D)
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + entries + bodies


def xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65_536) for value in values))


WHITE = xyz(0.9642, 1, 0.8249)
LINEAR = b"curv" + bytes(8)
RED, GREEN, BLUE = (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)


def inks() -> bytes:
    """Return a profile of a press whose cyan ink is red, and whose yellow and magenta are none."""
    paper, red, black = bytes((255, 128, 128)), bytes((136, 208, 195)), bytes((0, 128, 128))
    # Cyan changes slowest, black fastest.
    grid = b"".join(
        black if corner % 2 else (red if corner >= 8 else paper) for corner in range(16)
    )
    straight = bytes(range(256))
    matrix = struct.pack(">9i", 65_536, 0, 0, 0, 65_536, 0, 0, 0, 65_536)
    table = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + matrix + straight * 4 + grid + straight * 3
    return profile(b"CMYK", wtpt=WHITE, A2B0=table)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_there_is_a_copy_of_each_width_the_narrowest_first(
    photo: Any, saved: Any, form: str
) -> None:
    data = saved(photo((1300, 975)), form)
    made = list(renditions(io.BytesIO(data)))
    assert [(one.width, one.height) for one in made] == [(160, 120), (480, 360), (1200, 900)]
    for one in made:
        with Image.open(io.BytesIO(one.data)) as opened:
            assert (opened.format, opened.size) == ("WEBP", (one.width, one.height))
        assert one.content_type == "image/webp"


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        ((480, 200), [(160, 67), (480, 200)]),
        ((300, 200), [(160, 107), (300, 200)]),
        ((160, 10), [(160, 10)]),
        ((1, 1), [(1, 1)]),
        ((3, 900), [(3, 900)]),
        ((4000, 2), [(160, 1), (480, 1), (1200, 1)]),
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_nothing_is_made_larger_and_nothing_vanishes(
    photo: Any, saved: Any, form: str, size: tuple[int, int], sizes: list[tuple[int, int]]
) -> None:
    data = saved(Image.linear_gradient("L").resize(size), form)
    assert [one.size for one in copies(data)] == sizes


def test_widths_are_taken_in_any_order_and_once(photo: Any, saved: Any) -> None:
    data = saved(photo((100, 50)), "PNG")
    assert [one.width for one in copies(data, 80, 20, 80, 500, 700)] == [20, 80, 100]


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {"quality": 90}),
        ("JPEG", {"quality": 90, "progressive": True, "subsampling": 0}),
        ("JPEG", {"quality": 90, "orientation": 6}),
        ("PNG", {"orientation": 8}),
        ("WEBP", {"quality": 95, "orientation": 3}),
        ("GIF", {}),
    ],
)
def test_they_look_like_those_made_the_plain_way(
    photo: Any, saved: Any, exif: Any, form: str, options: dict[str, Any]
) -> None:
    more = dict(options)
    if orientation := more.pop("orientation", None):
        more["exif"] = exif(orientation)
    data = saved(photo((3200, 2400)), form, **more)
    for copy in copies(data):
        assert ssim(copy, plain(data, copy.width)) >= 0.97


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_whatever_way_the_camera_was_held_the_copy_is_upright(
    saved: Any, exif: Any, form: str, orientation: int
) -> None:
    scene = Image.new("RGB", (640, 400), "white")
    draw = ImageDraw.Draw(scene)
    corners = {"red": (0, 0), "lime": (440, 0), "blue": (0, 200), "black": (440, 200)}
    for color, (x, y) in corners.items():
        draw.rectangle([x, y, x + 199, y + 199], fill=color)
    taken = scene if orientation == 1 else scene.transpose(TURNED[orientation])
    data = saved(taken, form, exif=exif(orientation))
    for copy in copies(data, 64, 320):
        assert copy.width / copy.height == 1.6
        scale = copy.width / 640
        found = [pixel(copy, (int((x + 100) * scale), int((y + 100) * scale))) for x, y in
                 corners.values()]  # fmt: skip
        expected = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)]
        assert all(near(a, b, 25) for a, b in zip(found, expected, strict=True)), found


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_of_place_time_and_people_is_left(
    photo: Any, saved: Any, exif: Any, form: str
) -> None:
    xmp = b"<x:xmpmeta><creator>Ada Lovelace</creator></x:xmpmeta>"
    more = {} if form == "PNG" else {"xmp": xmp}
    data = saved(photo(), form, exif=exif(), **more)
    assert b"Ada Lovelace" in data
    for one in renditions(io.BytesIO(data)):
        assert not any(word in one.data for word in (b"EXIF", b"XMP ", b"Ada", b"2026:", b"SN-00"))
        with Image.open(io.BytesIO(one.data)) as opened:
            assert not {"exif", "xmp", "comment"} & opened.info.keys()
            assert not dict(opened.getexif())


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_colour_profile_is_kept(photo: Any, saved: Any, form: str) -> None:
    data = saved(photo(), form, icc_profile=SRGB)
    assert [copy.info["icc_profile"] for copy in copies(data)] == [SRGB, SRGB]


@pytest.mark.parametrize(
    "broken",
    [b"x", b"\0" * 200, SRGB[:-1], SRGB[:16] + b"GRAY" + SRGB[20:], inks()],
    ids=["a letter", "zeros", "cut off", "of another space", "of inks"],
)
def test_what_is_no_profile_of_these_pixels_is_left_out(saved: Any, broken: bytes) -> None:
    data = saved(Image.new("RGB", (20, 20), "red"), "PNG", icc_profile=broken)
    (copy,) = copies(data)
    assert "icc_profile" not in copy.info
    assert near(pixel(copy, (9, 9)), (255, 0, 0))


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_by_a_profile_too_large_to_keep_colours_are_converted(saved: Any, mode: str) -> None:
    # A device whose red is blue, and with much to say about it.
    other = profile(
        b"RGB ",
        wtpt=WHITE,
        rXYZ=xyz(*BLUE),
        gXYZ=xyz(*GREEN),
        bXYZ=xyz(*RED),
        rTRC=LINEAR,
        gTRC=LINEAR,
        bTRC=LINEAR,
        targ=b"text" + bytes(70_000),
    )
    image = Image.new("RGB", (20, 20), (255, 0, 0)).convert(mode)
    if mode == "RGBA":
        image.putalpha(100)
    (copy,) = copies(saved(image, "PNG", icc_profile=other))
    assert "icc_profile" not in copy.info
    assert copy.mode == mode
    assert near(pixel(copy, (9, 9)), (0, 0, 255, 100)[: len(mode)])


def test_inks_become_the_colours_that_their_profile_says(saved: Any) -> None:
    cyan = Image.new("CMYK", (40, 40), (255, 0, 0, 0))
    (by_profile,) = copies(saved(cyan, "JPEG", quality=95, icc_profile=inks()))
    red, green, blue = pixel(by_profile, (20, 20))
    assert red > 200
    assert max(green, blue) < 60
    assert "icc_profile" not in by_profile.info
    (without,) = copies(saved(cyan, "JPEG", quality=95))
    assert near(pixel(without, (20, 20)), (0, 255, 255))
    broken = inks()[:200]
    (with_broken,) = copies(saved(cyan, "JPEG", quality=95, icc_profile=broken))
    assert near(pixel(with_broken, (20, 20)), (0, 255, 255))


def test_a_profile_that_cannot_be_used_after_all_is_left_out(saved: Any) -> None:
    empty = profile(b"CMYK", wtpt=WHITE)
    (copy,) = copies(saved(Image.new("CMYK", (40, 40)), "JPEG", icc_profile=empty))
    assert near(pixel(copy, (20, 20)), (255, 255, 255))


def test_grey_becomes_the_grey_that_its_profile_says(saved: Any) -> None:
    grey = Image.new("L", (40, 40), 128)
    linear = profile(b"GRAY", wtpt=WHITE, kTRC=LINEAR)
    (copy,) = copies(saved(grey, "PNG", icc_profile=linear))
    assert near(pixel(copy, (20, 20)), (188, 188, 188), 3)  # sRGB of half the light
    (without,) = copies(saved(grey, "PNG"))
    assert near(pixel(without, (20, 20)), (128, 128, 128), 3)


@pytest.mark.parametrize(("form", "mode"), [("PNG", "RGBA"), ("PNG", "LA"), ("WEBP", "RGBA")])
def test_transparency_is_kept_without_a_fringe(saved: Any, form: str, mode: str) -> None:
    # White on the left; black, but wholly transparent, on the right.
    image = Image.new("RGBA", (400, 200), (0, 0, 0, 0))
    image.paste((255, 255, 255, 255), (0, 0, 201, 200))
    data = saved(image.convert(mode), form, **({"lossless": True} if form == "WEBP" else {}))
    (copy,) = copies(data, 100)
    alphas = [pixel(copy, (x, 25))[3] for x in range(100)]
    assert alphas[0] == 255
    assert alphas[-1] == 0
    for x in (at for at, alpha in enumerate(alphas) if alpha > 40):
        assert near(pixel(copy, (x, 25))[:3], (255, 255, 255), 20), x


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_a_transparent_colour_of_a_palette_stays_transparent(saved: Any, form: str) -> None:
    image = Image.new("P", (200, 100), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (100, 0, 200, 100))
    (copy,) = copies(saved(image, form, transparency=1), 50)
    assert near(pixel(copy, (5, 12)), (255, 0, 0, 255))
    assert pixel(copy, (45, 12))[3] == 0


def test_one_transparent_colour_without_a_palette_stays_transparent(saved: Any) -> None:
    image = Image.new("RGB", (200, 100), (10, 20, 30))
    image.paste((200, 100, 0), (0, 0, 100, 100))
    (copy,) = copies(saved(image, "PNG", transparency=(10, 20, 30)), 50)
    assert near(pixel(copy, (5, 12)), (200, 100, 0, 255))
    assert pixel(copy, (45, 12))[3] == 0


def test_sixteen_bits_of_grey_are_neither_cut_off_nor_black(saved: Any) -> None:
    row = b"".join(struct.pack("<H", value) * 10 for value in (0, 0x8000, 0xFFFF))
    image = Image.frombytes("I;16", (30, 10), row * 10)
    (copy,) = copies(saved(image, "PNG"))
    found = [pixel(copy, (x, 5)) for x in (3, 15, 27)]
    assert all(near(a, (b, b, b), 6) for a, b in zip(found, (0, 128, 255), strict=True)), found


def test_black_and_white_gets_its_greys(saved: Any) -> None:
    image = Image.linear_gradient("L").convert("1")
    (copy,) = copies(saved(image, "PNG"), 32)
    assert near(pixel(copy, (16, 16)), (128, 128, 128), 25)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "EMPTY"), (b"nonsense", "UNSUPPORTED"), (b"\xff\xd8\xff\xe0", "TRUNCATED")],
)
def test_of_what_is_no_picture_there_are_no_copies(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        list(renditions(io.BytesIO(data)))


def test_the_same_picture_has_the_same_copies(photo: Any, saved: Any) -> None:
    data = saved(photo(), "JPEG")
    assert list(renditions(io.BytesIO(data))) == list(renditions(io.BytesIO(data)))
