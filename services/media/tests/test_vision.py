"""What is asked of the model, and what of its answer is kept."""

import io
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from media.objects import Library, Opened
from media.vision import CONFIDENCE, Vision

KEY = "originals/acme/med_1"


class Model:
    """Answers what it is told to, in Rekognition's form, and keeps what it was asked."""

    def __init__(self, *found: tuple[str, str, float], fails: str = "") -> None:
        self.found, self.fails = found, fails
        self.asked: dict[str, Any] = {}

    def detect_text(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked["Image"]
        if self.fails:
            raise ClientError({"Error": {"Code": self.fails, "Message": ""}}, "DetectText")
        names = ("Type", "DetectedText", "Confidence")
        return {"TextDetections": [dict(zip(names, one, strict=True)) for one in self.found]}


def read(model: Model, library: Library, data: bytes) -> list[str]:
    return Vision(cast("Any", model)).words(library, KEY, Opened(io.BytesIO(data), "tag"))


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_what_the_model_knows_it_fetches_itself(
    library: Library, make_picture: Any, form: str
) -> None:
    model = Model()
    read(model, library, make_picture(form=form))
    assert model.asked == {"S3Object": {"Bucket": library.bucket, "Name": KEY}}


@pytest.mark.parametrize("form", ["WEBP", "GIF"])
def test_what_it_does_not_know_it_is_sent_as_a_jpeg(
    library: Library, make_picture: Any, form: str
) -> None:
    model = Model()
    read(model, library, make_picture((320, 240), form=form))
    with Image.open(io.BytesIO(model.asked["Bytes"])) as sent:
        assert (sent.format, sent.size) == ("JPEG", (320, 240))


def test_lines_that_it_is_sure_of_are_kept_once_each(library: Library, make_picture: Any) -> None:
    model = Model(
        ("LINE", "  Trail   runner ", CONFIDENCE),
        ("WORD", "Trail", 99.0),
        ("LINE", "Trail runner", 99.0),
        ("LINE", "smudge", CONFIDENCE - 0.1),
        ("LINE", " ", 99.0),
        ("LINE", "x" * 300, 99.0),
    )
    assert read(model, library, make_picture()) == ["Trail runner", "x" * 200]


def test_no_more_lines_are_kept_than_an_event_takes(library: Library, make_picture: Any) -> None:
    model = Model(*(("LINE", f"line {number}", 99.0) for number in range(150)))
    assert len(read(model, library, make_picture())) == 100


@pytest.mark.parametrize(
    "error",
    ["ImageTooLargeException", "InvalidImageFormatException", "InvalidParameterException"],
)
def test_what_it_cannot_read_has_no_words(library: Library, make_picture: Any, error: str) -> None:
    assert read(Model(fails=error), library, make_picture()) == []


def test_a_failure_that_may_pass_is_one(library: Library, make_picture: Any) -> None:
    with pytest.raises(ClientError):
        read(Model(fails="ThrottlingException"), library, make_picture())
