"""Faults that can be switched on: what a provider does at its worst."""

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .refusals import invalid, missing

MODES = {
    "decline": 0,
    "insufficient_funds": 0,
    "latency": 1_000,
    "error_429": 0,
    "error_500": 0,
    "error_500_after_charge": 0,
    "reset_before_charge": 0,
    "reset_after_charge": 0,
    "webhook_lost": 0,
    "webhook_doubled": 0,
    "webhook_late": 2_000,
    "webhook_out_of_order": 1_000,
}
"""Each mode, with its milliseconds if none are said; how each acts is told in CONTRIBUTING.md."""
MAX_MILLISECONDS = 600_000
_MEMBERS = {"mode", "rate", "seed", "milliseconds", "times"}


@dataclass
class Fault:
    """One fault that is switched on.

    Attributes
    ----------
    rate
        How often it strikes, from 0 to 1; which of the requests follows from `seed` alone.
    milliseconds
        How late or how long, for the modes that take time.
    times
        How often it strikes at most; None for ever.
    hits
        How often it has struck.
    """

    mode: str
    rate: float
    seed: int
    milliseconds: int
    times: int | None
    hits: int = 0
    dice: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(f"{self.mode} {self.seed}")  # noqa: S311 - no secret hangs on it

    def strikes(self) -> bool:
        """Whether it strikes this time."""
        hit = self.dice.random() < self.rate and self.hits != self.times
        self.hits += hit
        return hit

    @property
    def told(self) -> dict[str, Any]:
        """What `GET /_faults` shows of it."""
        return {
            "mode": self.mode,
            "rate": self.rate,
            "seed": self.seed,
            "milliseconds": self.milliseconds,
            "times": self.times,
            "hits": self.hits,
        }


class Faults:
    """The faults that are switched on, one of each mode at most."""

    def __init__(self) -> None:
        self._active: dict[str, Fault] = {}
        self._lock = threading.Lock()

    def add(self, wanted: Mapping[str, Any]) -> None:
        """Switch a fault on, or anew.

        Parameters
        ----------
        wanted
            `mode`, and as one likes `rate` (1 if not said), `seed`, `milliseconds` and `times`.

        Raises
        ------
        Refused
            If a member is unknown or has no fit value.
        """
        for name in wanted.keys() - _MEMBERS:
            raise invalid(name, f"Received unknown parameter: {name}", "parameter_unknown")
        mode = wanted.get("mode")
        if mode is None:
            raise missing("mode")
        if not isinstance(mode, str) or mode not in MODES:
            raise invalid("mode", f"Invalid mode: must be one of {', '.join(MODES)}")
        rate = wanted.get("rate", 1)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
            raise invalid("rate", "Invalid rate: must be a number from 0 to 1")
        fault = Fault(
            mode,
            float(rate),
            _whole(wanted, "seed", 2**63) or 0,
            _whole(wanted, "milliseconds", MAX_MILLISECONDS, MODES[mode]) or 0,
            _whole(wanted, "times", 2**31),
        )
        with self._lock:
            self._active[mode] = fault

    def clear(self) -> None:
        """Switch every fault off."""
        with self._lock:
            self._active.clear()

    def told(self) -> list[dict[str, Any]]:
        """Return what is switched on."""
        with self._lock:
            return [fault.told for fault in self._active.values()]

    def strikes(self, mode: str) -> Fault | None:
        """Return the fault of a mode if it strikes this time."""
        with self._lock:
            fault = self._active.get(mode)
            return fault if fault and fault.strikes() else None


def _whole(
    wanted: Mapping[str, Any], name: str, most: int, default: int | None = None
) -> int | None:
    value = wanted.get(name, default)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise invalid(name, f"Invalid {name}: must be a whole number from 0 to {most}")
    return value
