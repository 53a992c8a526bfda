"""The media service on an empty table and empty buckets."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageDraw

from media.api import create_media, delete_media, get_media, list_media
from media.domain.uploads import Upload
from media.objects import Library, Uploads
from media.store import Media
from media.workers import ingest
from runtime.clients import client
from runtime.commits import Commits
from runtime.conformance import Response, ask, declared
from runtime.reaction import Reaction
from runtime.table import Table
from runtime.testing import REGION, Context, Queues, bus_event, queue_event

REACTIONS: list[Reaction] = declared("media.reactions")


class Api:
    """The service's endpoints, asked as an admin of acme unless said otherwise."""

    def create(self, body: dict[str, Any] | None = None, **request: Any) -> Response:
        asked = {
            "filename": "lamp.jpg",
            "content_type": "image/jpeg",
            "size": 100,
            "purpose": "product",
        }
        return ask(create_media.handler, body=asked | (body or {}), **request)

    def get(self, media_id: str, **request: Any) -> Response:
        return ask(get_media.handler, path={"id": media_id}, **request)

    def list(self, **request: Any) -> Response:
        return ask(list_media.handler, **request)

    def delete(self, media_id: str, **request: Any) -> Response:
        return ask(delete_media.handler, path={"id": media_id}, **request)


class Buckets:
    """What lies in the two buckets."""

    UPLOADS, LIBRARY = "unit-uploads", "unit-library"

    def __init__(self) -> None:
        self.s3: Any = client("s3")
        for name in (self.UPLOADS, self.LIBRARY):
            self.s3.create_bucket(
                Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
            )

    def keys(self, bucket: str) -> list[str]:
        """Return what is in a bucket."""
        listed = self.s3.list_objects_v2(Bucket=bucket)
        return [one["Key"] for one in listed.get("Contents", [])]

    @property
    def kept(self) -> list[str]:
        """What is in the library."""
        return self.keys(self.LIBRARY)

    def send(self, key: str, data: bytes) -> dict[str, Any]:
        """Send bytes, and return what S3 tells the queue."""
        self.s3.put_object(Bucket=self.UPLOADS, Key=key, Body=data)
        return notification(self.UPLOADS, key)


def notification(bucket: str, key: str) -> dict[str, Any]:
    """Return what S3 tells a queue of a new object."""
    place = {"bucket": {"name": bucket}, "object": {"key": key.replace(" ", "+")}}
    return {"Records": [{"eventName": "ObjectCreated:Post", "s3": place}]}


class Service:
    """The service as its queues run it: what arrives, and its own events on the bus."""

    def __init__(self, api: Api, buckets: Buckets, commits: Commits, queues: Queues) -> None:
        self.api, self.buckets, self.commits, self.queues = api, buckets, commits, queues
        self._delivered = 0

    def ask(self, data: bytes = b"x", **body: Any) -> str:
        """Ask for an upload; return its id."""
        answer = self.api.create({"size": max(len(data), 1)} | body)
        assert answer.status == 201, answer.body
        return str(answer.body["id"])

    def arrive(self, media_id: str, data: bytes, tenant: str = "acme") -> list[Any]:
        """Let a picture's bytes arrive; return the failures."""
        return self.take(self.buckets.send(f"incoming/{tenant}/{media_id}", data))

    def take(self, message: object) -> list[Any]:
        """Hand the ingesting function a message; return the failures."""
        failures: list[Any] = ingest.handler(queue_event(message), Context())["batchItemFailures"]
        return failures

    def upload(self, data: bytes, **body: Any) -> str:
        """Ask for an upload, and let its bytes arrive."""
        media_id = self.ask(data, **body)
        assert self.arrive(media_id, data) == []
        return media_id

    def news(self) -> list[dict[str, Any]]:
        """Return the events since the last time, as the bus delivers them."""
        fresh = self.commits.told[self._delivered :]
        self._delivered += len(fresh)
        return [bus_event(entry) for entry in fresh]

    def deliver(self, *events: dict[str, Any], but: str = "") -> None:
        """Hand events to all reactions to them, but one by its name."""
        for event in events:
            for reaction in REACTIONS:
                if reaction.detail_type == event["detail-type"] and reaction.name != but:
                    answer = reaction(queue_event(event), Context())
                    assert answer["batchItemFailures"] == [], reaction.name

    def settle(self) -> list[dict[str, Any]]:
        """Deliver the service's own events until there are none; return all that were told."""
        told: list[dict[str, Any]] = []
        while news := self.news():
            told += news
            self.deliver(*news)
        return told

    def find(self, media_id: str, tenant: str = "acme") -> Upload:
        """Return the upload."""
        upload = Media.connect().find(tenant, media_id)
        assert upload
        return upload


@pytest.fixture
def buckets(aws: None, monkeypatch: pytest.MonkeyPatch) -> Buckets:
    """Return the buckets, empty; the functions' settings name them."""
    monkeypatch.setenv("UPLOADS_BUCKET", Buckets.UPLOADS)
    monkeypatch.setenv("LIBRARY_BUCKET", Buckets.LIBRARY)
    monkeypatch.setenv("PROCESSING_SECONDS", "300")
    return Buckets()


@pytest.fixture
def api(service_table: Table, cursor_secret: None, buckets: Buckets) -> Api:
    return Api()


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the lines that the model reads in every picture, to be changed.

    The model itself is not here: that it reads what is written is a test of the local stage.
    """
    lines = ["TRAIL RUNNER"]
    monkeypatch.setattr("media.vision.Vision.words", lambda *_: list(lines))
    return lines


@pytest.fixture
def service(
    api: Api, buckets: Buckets, commits: Commits, queues: Queues, words: list[str]
) -> Service:
    return Service(api, buckets, commits, queues)


@pytest.fixture
def library(buckets: Buckets) -> Library:
    return Library.connect()


@pytest.fixture
def uploads(buckets: Buckets) -> Uploads:
    return Uploads.connect()


def picture(
    size: tuple[int, int] = (320, 240), form: str = "JPEG", text: str = "", **options: Any
) -> bytes:
    """Return a picture: two colours, and perhaps words."""
    made = Image.new("RGB", size, "#2f4f2f")
    draw = ImageDraw.Draw(made)
    draw.ellipse([size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2], fill="#d8c8a0")
    draw.text((10, 10), text, fill="white")
    file = io.BytesIO()
    made.save(file, form, **options)
    return file.getvalue()


Picture = Callable[..., bytes]


@pytest.fixture
def make_picture() -> Picture:
    return picture


def texts(document: object) -> str:
    """Return a document as it would stand in a log."""
    return json.dumps(document)
