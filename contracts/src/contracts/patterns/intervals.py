"""Which numbers a schema and an alternative of a pattern both take."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

_EXACT = 2**53  # beyond it the engine's numbers, which are doubles, have gaps


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers between two bounds; None is no bound."""

    low: Fraction | None = None
    high: Fraction | None = None
    open_low: bool = False
    open_high: bool = False
    whole: bool = False

    def within(self, other: "Interval") -> "Interval":
        """Return what two intervals have in common."""
        low, open_low = max(
            (self.low, self.open_low),
            (other.low, other.open_low),
            key=lambda end: (-math.inf if end[0] is None else end[0], end[1]),
        )
        high, open_high = min(
            (self.high, self.open_high),
            (other.high, other.open_high),
            key=lambda end: (math.inf if end[0] is None else end[0], not end[1]),
        )
        return Interval(low, high, open_low, open_high, self.whole or other.whole)

    @property
    def empty(self) -> bool:
        """Whether it surely has no number; where doubles have gaps, nothing is sure."""
        if any(bound is not None and abs(bound) > _EXACT for bound in (self.low, self.high)):
            return False
        if self.whole:
            low, high = self._first(), self._last()
            return low is not None and high is not None and low > high
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.open_low or self.open_high))

    def _first(self) -> int | None:
        if self.low is None:
            return None
        return math.floor(self.low) + 1 if self.open_low else math.ceil(self.low)

    def _last(self) -> int | None:
        if self.high is None:
            return None
        return math.ceil(self.high) - 1 if self.open_high else math.floor(self.high)

    def some(self, step: Fraction | None) -> Iterator[int | float]:
        """Yield a few of its numbers, the simplest first: proposals, which others verify."""
        low, high = self._first(), self._last()
        start = low if low is not None else high - 8 if high is not None else 0
        for offset in range(8):
            yield start + offset
        if high is not None:
            yield high
        if step:
            least = math.ceil((Fraction(start) if self.low is None else self.low) / step)
            for offset in range(3):
                yield _number((least + offset) * step)
        for bound in (self.low, self.high):
            if bound is not None:
                yield _number(bound)
        if self.low is not None and self.high is not None:
            yield _number((self.low + self.high) / 2)


def of_schema(part: dict[str, Any]) -> Interval:
    """Return the numbers between the bounds of a schema's own keywords."""
    made = Interval(whole=part.get("type") == "integer")
    for keyword, value in part.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            bound = Fraction(str(value))
            match keyword:
                case "minimum":
                    made = made.within(Interval(low=bound))
                case "exclusiveMinimum":
                    made = made.within(Interval(low=bound, open_low=True))
                case "maximum":
                    made = made.within(Interval(high=bound))
                case "exclusiveMaximum":
                    made = made.within(Interval(high=bound, open_high=True))
    return made


def of_alternative(bounds: list[Any]) -> Interval:
    """Return the numbers that a pattern's ``numeric`` takes."""
    made = Interval()
    for sign, value in zip(bounds[::2], bounds[1::2], strict=True):
        bound = Fraction(str(value))
        low = Interval(low=bound, open_low=sign == ">")
        high = Interval(high=bound, open_high=sign == "<")
        if sign in {">", ">=", "="}:
            made = made.within(low)
        if sign in {"<", "<=", "="}:
            made = made.within(high)
    return made


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)
