"""The words in a picture, read by Amazon Rekognition, or by what stands for it on a laptop."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from media.images.flattening import flat
from media.objects import Library, Opened
from runtime.clients import client

if TYPE_CHECKING:
    from types_boto3_rekognition.client import RekognitionClient

CONFIDENCE = 80.0
"""Per cent: what the model is less sure of is left out."""

_MOST = 100
_LONGEST = 200
# What the model cannot read has no words; anything else is a failure that may pass.
_NO_WORDS = {
    "ImageTooLargeException",
    "InvalidImageFormatException",
    "InvalidParameterException",  # a side below what it reads
}
_TAKEN = (b"\xff\xd8\xff", b"\x89PNG")  # JPEG and PNG (DetectText, API reference)


class Vision:
    """Reads words in pictures.

    Parameters
    ----------
    rekognition
        A Rekognition client.
    """

    def __init__(self, rekognition: "RekognitionClient") -> None:
        self._rekognition: Any = rekognition

    @classmethod
    def connect(cls) -> "Vision":
        """Return the model that the function's credentials reach."""
        return cls(client("rekognition"))

    def words(self, library: Library, key: str, opened: Opened) -> list[str]:
        """Return the lines of words in a picture, from top to bottom, each once.

        Parameters
        ----------
        library, key
            Where the picture is: the model fetches it itself, if it knows its format.
        opened
            Its bytes.
        """
        if opened.file.getbuffer()[:4].tobytes().startswith(_TAKEN):
            image: dict[str, Any] = {"S3Object": {"Bucket": library.bucket, "Name": key}}
        else:
            image = {"Bytes": flat(opened.file)}
        try:
            answer = self._rekognition.detect_text(Image=image)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NO_WORDS:
                return []
            raise
        lines = [
            " ".join(found["DetectedText"].split())[:_LONGEST]
            for found in answer["TextDetections"]
            if found["Type"] == "LINE" and found["Confidence"] >= CONFIDENCE
        ]
        return list(dict.fromkeys(line for line in lines if line))[:_MOST]
