"""Many patterns, each with an event, judged in one go."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from contracts.patterns.documents import BadDocument, parse
from contracts.patterns.ruler import InvalidEvent, InvalidPattern, Ruler

Verdict = Literal["match", "no_match", "invalid"]


class Case(NamedTuple):
    """A pattern and an event: JSON values, or the JSON texts of them."""

    pattern: Any
    event: Any


def cases(document: Any) -> Iterator[Case]:
    """Yield the cases of a parsed file, in order.

    A file is a list of ``{"pattern", "event"}``, whatever else each of them has; or an object whose
    values are such cases; or an object with such a list alone.

    Raises
    ------
    BadDocument
        The document is none of these; the message says where.
    """
    listed = list(document.values()) if isinstance(document, dict) else document
    if isinstance(document, dict) and len(listed) == 1 and isinstance(listed[0], list):
        (listed,) = listed
    if not isinstance(listed, list):
        raise BadDocument("$: is not a list of cases")
    for number, case in enumerate(listed):
        if not (isinstance(case, Mapping) and {"pattern", "event"} <= case.keys()):
            raise BadDocument(f"$[{number}]: is not an object with a pattern and an event")
        yield Case(case["pattern"], case["event"])


def judge(case: Case, ruler: Ruler) -> Verdict:
    """Return what becomes of the event; ``invalid`` when either is none that the service takes."""
    try:
        pattern, event = _object(case.pattern), _object(case.event)
        return "match" if ruler.matches(pattern, event) else "no_match"
    except (BadDocument, InvalidPattern, InvalidEvent):
        return "invalid"


def _object(value: Any) -> dict[str, Any]:
    document = parse(value, "$") if isinstance(value, str) else value
    if not isinstance(document, dict):
        raise BadDocument("$: is not a JSON object")
    return document
