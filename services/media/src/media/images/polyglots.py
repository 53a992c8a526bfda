"""Files that are a picture and something else, too: archives, documents, scripts.

A picture's own second picture, a film behind it or a maker's notes are none: cameras write them.
"""

import re
from collections.abc import Iterable, Iterator

from media.images.layouts import Layout
from media.images.layouts.layout import Part

_PDF, _PDF_WITHIN = b"%PDF-", 1024  # readers look so far (PDF Reference 1.7, appendix H, note 13)
# An archive's end with its first disk's number: the comment behind it has at most 65,535 bytes.
_ZIP_END, _ZIP_TAIL = b"PK\x05\x06\0\0\0\0", 22 + 65_535
_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", _ZIP_END)
# A file in an archive: the version that it needs, flags, a method that exists (APPNOTE, 4.3.7).
_ZIP_ENTRY = re.compile(rb"PK\x03\x04[\n-?]\0..[\0-\x14_]\0", re.DOTALL)
_MARKUP = (
    *(b"<script", b"<html", b"<!doctype html", b"<iframe", b"<body ", b"<body>", b"<?php"),
    *(b"<svg ", b"<svg>", b"<svg\n", b"javascript:", b"__halt_compiler"),
)
_BLOCK, _OVERLAP = 2**20, 64


def also(data: bytes, layout: Layout) -> str | None:
    """Return what else a picture is; None if it is a picture alone."""
    if _PDF in data[:_PDF_WITHIN]:
        return "a PDF"
    if _ZIP_END in data[-_ZIP_TAIL:]:
        return "a ZIP archive"
    if data[4:8].find(b"/*") in (0, 2) and any(b"*/" in bytes(part) for part in layout.said):
        return "a script within comments"
    for block in _blocks(layout.said):
        if any(mark in block for mark in _ARCHIVES) or _ZIP_ENTRY.search(block):
            return "an archive"
        if is_markup(block):
            return "markup or a script"
    return None


def is_markup(text: bytes) -> bool:
    """Whether there is HTML or a script in it, be it in UTF-16."""
    plain = text.translate(None, b"\0").lower()
    return any(mark in plain for mark in _MARKUP)


def _blocks(parts: Iterable[Part]) -> Iterator[bytes]:
    """Yield the parts in blocks that overlap, so that no mark is cut in two."""
    for part in parts:
        for start in range(0, len(part), _BLOCK):
            yield bytes(part[start : start + _BLOCK + _OVERLAP])
