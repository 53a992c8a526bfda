"""However long an import is, reading it takes the same memory."""

import subprocess
import sys
from pathlib import Path

MOST = 256 * 2**20

# The work is done in a fork: the figure that a process has of itself begins with its starter's.
SCRIPT = """
import os, resource, sys
from media.imports.reading import batches

def open_at(offset):
    with open(sys.argv[1], "rb") as file:
        file.seek(offset)
        while chunk := file.read(1 << 16):
            yield chunk

if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
rows = bad = 0
for batch in batches(open_at):
    rows += len(batch.rows)
    bad += len(batch.bad)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(rows, bad, peak * (1 if sys.platform == "darwin" else 1024), flush=True)
"""


def peak(file: Path, rows: int) -> int:
    """Return the most bytes that were resident while so many rows were read."""
    with file.open("w", encoding="utf-8") as out:
        out.write("sku,name,price,currency,stock\n")
        for number in range(rows):
            stock = -1 if number % 10 == 0 else number
            out.write(f'sku-{number},"Thing, of ""{number}""",{number},EUR,{stock}\n')
    command = [sys.executable, "-c", SCRIPT, str(file)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    good, bad, most = map(int, answer.stdout.split())
    assert (good, bad) == (rows - rows // 10, rows // 10)
    return most


def test_100_000_rows_take_little_memory_and_hardly_more_than_10_000(tmp_path: Path) -> None:
    few, many = (peak(tmp_path / "import.csv", rows) for rows in (10_000, 100_000))
    assert many < MOST
    assert many - few < 8 * 2**20
