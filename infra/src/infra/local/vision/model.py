"""The OCR model: PP-OCR by RapidOCR, whose wheel carries it."""

from typing import TYPE_CHECKING, Any

from .answers import Line
from .images import padded

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MIN_CONFIDENCE = 0.8
"""Rekognition leaves out what it is less sure of, unless a filter says otherwise."""
THREADS = 1
"""The stage's functions need the other processors; a second thread gained nothing on two."""


class Model:
    """Reads pictures, one at a time. Loaded for the first one: 2 s and 300 MB."""

    def __init__(self) -> None:
        self._engine: Any = None

    def read(self, picture: "Picture") -> list[Line]:
        """Return the lines of text in a picture, in the order of reading."""
        self._engine = self._engine or _loaded()
        found = self._engine(padded(picture))
        if not getattr(found, "txts", None):
            return []
        size = picture.size
        words = found.word_results or ()
        characters = words if len(words) == len(found.txts) else [()] * len(found.txts)
        return [
            Line(
                text,
                score,
                _ratios(box, size),
                [_ratios(corners, size) for _, _, corners in own],
            )
            for text, score, box, own in zip(
                found.txts, found.scores, found.boxes, characters, strict=True
            )
        ]


def _loaded() -> Any:
    # Both live in the environment of the vision server.
    import cv2  # type: ignore[import-not-found]  # noqa: PLC0415 - loaded when needed
    from rapidocr import RapidOCR  # type: ignore[import-not-found]  # noqa: PLC0415 - the same

    cv2.setNumThreads(THREADS)
    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.text_score": MIN_CONFIDENCE,
            "Global.return_word_box": True,
            "Global.return_single_char_box": True,
            "EngineConfig.onnxruntime.intra_op_num_threads": THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": THREADS,
        }
    )


def _ratios(corners: Any, size: tuple[int, int]) -> list[tuple[float, float]]:
    return [(float(x) / size[0], float(y) / size[1]) for x, y in corners]
