"""Bounds on what crosses the bus. No pydantic here: the publisher starts without it."""

import re
from typing import TypedDict

MAX_ENTRY_BYTES = 256 * 1024
"""The largest entry that the bus takes, by `entry_size`."""

MAX_BODY_BYTES = 1024 * 1024
"""The largest message that a queue delivers (SQS): bounds text that is parsed."""

MAX_DEPTH = 16
"""The deepest nesting of objects and arrays that a consumer parses."""

# A string (which may hold brackets), or a bracket.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_TIME_BYTES = 14  # what EventBridge counts for an entry's time

Entry = TypedDict("Entry", {"source": str, "detail-type": str, "detail": str})
"""An event as an item's outbox carries it: what PutEvents needs beside the bus."""


def entry_size(entry: Entry) -> int:
    """Return the size of `entry` in bytes, by EventBridge's own formula."""
    texts = (entry["source"], entry["detail-type"], entry["detail"])
    return _TIME_BYTES + sum(len(t) if t.isascii() else len(t.encode()) for t in texts)


class TooDeep(ValueError):
    """JSON text that nests deeper than anything that is parsed here."""


def require_shallow(text: str, most: int = MAX_DEPTH) -> None:
    """Look at JSON text before it is parsed: the parser recurses, and may take the process down.

    Parameters
    ----------
    text
        The text.
    most
        How deep objects and arrays may nest.

    Raises
    ------
    TooDeep
        They nest deeper.
    """
    if text.count("[") + text.count("{") <= most:
        return
    level = 0
    for token in _TOKEN.finditer(text):
        level += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if level > most:
            raise TooDeep(f"nested deeper than {most} levels")


def depth(value: object) -> int:
    """Return how deep objects and arrays nest in `value`: a scalar is 0, ``[]`` and ``{}`` are 1.

    Does not recurse, so that no document is too deep to be measured.
    """
    deepest, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        deepest += 1
        level = [
            child for item in level for child in (item.values() if isinstance(item, dict) else item)
        ]
    return deepest
