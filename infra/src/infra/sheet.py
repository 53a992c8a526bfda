"""A contact sheet: the copies of one picture side by side, to look at."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from PIL import Image, ImageDraw, ImageFont

_MARGIN, _LINE = 24, 22  # pixels
_LARGEST = 900  # pixels of the longer side of a copy on the sheet
_PAPER, _INK, _FAINT = "#ffffff", "#20251f", "#6b726a"
_SWATCH = 28


class Copy(NamedTuple):
    """One copy of a picture: its bytes, and what the service says of it."""

    data: bytes
    width: int
    height: int


def contact_sheet(picture: Mapping[str, Any], copies: Sequence[Copy]) -> bytes:
    """Return a PNG of the copies in a row, with what is known of the picture below.

    Parameters
    ----------
    picture
        As `GET /media/{id}` answers it.
    copies
        In the order in which they are shown.
    """
    shown = []
    for copy in copies:
        with Image.open(io.BytesIO(copy.data)) as opened:
            image = opened.convert("RGBA")
            image.thumbnail((_LARGEST, _LARGEST))
            shown.append(image)
    colors = (picture["metadata"] or {}).get("colors", [])
    lines = _lines(picture)
    width = max(sum(one.width + _MARGIN for one in shown) + _MARGIN, 640)
    tallest = max((one.height for one in shown), default=0)
    height = tallest + _LINE * (len(lines) + 2) + _SWATCH + 4 * _MARGIN
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    left = _MARGIN
    for copy, image in zip(copies, shown, strict=True):
        top = _MARGIN + tallest - image.height
        sheet.paste(image, (left, top), mask=image.getchannel("A"))
        said = f"{copy.width} x {copy.height}, {len(copy.data):,} bytes"
        draw.text((left, _MARGIN + tallest + 6), said, fill=_FAINT, font=font)
        left += image.width + _MARGIN
    top = tallest + _LINE + 2 * _MARGIN
    for line in lines:
        draw.text((_MARGIN, top), line, fill=_INK, font=font)
        top += _LINE
    for number, color in enumerate(colors):
        x = _MARGIN + number * (_SWATCH + 8)
        draw.rectangle([x, top + 6, x + _SWATCH, top + 6 + _SWATCH], fill=color, outline=_FAINT)
    made = io.BytesIO()
    sheet.save(made, "PNG", optimize=True)
    return made.getvalue()


def _lines(picture: Mapping[str, Any]) -> list[str]:
    words = " / ".join(picture["texts"]) or "none"
    said = [
        f"{picture['id']}: {picture['filename']}, {picture['status']}",
        f"words: {words[:120]}",
    ]
    if metadata := picture["metadata"]:
        size = f"{metadata['width']} x {metadata['height']}"
        said.append(f"original: {metadata['format']}, {size}, hash {metadata['perceptual_hash']}")
    if picture["missing"]:
        said.append(f"missing: {', '.join(picture['missing'])}")
    return said
