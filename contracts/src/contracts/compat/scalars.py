"""Numbers and texts that may show a difference: at the edges of what either schema says."""

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from contracts.compat import regexes
from contracts.compat.facts import Facts
from contracts.compat.formats import CERTAIN, SHAPES
from contracts.compat.pools import Pools

_SAMPLES: Final = {
    "date": ("2026-01-31",),
    "date-time": ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.5+01:00"),
    "duration": ("P1D", "PT1H"),
    "email": ("a@example.com",),
    "hostname": ("example.com",),
    "idn-email": ("a@example.com",),
    "idn-hostname": ("example.com",),
    "ipv4": ("192.0.2.1",),
    "ipv6": ("2001:db8::1",),
    "iri": ("https://example.com/",),
    "iri-reference": ("/a",),
    "json-pointer": ("/a",),
    "regex": ("a",),
    "relative-json-pointer": ("0",),
    "time": ("12:00:00Z", "12:00:00.5+01:00"),
    "uri": ("https://example.com/", "a:"),
    "uri-reference": ("/a",),
    "uri-template": ("/{a}",),
    "uuid": ("01234567-89ab-4def-8123-456789abcdef",),
}
_LONG: Final = {
    "date-time": ("2026-01-31T12:00:00.", "0", "Z"),
    "email": ("a@", "a.", "example.com"),
    "idn-email": ("a@", "a.", "example.com"),
    "iri": ("https://example.com/", "a", ""),
    "iri-reference": ("/", "a", ""),
    "json-pointer": ("/", "a", ""),
    "regex": ("", "a", ""),
    "time": ("12:00:00.", "0", "Z"),
    "uri": ("https://example.com/", "a", ""),
    "uri-reference": ("/", "a", ""),
    "uri-template": ("/", "a", ""),
}
"""How texts of a format are made as long as is wanted: what is in the middle is repeated."""


def numbers(facts: Facts, pools: Pools) -> Iterator[float]:
    """Yield numbers that have the facts, those near zero first."""
    bounds = [bound[0] for bound in (facts.low, facts.high) if bound is not None]
    near = sorted({*pools.numbers, *bounds})
    wanted = dict.fromkeys((one + other) / 2 for one, other in itertools.pairwise(near))
    steps = {*facts.multiples, *pools.steps, Fraction(1), Fraction(1, 2)}
    steps |= {step / 2 for step in pools.steps}
    for number, step in itertools.product(near, sorted(steps)):
        whole = number // step * step
        wanted |= dict.fromkeys((whole - step, whole, whole + step))
        wanted |= dict.fromkeys((number - step, number, number + step))
    for number in sorted(wanted, key=lambda one: (abs(one), one)):
        kind = "integer" if number.denominator == 1 else "fraction"
        inside = _above(facts.low, number) and _below(facts.high, number)
        steady = all((number / step).denominator == 1 for step in facts.multiples)
        if kind in facts.types and inside and steady:
            yield int(number) if kind == "integer" else float(number)


def texts(facts: Facts, pools: Pools) -> Iterator[str]:
    """Yield texts that may have the facts."""
    lengths = [n for n in pools.lengths if facts.shortest <= n]
    lengths = [n for n in lengths if facts.longest is None or n <= facts.longest]
    for name in sorted(facts.formats):
        yield from _SAMPLES[name]
        for length in lengths if name in _LONG else ():
            before, more, after = _LONG[name]
            times = (length - len(before) - len(after)) // len(more)
            yield before + more * max(times + 1, 0) + after
            yield before + more * max(times, 0) + after
    shapes = {
        name: CERTAIN.get(name, SHAPES.get(name)) for name in [*facts.formats, *pools.formats]
    }
    known = facts.patterns | {s for name in facts.formats if (s := shapes[name]) is not None}
    if facts.shortest or facts.longest is not None:
        known |= {regexes.counted(facts.shortest, facts.longest)}
    others = [*pools.patterns, *(shape for shape in shapes.values() if shape is not None)]
    yield from _like(known, others, lengths if facts.patterns else ())
    for length in lengths:
        yield "a" * length
    for other in others:
        for one in (regexes.shortest(frozenset({other})), regexes.outside(frozenset(), other)):
            if one is not None:
                yield one
                for length in lengths:
                    yield one + "a" * (length - len(one))
    yield from pools.texts


def _like(known: frozenset[str], others: Sequence[str], lengths: Sequence[int]) -> Iterator[str]:
    """Yield texts with all that is known, without each of the others, and of each length."""
    if known:
        found = itertools.chain(
            map(regexes.shortest, [known]),
            (regexes.outside(known, other) for other in others),
            (regexes.shortest(known | {regexes.counted(n, n)}) for n in lengths),
        )
        yield from (text for text in found if text is not None)


def _above(low: tuple[Fraction, bool] | None, number: Fraction) -> bool:
    return low is None or number > low[0] or (number == low[0] and not low[1])


def _below(high: tuple[Fraction, bool] | None, number: Fraction) -> bool:
    return high is None or number < high[0] or (number == high[0] and not high[1])
