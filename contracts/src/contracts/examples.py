"""One example of every version of every event, as the bus delivers it: what checks are fed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
"""Examples lie in the repository beside the golden schemas, in the same folders."""


@dataclass(frozen=True, slots=True)
class Example:
    """One example event.

    Attributes
    ----------
    path
        ``<service>/<Event>/<major>.<minor>.json``, below the examples' folder.
    event
        The event as EventBridge delivers it.
    """

    path: PurePosixPath
    event: dict[str, Any]

    @property
    def detail_type(self) -> str:
        """The event's name and major version."""
        return str(self.event["detail-type"])


def examples(detail_type: str | None = None, folder: Path = EXAMPLES) -> Iterator[Example]:
    """Yield the example of each version, of all events or of one, in alphabetical order."""
    for file in sorted(folder.glob("*/*/*.json")):
        path = PurePosixPath(file.relative_to(folder).as_posix())
        example = Example(path, json.loads(file.read_text(encoding="utf-8")))
        if detail_type in (None, example.detail_type):
            yield example
