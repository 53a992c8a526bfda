"""What a picture says of itself, without what it says of people."""

import math
import statistics
from collections import Counter
from functools import cache
from typing import BinaryIO, NamedTuple

from PIL import Image

from media.images import colors
from media.images.opening import source

MAX_COLORS = 5

_ENOUGH = (256, 256)  # pixels; a JPEG is decoded to no less
_SAMPLE = (96, 96)
_CLUSTERS = 16
_ALIKE = 48.0  # distance of two colours, of 441 between black and white, that are taken for one
_LEAST_SHARE = 0.02
_OPAQUE = 128
_HASH_SIDE, _FREQUENCIES = 32, 8
_FLAT = 1e-6
_WHITE = "white"

_Color = tuple[int, int, int]


class Description(NamedTuple):
    """What was found.

    Attributes
    ----------
    format
        ``JPEG``, ``PNG``, ``WEBP`` or ``GIF``.
    width, height
        In pixels, as it is looked at.
    colors
        The dominant ones as ``#rrggbb`` in sRGB, at most `MAX_COLORS`, the strongest first.
    perceptual_hash
        64 bits as 16 hexadecimal digits; see `distance`.
    camera
        Maker and model, or None.
    """

    format: str
    width: int
    height: int
    colors: tuple[str, ...]
    perceptual_hash: str
    camera: str | None


def describe(file: BinaryIO) -> Description:
    """Return what a picture is like.

    Parameters
    ----------
    file
        The picture; it has to be seekable.

    Raises
    ------
    media.images.refusals.Refused
        It is no picture that `media.images.sniffing.look` would take.
    """
    picture = source(file)
    width, height = picture.size
    decoded = colors.resizable(picture.decode(_ENOUGH))
    decoded.thumbnail(_ENOUGH)
    small, profile = colors.shown(picture.upright(decoded), picture.layout.profile)
    if profile:
        small = colors.srgb(small, profile)
    return Description(
        format=picture.layout.format,
        width=width,
        height=height,
        colors=tuple(_dominant(small)),
        perceptual_hash=_hash(small),
        camera=picture.tags.camera,
    )


def distance(one: str, other: str) -> int:
    """Return in how many of 64 bits two perceptual hashes differ.

    Copies of a picture in another size or quality differ in a few; unlike ones in about 32.
    """
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _dominant(image: Image.Image) -> list[str]:
    """Return the colours of which there is most, like ones taken together."""
    sample = image.resize(_SAMPLE, Image.Resampling.BOX).convert("RGBA")
    raw = sample.tobytes()
    pixels = b"".join(raw[at : at + 3] for at in range(0, len(raw), 4) if raw[at + 3] >= _OPAQUE)
    if not pixels:
        return []
    count = len(pixels) // 3
    opaque = Image.frombytes("RGB", (count, 1), pixels)
    clustered = opaque.quantize(_CLUSTERS, Image.Quantize.MEDIANCUT, kmeans=1).convert("RGB")
    found: Counter[_Color] = Counter()
    clusters = Counter(_triples(clustered.tobytes()))
    for color, weight in sorted(clusters.items(), key=lambda item: (-item[1], item[0])):
        like = next((known for known in found if math.dist(known, color) < _ALIKE), color)
        found[like] += weight
    strongest = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MAX_COLORS]
    return [
        f"#{bytes(color).hex()}" for color, weight in strongest if weight >= _LEAST_SHARE * count
    ]


def _triples(raw: bytes) -> list[_Color]:
    return list(zip(raw[::3], raw[1::3], raw[2::3], strict=True))


def _hash(image: Image.Image) -> str:
    """Return which of a picture's lowest frequencies are above their median.

    The first 8 x 8 coefficients of a cosine transform of 32 x 32 grey values (Zauner,
    "Implementation and benchmarking of perceptual image hash functions", 2010, section 3.2.1).
    """
    flat = Image.new("RGBA", image.size, _WHITE)
    flat.alpha_composite(image.convert("RGBA"))
    side = _HASH_SIDE
    grey = flat.convert("L").resize((side, side), Image.Resampling.LANCZOS).tobytes()
    rows = [_low(grey[at : at + side]) for at in range(0, side * side, side)]
    columns = [_low([row[number] for row in rows]) for number in range(_FREQUENCIES)]
    # As a matrix, rows of it by vertical frequency.
    low = [columns[across][down] for down in range(_FREQUENCIES) for across in range(_FREQUENCIES)]
    median = statistics.median(low[1:])
    bits = "".join("1" if value > median + _FLAT else "0" for value in low)
    return f"{int(bits, 2):016x}"


def _low(values: bytes | list[float]) -> list[float]:
    """Return the lowest coefficients of a cosine transform (DCT-II) of 32 values."""
    return [
        sum(value * wave for value, wave in zip(values, waves, strict=True)) for waves in _waves()
    ]


@cache
def _waves() -> list[list[float]]:
    side = _HASH_SIDE
    return [
        [math.cos(math.pi * (2 * at + 1) * frequency / (2 * side)) for at in range(side)]
        for frequency in range(_FREQUENCIES)
    ]
