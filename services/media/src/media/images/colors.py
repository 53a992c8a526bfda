"""Pixels in the modes that can be resized and shown, and in the colours that they are meant in."""

import io
from typing import cast

from PIL import Image

MAX_PROFILE = 64 * 1024
"""Bytes: a larger profile would weigh more than the pictures that it is put into."""

_SIGNATURE = slice(36, 40)  # ICC.1:2022, 7.2
_SPACE = slice(16, 20)
_SPACES = {"RGB": b"RGB ", "RGBA": b"RGB ", "L": b"GRAY", "CMYK": b"CMYK"}
_SIXTEEN_TO_EIGHT = 1 / 257


def resizable(image: Image.Image) -> Image.Image:
    """Return an image in RGB, RGBA, L or CMYK: what can be averaged, nothing lost but depth."""
    if image.mode in ("RGBA", "CMYK"):
        return image
    if image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode.startswith("I"):
        # Sixteen bits of grey: converting would cut off what is above 255.
        return image.point(lambda value: value * _SIXTEEN_TO_EIGHT).convert("L")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("RGB", "L") else image.convert("RGB")


def shown(image: Image.Image, profile: bytes) -> tuple[Image.Image, bytes]:
    """Return an image in RGB or RGBA, and the profile that says which; without one, it is sRGB.

    A profile of the image's own kind is kept if it is small; by any other the colours are
    converted to sRGB. What is no profile for these pixels is left out.

    Parameters
    ----------
    image
        As `resizable` returns it.
    profile
        What came with it, or nothing.
    """
    fits = (
        profile[_SIGNATURE] == b"acsp"
        and profile[_SPACE] == _SPACES[image.mode]
        and int.from_bytes(profile[:4], "big") == len(profile)
    )
    if fits and image.mode in ("RGB", "RGBA") and len(profile) <= MAX_PROFILE:
        return image, profile
    return (srgb(image, profile) if fits else _plain(image)), b""


def srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return an image in sRGB, as RGB or RGBA, by a profile; as if without it, if it is broken.

    Colours that both know stay what they are, and black becomes black: what Photoshop does unless
    it is told otherwise.
    """
    from PIL import ImageCms  # noqa: PLC0415 - few pictures need it, and it takes time to import

    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode=_plain_mode(image),
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return _plain(image)
    return cast("Image.Image", converted)  # None only if it is done in place


def _plain(image: Image.Image) -> Image.Image:
    mode = _plain_mode(image)
    return image if image.mode == mode else image.convert(mode)


def _plain_mode(image: Image.Image) -> str:
    return "RGBA" if image.mode == "RGBA" else "RGB"
