"""`UserDeactivated`: version 2 has a code and a note where version 1 has a sentence."""

from collections.abc import Mapping
from typing import Any

_DELETED = "user deleted"  # the only sentence that was ever written by the service itself


def to_v2(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return version 1's data as version 2 says it; nothing is lost.

    A sentence that is not the service's own is kept as the note of ``OTHER``.
    """
    if data["reason"] == _DELETED:
        return {**data, "reason": "DELETED"}
    return {**data, "reason": "OTHER", "note": data["reason"]}


def to_v1(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return version 2's data as version 1 says it, which has room for one text.

    Lost are the note of ``DELETED``, and every other code than these two, of which the note is
    kept, or, where there is none, the code itself. (A note of ``OTHER`` that reads as version 1's
    sentence for ``DELETED`` becomes just that.)
    """
    code, note = data["reason"], data.get("note")
    rest = {name: value for name, value in data.items() if name != "note"}
    return {**rest, "reason": _DELETED if code == "DELETED" else note or code}
