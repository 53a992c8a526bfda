"""The report of an import: what was accepted, and each bad row with its line and reason.

It is written in parts, one for each batch that has bad rows, before the batch is committed: a part
that is written again has the same bytes. At the end they are put together.
"""

import json
from collections.abc import Iterable, Iterator

from media.imports.faults import BadFile
from media.imports.rows import BadRow

CONTENT_TYPE = "application/json"
"""Of a report."""


def part(bad: Iterable[BadRow]) -> bytes:
    """Return a batch's part: a line of JSON for each bad row."""
    return b"".join(_json({"line": row.line, "reason": row.reason}) + b"\n" for row in bad)


def report(
    *, accepted: int, refused: int, parts: Iterable[bytes] = (), problem: BadFile | None = None
) -> Iterator[bytes]:
    """Yield the report as JSON, in pieces no larger than a part.

    Parameters
    ----------
    accepted, refused
        How many rows were good, and how many not.
    parts
        The parts, in the order of the batches; one at a time is in memory.
    problem
        Why the file was refused as a whole, if it was.
    """
    yield b'{"accepted":%d,"refused":%d,"rows":[' % (accepted, refused)
    between = b""
    for content in parts:
        if content:
            yield between + content.rstrip(b"\n").replace(b"\n", b",")
            between = b","
    told = problem and {"reason": problem.reason, "detail": problem.detail}
    yield b'],"problem":%b}' % _json(told)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
