"""Reading pictures with the real model: every kind of picture that people upload."""

import io
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.session import get_session
from PIL import Image, ImageDraw, ImageFont

from infra import tools
from infra.local import engines
from infra.local.daemon import Daemon

ORIENTATION = 0x0112  # the EXIF tag
LINES = ["STARLING Desk Lamp", "Energy class A"]
Read = Callable[[bytes], list[str]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A vision server of the tests' own, which has no storage."""
    tools.ensure("vision")
    folder = tmp_path_factory.mktemp("vision")
    (folder / "logs").mkdir()
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    daemon = engines.start_vision(folder, port, emulator_port=1)
    try:
        engines.wait_until_ready(daemon, engines.VISION_READY)
        yield daemon
    finally:
        daemon.stop()


@pytest.fixture(scope="module")
def answer(server: Daemon) -> Callable[[bytes], Any]:
    """Ask the server as a function does."""
    client = get_session().create_client(
        "rekognition", region_name="eu-west-1", endpoint_url=f"http://127.0.0.1:{server.port}",
        aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(proxies={}, retries={"total_max_attempts": 1}),
    )  # fmt: skip
    return lambda content: client.detect_text(Image={"Bytes": content})["TextDetections"]


@pytest.fixture
def read(answer: Callable[[bytes], Any]) -> Read:
    """Return the lines of a picture."""
    return lambda content: [one["DetectedText"] for one in answer(content) if one["Type"] == "LINE"]


def drawn(mode: str = "RGB", ground: Any = "#f4efe2", ink: Any = "#203040") -> Image.Image:
    picture = Image.new(mode, (640, 400), ground)
    draw = ImageDraw.Draw(picture)
    draw.text((40, 80), LINES[0], font=ImageFont.load_default(56), fill=ink)
    draw.text((40, 220), LINES[1], font=ImageFont.load_default(40), fill=ink)
    return picture


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photograph_is_read_as_its_camera_says(read: Read, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    picture = drawn()
    if orientation in undo:
        picture = picture.transpose(undo[orientation])
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    assert read(saved(picture, "JPEG", exif=exif)) == LINES


@pytest.mark.parametrize(
    ("picture", "form"),
    [
        (drawn(), "PNG"),
        (drawn("L", 230, 20), "JPEG"),
        (drawn("L", 230, 20), "PNG"),
        (drawn("1", 1, 0), "PNG"),
        (drawn("I;16", 60_000, 9_000), "PNG"),
        (drawn().quantize(16), "PNG"),
        (drawn().convert("CMYK"), "JPEG"),
        (drawn("RGBA", (0, 0, 0, 0), (250, 250, 250, 255)), "PNG"),
        (drawn("RGBA", (0, 0, 0, 0), (20, 20, 20, 255)), "PNG"),
        (drawn("LA", (0, 0), (20, 255)), "PNG"),
    ],
    ids=[
        "RGB", "grey JPEG", "grey PNG", "one bit", "16 bits", "palette", "CMYK",
        "light on nothing", "dark on nothing", "grey on nothing",
    ],
)  # fmt: skip
def test_every_kind_of_pixels_is_read(read: Read, picture: Image.Image, form: str) -> None:
    assert read(saved(picture, form)) == LINES


def test_an_animated_picture_is_read_as_its_first_frame(read: Read) -> None:
    blank = Image.new("RGB", (640, 400), "white")
    animated = saved(drawn(), "PNG", save_all=True, append_images=[blank])
    assert read(animated) == LINES


@pytest.mark.parametrize("degrees", [90, 270, 8])
def test_words_are_read_on_their_side_and_aslant(read: Read, degrees: int) -> None:
    turned = drawn().rotate(degrees, expand=True, fillcolor="#f4efe2")
    assert sorted(" ".join(read(saved(turned, "PNG"))).split()) == sorted(" ".join(LINES).split())


def test_a_photograph_of_twelve_megapixels_is_read(read: Read) -> None:
    picture = drawn().resize((4000, 3000), Image.Resampling.LANCZOS)
    assert read(saved(picture, "JPEG")) == LINES


@pytest.mark.parametrize("mode", ["L", "RGBA"])
def test_a_picture_of_the_largest_size_is_read_in_bounded_memory(
    read: Read, server: Daemon, mode: str
) -> None:
    picture = drawn().convert(mode).resize((10_000, 10_000), Image.Resampling.NEAREST)
    assert read(saved(picture, "PNG")) == LINES
    status = Path(f"/proc/{server.pid}/status")
    if status.exists():  # on Linux
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        assert int(peak.split()[1]) < 1_500_000  # KiB


@pytest.mark.parametrize("size", [(10_000, 80), (80, 10_000), (80, 80)])
def test_extreme_shapes_are_answered_in_bounded_time(read: Read, size: tuple[int, int]) -> None:
    started = time.monotonic()
    read(saved(Image.effect_noise(size, 90), "PNG"))
    assert time.monotonic() - started < 120  # seconds; a strip that is not widened takes longer


def test_places_in_a_strip_are_ratios_of_the_strip(answer: Callable[[bytes], Any]) -> None:
    strip = Image.new("RGB", (1200, 120), "white")
    ImageDraw.Draw(strip).text((900, 20), "SALE", font=ImageFont.load_default(40), fill="black")
    line = answer(saved(strip, "PNG"))[0]
    box = line["Geometry"]["BoundingBox"]
    assert line["DetectedText"] == "SALE"
    assert box["Left"] == pytest.approx(0.75, abs=0.02)
    assert box["Top"] + box["Height"] == pytest.approx(60 / 120, abs=0.15)


def test_a_page_of_words_is_told_up_to_a_hundred(answer: Callable[[bytes], Any]) -> None:
    picture = Image.new("RGB", (1200, 1400), "white")
    draw = ImageDraw.Draw(picture)
    for row in range(20):
        words = " ".join(f"word{row}x{column}" for column in range(8))
        draw.text((30, 30 + row * 65), words, font=ImageFont.load_default(28), fill="black")
    found = answer(saved(picture, "PNG"))
    words = [one["DetectedText"] for one in found if one["Type"] == "WORD"]
    assert len(words) == 100
    assert words[:2] == ["word0x0", "word0x1"]


def test_the_runtime_of_the_model_has_no_part_that_reports_its_use() -> None:
    """Newer releases upload events; it is held back for that."""
    tools.ensure("vision")
    (package,) = (tools.TOOLS / "vision").glob("lib/python*/site-packages/onnxruntime/capi")
    libraries = [*package.glob("*.so*"), *package.glob("*.dylib")]
    assert libraries
    for library in libraries:
        assert b"telemetry_1ds" not in library.read_bytes(), library.name


def test_nothing_of_a_screen_s_libraries_is_installed() -> None:
    tools.ensure("vision")
    (packages,) = (tools.TOOLS / "vision").glob("lib/python*/site-packages")
    assert [*packages.glob("opencv_python_headless-*")]
    assert not [*packages.glob("opencv_python-*")]
