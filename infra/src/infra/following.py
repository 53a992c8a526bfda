"""Following an order: each moment of its timeline once, until nothing more can come."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Moment = dict[str, Any]
"""One thing that happened, as `GET /orders/{id}/timeline` tells it."""

_POLL_SECONDS = 0.5


def follow(
    look: Callable[[], Sequence[Moment]], *, costs: bool = True, pause: float = _POLL_SECONDS
) -> Iterator[Moment]:
    """Yield what happened and what happens, until nothing more can.

    Parameters
    ----------
    look
        Returns all that happened so far.
    costs
        Whether there is money in it: what is free is confirmed, but never refunded.
    pause
        Seconds between two looks.
    """
    seen: set[str] = set()
    while True:
        for moment in look():
            # By what it is: two that came at about the same time may change places.
            if moment["what"] not in seen:
                seen.add(moment["what"])
                yield moment
        if _is_over(seen, costs=costs):
            return
        time.sleep(pause)


def _is_over(happened: set[str], *, costs: bool) -> bool:
    """Return whether nothing more comes; what was not paid is never refunded."""
    if costs and "confirmed" in happened and not happened.isdisjoint({"cancelled", "rejected"}):
        return "refunded" in happened
    return not happened.isdisjoint({"fulfilled", "rejected", "cancelled"})
