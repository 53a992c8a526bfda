"""What a picture's copies cost, beside the plain way to make them.

Both sides are fresh processes of the shipped bundle on a bare interpreter: they read the same file,
make the same sizes, and write WebP in the same way. What is measured is all of the process, the
start of the interpreter and of Pillow too, as Lambda counts it: its CPU time, and the most memory
that was resident at a time (``ru_maxrss``), which is what a function's memory setting bounds. So a
ratio is nearer to 1 than that of the pictures' part alone.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from bench.installations import FOLDER, bare, shipped
from bench.similarity import ssim
from bench.timing import Command, CommandFailed
from infra.discovery import Service
from media.images.renditions import METHOD, QUALITY, WIDTHS

SIZE = (4000, 3000)
"""Pixels: 12 megapixels, as most telephones take pictures."""

MEMORY_ROUNDS = 5  # what a process takes at most differs by some pages

# Each gets the picture, a folder for the copies or nothing, and how they are made.
_PLAIN = """
import io, os, sys
from pathlib import Path
from PIL import Image, ImageOps
picture, folder, quality, method, *widths = sys.argv[1:]
with Image.open(io.BytesIO(Path(picture).read_bytes())) as full:
    ImageOps.exif_transpose(full, in_place=True)
    for width in map(int, widths):
        size = (width, round(full.height * width / full.width))
        made = io.BytesIO()
        copy = full.resize(size, Image.Resampling.LANCZOS)
        copy.save(made, "WEBP", quality=int(quality), method=int(method))
        if folder:
            Path(folder, f"{width}.webp").write_bytes(made.getvalue())
os._exit(0)
"""
_OURS = """
import io, os, sys
from pathlib import Path
from media.images.renditions import METHOD, QUALITY, renditions
picture, folder, quality, method, *widths = sys.argv[1:]
assert (QUALITY, METHOD) == (int(quality), int(method))
for one in renditions(io.BytesIO(Path(picture).read_bytes()), list(map(int, widths))):
    if folder:
        Path(folder, f"{one.width}.webp").write_bytes(one.data)
os._exit(0)
"""
# A process begins with the peak of the one that started it: so it is started by a small one.
_STARTER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
unit = 1 if sys.platform == "darwin" else 1024
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit)
"""


def plain(service: Service, folder: Path | None = None) -> Command:
    """Return the plain way: all pixels decoded, each copy made from all of them."""
    return _command(_PLAIN, service, folder)


def ours(service: Service, folder: Path | None = None) -> Command:
    """Return the way of the media service."""
    return _command(_OURS, service, folder)


def peak_ratio(service: Service, rounds: int, tick: Callable[[], None]) -> float:
    """Return the peak of resident memory, ours over the plain way's: the median of pairs."""
    ratios = []
    for _ in range(rounds):
        ratios.append(peak_bytes(ours(service)) / peak_bytes(plain(service)))
        tick()
    return statistics.median(ratios)


def peak_bytes(command: Command) -> int:
    """Run a command and return the most bytes that it had resident at a time.

    Raises
    ------
    CommandFailed
        It did not end with status 0.
    """
    starter = [sys.executable, "-I", "-S", "-c", _STARTER, *map(str, command.arguments)]
    done = subprocess.run(  # noqa: S603 - our own commands
        starter, env=dict(command.environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CommandFailed(f"a measured process failed: {done.stderr[-2000:].strip()}")
    return int(done.stdout)


def unlikeness(service: Service) -> float:
    """Return 1 - SSIM of the copy that looks least like the plain way's."""
    with tempfile.TemporaryDirectory() as temporary:
        folders = [Path(temporary, name) for name in ("plain", "ours")]
        for folder, way in zip(folders, (plain, ours), strict=True):
            folder.mkdir()
            way(service, folder).cpu_seconds()
        names = [sorted(file.name for file in folder.iterdir()) for folder in folders]
        if names[0] != names[1] or not names[0]:
            raise RuntimeError(f"not the same copies: {names}")
        return 1 - min(ssim(*(_opened(folder / name) for folder in folders)) for name in names[0])


def photograph(size: tuple[int, int] = SIZE) -> Image.Image:
    """Return something like a photograph, the same each time.

    Texture in all octaves, each as strong, as in nature (a power spectrum of 1/f², Field 1987), but
    for the finest, which a lens blurs; with edges, lines and a camera's noise.
    """
    chance = random.Random(12)  # noqa: S311 - the same each time
    image = Image.new("RGB", size, "gray")
    for scale, share in ((800, 0.5), (200, 0.3), (60, 0.2), (20, 0.12), (8, 0.08), (4, 0.05)):
        image = Image.blend(image, _texture(size, scale, chance), share)
    draw = ImageDraw.Draw(image)
    width, height = size
    for _ in range(150):
        x, y = chance.randrange(width), chance.randrange(height)
        across, down = chance.randrange(20, width // 8), chance.randrange(20, width // 10)
        draw.ellipse([x, y, x + across, y + down], fill=_color(chance))
    for _ in range(80):
        ends = [chance.randrange(width), chance.randrange(height)] * 2
        ends[2:] = [chance.randrange(width), chance.randrange(height)]
        draw.line(ends, fill=_color(chance), width=chance.randrange(1, 12))
    blurred = image.filter(ImageFilter.GaussianBlur(1))
    return Image.blend(blurred, _texture(size, 1, chance), 0.01)


def _texture(size: tuple[int, int], scale: int, chance: random.Random) -> Image.Image:
    few = [max(2, side // scale) for side in size]
    bands = [
        Image.frombytes("L", (few[0], few[1]), chance.randbytes(few[0] * few[1])) for _ in "RGB"
    ]
    return Image.merge("RGB", bands).resize(size, Image.Resampling.BICUBIC)


def _color(chance: random.Random) -> tuple[int, int, int]:
    red, green, blue = chance.randbytes(3)
    return red, green, blue


def _picture() -> Path:
    """Return the file that all are measured on; made once."""
    path = FOLDER / "photograph-1.jpg"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
            made = Path(temporary, path.name)
            photograph().save(made, quality=90)
            made.rename(path)
    return path


def _command(program: str, service: Service, folder: Path | None) -> Command:
    made = [str(number) for number in (QUALITY, METHOD, *WIDTHS)]
    environment = {
        "PYTHONPATH": os.pathsep.join(map(str, shipped(service))),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return Command([bare(), "-c", program, str(_picture()), str(folder or ""), *made], environment)


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
    return image
