"""JSON from a file, bounded in size and depth, with errors that name the file."""

import json
from pathlib import Path
from typing import Any

from contracts.limits import TooDeep, require_shallow

MAX_BYTES = 64 * 1024 * 1024
"""The largest file that is read: a list of cases holds many events of at most 1 MiB."""

MAX_LEVELS = 200
"""The deepest nesting of a pattern or an event."""


class BadDocument(ValueError):
    """A file that cannot be used; the message says which, and why."""


def read(file: Path) -> Any:
    """Return the JSON document in a file.

    Raises
    ------
    BadDocument
        It cannot be read, is too large or too deep, or is not JSON.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise BadDocument(f"{file}: is larger than {MAX_BYTES} bytes")
        return parse(file.read_text(encoding="utf-8-sig"), str(file))
    except OSError as error:
        raise BadDocument(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadDocument(f"{file}: is not UTF-8") from None


def read_object(file: Path) -> dict[str, Any]:
    """Return the JSON object in a file; raise BadDocument as `read`, or when it is no object."""
    document = read(file)
    if not isinstance(document, dict):
        raise BadDocument(f"{file}: is not a JSON object")
    return document


def parse(text: str, where: str) -> Any:
    """Return the JSON document that `text` is; raise BadDocument, which begins with `where`."""
    try:
        require_shallow(text, MAX_LEVELS)
        return json.loads(text, parse_constant=_refuse)
    except TooDeep as error:
        raise BadDocument(f"{where}: is {error}") from None
    except ValueError as error:
        raise BadDocument(f"{where}: is not JSON: {error}") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")
