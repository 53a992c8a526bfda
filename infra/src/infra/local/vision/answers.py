"""What is found in a picture, as Rekognition tells it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

MAX_WORDS = 100
"""Rekognition finds no more in one picture."""
MODEL_VERSION = "PP-OCRv6"

Point = tuple[float, float]
Polygon = Sequence[Point]


@dataclass(frozen=True)
class Line:
    """A line of text, in the order of reading.

    Attributes
    ----------
    text
        What it says; words are what white space parts.
    confidence
        0 to 1.
    polygon
        Its four corners as ratios of the picture's width and height.
    characters
        The corners of each character that is no white space; empty if not known.
    """

    text: str
    confidence: float
    polygon: Polygon
    characters: Sequence[Polygon] = ()

    def words(self) -> Iterator[tuple[str, Polygon]]:
        """Yield each word, with the rectangle around its characters, or the line's polygon."""
        words = self.text.split()
        known = len(self.characters) == sum(map(len, words))
        start = 0
        for word in words:
            corners = self.characters[start : start + len(word)] if known else [self.polygon]
            start += len(word)
            yield word, _rectangle(point for polygon in corners for point in polygon)


def detected(lines: Iterable[Line]) -> dict[str, Any]:
    """Return the answer to a `DetectText`: the lines first, then their words.

    A word has its line's confidence: the model tells none of single words.
    """
    told: list[Line] = []
    words: list[tuple[int, str, Polygon, float]] = []
    for line in lines:
        room = MAX_WORDS - len(words)
        if room <= 0:
            break
        own = list(line.words())[:room]
        words += [(len(told), word, polygon, line.confidence) for word, polygon in own]
        told.append(line)
    return {
        "TextDetections": [
            *(
                {**_detection(line.text, line.polygon, line.confidence), "Type": "LINE", "Id": id_}
                for id_, line in enumerate(told)
            ),
            *(
                {
                    **_detection(word, polygon, confidence),
                    "Type": "WORD",
                    "Id": id_,
                    "ParentId": parent,
                }
                for id_, (parent, word, polygon, confidence) in enumerate(words, start=len(told))
            ),
        ],
        "TextModelVersion": MODEL_VERSION,
    }


def _detection(text: str, polygon: Polygon, confidence: float) -> dict[str, Any]:
    inside = [(_ratio(x), _ratio(y)) for x, y in polygon]
    (left, top), _, (right, bottom), _ = _rectangle(inside)
    return {
        "DetectedText": text,
        "Confidence": 100 * _ratio(confidence),
        "Geometry": {
            "BoundingBox": {
                "Left": left,
                "Top": top,
                "Width": right - left,
                "Height": bottom - top,
            },
            "Polygon": [{"X": x, "Y": y} for x, y in inside],
        },
    }


def _rectangle(points: Iterable[Point]) -> list[Point]:
    across, down = zip(*points, strict=True)
    left, right, top, bottom = min(across), max(across), min(down), max(down)
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def _ratio(value: float) -> float:
    return min(max(float(value), 0.0), 1.0)
