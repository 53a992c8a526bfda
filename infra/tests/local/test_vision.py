"""The vision server: the real one, asked as a function asks Rekognition, on a real S3."""

import base64
import io
import json
import os
import socket
import struct
import time
import urllib.error
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session
from PIL import Image, ImageDraw, ImageFont

from infra.local import engines
from infra.local.daemon import Daemon
from infra.local.vision.loopback import stay_here

pytestmark = pytest.mark.xdist_group("vision")  # one server is enough: it takes 600 MB

WORDS = ["STARLING", "Desk", "Lamp", "Energy", "class", "A"]
FUNCTION = """
import json, os, urllib.request
def handler(event, context):
    request = urllib.request.Request(
        os.environ["AWS_ENDPOINT_URL_REKOGNITION"],
        json.dumps({"Image": {"S3Object": event}}).encode(),
        {"X-Amz-Target": "RekognitionService.DetectText"},
    )
    with urllib.request.urlopen(request) as answer:
        found = json.load(answer)["TextDetections"]
    return [one["DetectedText"] for one in found if one["Type"] == "LINE"]
"""


def drawn(form: str = "JPEG", size: tuple[int, int] = (640, 400)) -> bytes:
    """Return a product's picture with two lines on it."""
    picture = Image.new("RGB", size, "#f4efe2")
    draw = ImageDraw.Draw(picture)
    draw.text((40, 80), "STARLING Desk Lamp", font=ImageFont.load_default(56), fill="#203040")
    draw.text((40, 220), "Energy class A", font=ImageFont.load_default(40), fill="#802010")
    buffer = io.BytesIO()
    picture.save(buffer, form)
    return buffer.getvalue()


def claiming(width: int, height: int) -> bytes:
    """Return a PNG that says its size and holds nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def rekognition(vision: Daemon) -> Any:
    return get_session().create_client(
        "rekognition", region_name="eu-west-1", endpoint_url=f"http://127.0.0.1:{vision.port}",
        aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
    )  # fmt: skip


@pytest.fixture(scope="module")
def bucket(emulator: Any) -> Any:
    """A bucket of the emulator; call it to put an object in."""
    s3 = emulator.client("s3")
    place = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="pictures", CreateBucketConfiguration=place)
    s3.put_bucket_versioning(Bucket="pictures", VersioningConfiguration={"Status": "Enabled"})

    def put(key: str, content: bytes) -> dict[str, str]:
        answer = s3.put_object(Bucket="pictures", Key=key, Body=content)
        return {"Bucket": "pictures", "Name": key, "Version": answer["VersionId"]}

    return put


def words(answer: dict[str, Any]) -> list[str]:
    return [one["DetectedText"] for one in answer["TextDetections"] if one["Type"] == "WORD"]


def refusal(rekognition: Any, **image: Any) -> str:
    with pytest.raises(ClientError) as caught:
        rekognition.detect_text(Image=image)
    assert caught.value.response["Error"]["Message"]
    return str(caught.value.response["Error"]["Code"])


# ---- what is found


def test_a_picture_s_lines_come_first_and_each_word_names_its_line(rekognition):
    answer = rekognition.detect_text(Image={"Bytes": drawn()})
    found = answer["TextDetections"]
    assert [one["Id"] for one in found] == list(range(8))
    lines, said = found[:2], found[2:]
    assert [one["DetectedText"] for one in lines] == ["STARLING Desk Lamp", "Energy class A"]
    assert all(one["Type"] == "LINE" and "ParentId" not in one for one in lines)
    assert [one["DetectedText"] for one in said] == WORDS
    assert [one["ParentId"] for one in said] == [0, 0, 0, 1, 1, 1]
    assert answer["TextModelVersion"]


def test_places_are_ratios_of_the_picture_and_words_lie_in_their_lines(rekognition):
    found = rekognition.detect_text(Image={"Bytes": drawn()})["TextDetections"]
    boxes = {one["Id"]: one["Geometry"]["BoundingBox"] for one in found}
    assert boxes[0]["Left"] == pytest.approx(40 / 640, abs=0.03)
    assert boxes[0]["Top"] == pytest.approx(90 / 400, abs=0.05)
    for one in found:
        assert 80 <= one["Confidence"] <= 100
        assert len(one["Geometry"]["Polygon"]) == 4
        if one["Type"] == "WORD":
            box, line = boxes[one["Id"]], boxes[one["ParentId"]]
            assert line["Left"] - 0.01 <= box["Left"]
            assert box["Left"] + box["Width"] <= line["Left"] + line["Width"] + 0.01
    starts = [one["Geometry"]["BoundingBox"]["Left"] for one in found if one.get("ParentId") == 0]
    assert starts == sorted(starts)


def test_a_picture_without_words_has_none(rekognition):
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), "white").save(buffer, "PNG")
    assert rekognition.detect_text(Image={"Bytes": buffer.getvalue()})["TextDetections"] == []


@pytest.mark.parametrize("key", ["originals/acme/med_1", "a b+c/ü & ?#%2F.png"])
def test_an_object_is_fetched_from_the_stage_s_own_storage(rekognition, bucket, key):
    stored = bucket(key, drawn("PNG"))
    image = {"S3Object": {"Bucket": "pictures", "Name": stored["Name"]}}
    assert words(rekognition.detect_text(Image=image)) == WORDS


def test_a_version_that_was_overwritten_is_still_read(rekognition, bucket):
    first = bucket("versioned", drawn())
    bucket("versioned", b"no picture any more")
    assert words(rekognition.detect_text(Image={"S3Object": first})) == WORDS


def test_a_function_finds_the_server_where_sdks_look_for_rekognition(
    emulator, vision, bucket, function_of
):
    functions = emulator.client("lambda")
    emulator.deploy(
        "looking", {"Resources": {"F": function_of(FUNCTION, FunctionName="looking", Timeout=60)}}
    )
    stored = bucket("of-a-function", drawn())
    answer = functions.invoke(FunctionName="looking", Payload=json.dumps(stored))
    assert json.load(answer["Payload"]) == ["STARLING Desk Lamp", "Energy class A"]


# ---- what is refused


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "InvalidImageFormatException"),
        (b"sku,name\n1,lamp\n", "InvalidImageFormatException"),
        (drawn("WEBP"), "InvalidImageFormatException"),
        (drawn("GIF"), "InvalidImageFormatException"),
        (drawn()[:4000], "InvalidImageFormatException"),
        (drawn("PNG")[:900], "InvalidImageFormatException"),
        (claiming(200, 200), "InvalidImageFormatException"),
        (claiming(10_001, 200), "ImageTooLargeException"),
        (claiming(60_000, 60_000), "ImageTooLargeException"),
        (drawn() + bytes(15 * 1024 * 1024), "ImageTooLargeException"),
        (drawn("PNG", (79, 400)), "InvalidParameterException"),
    ],
    ids=[
        "empty", "csv", "webp", "gif", "half a jpeg", "half a png", "no pixels", "wide", "a bomb",
        "over 15 MB", "tiny",
    ],
)  # fmt: skip
def test_an_object_that_cannot_be_read_is_refused_as_rekognition_does(
    rekognition, bucket, content, code
):
    bucket("refused", content)
    assert refusal(rekognition, S3Object={"Bucket": "pictures", "Name": "refused"}) == code


@pytest.mark.parametrize("bucket_name", ["pictures", "no-such-bucket"])
def test_an_object_that_is_not_there_is_refused(rekognition, bucket, bucket_name):
    missing = {"Bucket": bucket_name, "Name": "missing"}
    assert refusal(rekognition, S3Object=missing) == "InvalidS3ObjectException"


@pytest.mark.parametrize("size", [5 * 1024 * 1024 + 1, 30 * 1024 * 1024])
def test_more_than_5_mb_within_the_request_are_refused(rekognition, size):
    assert refusal(rekognition, Bytes=drawn() + bytes(size)) == "ValidationException"


def post(port: int, body: bytes, target: str = "RekognitionService.DetectText") -> tuple[int, str]:
    """Send what no SDK would; return the status and the error's type."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", body, {"X-Amz-Target": target})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)  # noqa: S310 - the same
    with caught.value as error:
        return error.code, json.load(error)["__type"]


PICTURE = base64.b64encode(drawn()).decode()
OBJECT = {"Bucket": "pictures", "Name": "x"}


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({}, "ValidationException"),
        ({"Image": {}}, "InvalidParameterException"),
        ({"Image": {"Bytes": PICTURE, "S3Object": OBJECT}}, "InvalidParameterException"),
        ({"Image": {"Bytes": PICTURE}, "Filters": {"WordFilter": {}}}, "InvalidParameterException"),
        ({"Image": {"Bytes": "***"}}, "SerializationException"),
        ({"Image": {"Bytes": "ü"}}, "SerializationException"),
        ({"Image": {"Bytes": 1}}, "SerializationException"),
        ({"Image": {"Bytes": ""}}, "ValidationException"),
        ({"Image": []}, "SerializationException"),
        ({"Image": {"S3Object": {"Bucket": "pictures"}}}, "ValidationException"),
        ({"Image": {"S3Object": {"Bucket": "../x", "Name": "x"}}}, "ValidationException"),
        ({"Image": {"S3Object": {**OBJECT, "Name": "x" * 1025}}}, "ValidationException"),
        ({"Image": {"S3Object": {**OBJECT, "Version": 1}}}, "SerializationException"),
        ([], "SerializationException"),
    ],
    ids=str,
)
def test_a_request_that_is_none_is_refused(vision, request_, code):
    assert post(vision.port, json.dumps(request_).encode()) == (400, code)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, os.urandom(5000)],
    ids=["nothing", "cut off", "no text", "deep", "noise"],
)
def test_garbage_is_refused(vision, body):
    assert post(vision.port, body) == (400, "SerializationException")


@pytest.mark.parametrize(
    "target", ["", "RekognitionService.DetectFaces", "DynamoDB_20120810.Query"]
)
def test_another_operation_is_refused(vision, target):
    assert post(vision.port, b"{}", target) == (400, "UnknownOperationException")


# ---- how it serves


def test_requests_at_once_are_answered_one_after_the_other(rekognition):
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: rekognition.detect_text(Image={"Bytes": drawn()}), range(8))
        assert [words(answer) for answer in answers] == [WORDS] * 8


def test_a_caller_that_did_not_wait_costs_no_reading(rekognition, vision):
    body = json.dumps({"Image": {"Bytes": PICTURE}}).encode()
    head = (
        "POST / HTTP/1.1\r\nX-Amz-Target: RekognitionService.DetectText\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    before = Path(vision.log).read_text().count("the caller has gone")
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(rekognition.detect_text, Image={"Bytes": drawn()}) for _ in range(2)]
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", vision.port)) as impatient:
                impatient.sendall(head + body)
        assert [words(one.result()) for one in waiting] == [WORDS] * 2
    assert words(rekognition.detect_text(Image={"Bytes": drawn()})) == WORDS
    assert Path(vision.log).read_text().count("the caller has gone") > before


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nhalf",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"",
    ],
    ids=["half a body", "a negative length", "no length", "an endless length", "TLS", "nothing"],
)
def test_a_broken_request_ends_only_itself(rekognition, vision, sent):
    with socket.create_connection(("127.0.0.1", vision.port)) as broken:
        broken.sendall(sent)
    assert words(rekognition.detect_text(Image={"Bytes": drawn()})) == WORDS
    assert vision.is_alive


def test_storage_that_does_not_answer_is_the_server_s_failure(vision, free_ports, tmp_path):
    """One that an SDK tries again, and that the log explains."""
    (tmp_path / "logs").mkdir()
    port = free_ports[2]
    lonely = engines.start_vision(tmp_path, port, "lonely", emulator_port=1)
    try:
        engines.wait_until_ready(lonely, engines.VISION_READY)
        body = json.dumps({"Image": {"S3Object": OBJECT}}).encode()
        assert post(port, body) == (500, "InternalServerError")
        assert "refused" in lonely.tail()
    finally:
        lonely.stop()


def test_it_stops_at_once_while_it_reads(tmp_path, free_ports, vision):
    (tmp_path / "logs").mkdir()
    port = free_ports[2]
    busy = engines.start_vision(tmp_path, port, "busy", emulator_port=1)
    engines.wait_until_ready(busy, engines.VISION_READY)
    body = json.dumps({"Image": {"Bytes": PICTURE}}).encode()
    with ExitStack() as stack:
        for _ in range(8):  # pictures wait for the one before
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(
                b"POST / HTTP/1.1\r\nX-Amz-Target: RekognitionService.DetectText\r\n"
                + f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
        time.sleep(0.3)
        busy.stop(grace_seconds=120)  # it ends by itself: nobody kills it before
        assert client.recv(1) == b""  # and before it answers the last
    assert not busy.is_alive


def test_its_log_tells_no_words_of_pictures(rekognition, vision):
    rekognition.detect_text(Image={"Bytes": drawn()})
    text = Path(vision.log).read_text()
    assert "detections in" in text
    assert not any(word in text for word in ("STARLING", "Lamp", "originals/"))


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.connect", (None, ("192.0.2.1", 443))),
        ("socket.connect", (None, "/run/socket")),
        ("socket.getaddrinfo", ("example.com", 443, 0, 1, 0)),
    ],
)
def test_it_reaches_no_other_machine(event, arguments):
    with pytest.raises(PermissionError):
        stay_here(event, arguments)


def test_it_reaches_this_machine():
    stay_here("socket.getaddrinfo", ("127.0.0.1", 4566, 0, 1, 0))
    stay_here("socket.connect", (None, ("127.0.0.1", 4566)))
    stay_here("open", ("/etc/hosts", "r", 0))
