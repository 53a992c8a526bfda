"""Looks for a document that a writer may send and a reader refuses.

Documents are made from what the writer's schema says, with values that matter to either schema:
bounds and what lies beside them, listed values, names, lengths, texts with one pattern and without
the other. Each is put to a validator twice; nothing is believed that it does not confirm.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from contracts.compat import regexes
from contracts.compat.alternatives import alternatives
from contracts.compat.documents import Document, Node
from contracts.compat.facts import Facts, Undecided
from contracts.compat.pools import Pools
from contracts.compat.verdict import NOTHING

_SECONDS = 2.0
_DEPTH = 6
_EACH = 40  # values of one place
_LONGEST = 40  # items or properties of a made one
_DOCUMENTS = 4_000
_SIMPLE = (("null", None), ("boolean", False), ("boolean", True))
_SAMPLES = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "duration": "P1D",
    "email": "a@example.com",
    "hostname": "example.com",
    "idn-email": "a@example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "iri": "https://example.com/",
    "iri-reference": "/a",
    "json-pointer": "/a",
    "regex": "a",
    "relative-json-pointer": "0",
    "time": "12:00:00Z",
    "uri": "https://example.com/",
    "uri-reference": "/a",
    "uri-template": "/{a}",
    "uuid": "01234567-89ab-4def-8123-456789abcdef",
}


def witness(writer: Document, reader: Document, described: Document) -> Any:
    """Return a document that the writer's schema accepts and the reader's refuses, or `NOTHING`.

    Parameters
    ----------
    writer
        What is sent.
    reader
        What is accepted.
    described
        What the writer says that it sends, its objects open. Of alternatives that overlap when they
        are open, the closed ones take documents that `oneOf` refuses: those are not believed.
    """
    until = time.monotonic() + _SECONDS
    maker = _Maker(Pools(writer, reader), until)
    try:
        for document in itertools.islice(maker.values((writer.node,), 0), _DOCUMENTS):
            if time.monotonic() > until:
                break
            if reader.valid(reader.root, document):
                continue
            if all(one.valid(one.root, document) for one in (writer, described)):
                return document
    except Undecided:
        pass
    return NOTHING


class _Maker:
    def __init__(self, pools: Pools, until: float) -> None:
        self._pools = pools
        self._until = until

    def values(self, nodes: Sequence[Node], depth: int) -> Iterator[Any]:
        """Yield values that may satisfy the schemas, simple ones first."""
        if depth > _DEPTH or time.monotonic() > self._until:
            return
        for facts in alternatives(nodes)[:_EACH]:
            yield from self._of(facts, depth)

    def some(self, nodes: Sequence[Node], depth: int) -> list[Any]:
        """Return a few values that do satisfy the schemas, by the validator."""
        found = []
        for value in itertools.islice(self.values(nodes, depth + 1), 6 * _EACH):
            if all(node.document.valid(node.schema, value) for node in nodes):
                found.append(value)
            if len(found) >= _EACH >> depth // 2:
                break
        return found

    def _of(self, facts: Facts, depth: int) -> Iterator[Any]:
        listed = facts.listed()
        if listed is not None:
            yield from listed
            return
        made: list[Iterator[Any]] = []
        if "object" in facts.types:
            made.append(self._objects(facts, depth))
        if "array" in facts.types:
            made.append(self._arrays(facts, depth))
        if facts.types & {"integer", "fraction"}:
            made.append(self._numbers(facts))
        if "string" in facts.types:
            made.append(self._texts(facts))
        made.append(iter([value for name, value in _SIMPLE if name in facts.types]))
        yield from _in_turn(made)

    def _numbers(self, facts: Facts) -> Iterator[float]:
        bounds = [bound[0] for bound in (facts.low, facts.high) if bound is not None]
        near = sorted({*self._pools.numbers, *bounds})
        wanted = dict.fromkeys((one + other) / 2 for one, other in itertools.pairwise(near))
        steps = {*facts.multiples, *self._pools.steps, Fraction(1), Fraction(1, 2)}
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

    def _texts(self, facts: Facts) -> Iterator[str]:
        for name in sorted(facts.formats):
            yield _SAMPLES[name]
        lengths = [n for n in self._pools.lengths if facts.shortest <= n]
        lengths = [n for n in lengths if facts.longest is None or n <= facts.longest]
        if facts.patterns:
            text = regexes.shortest(facts.patterns)
            if text is not None:
                yield text
            for pattern in self._pools.patterns:
                other = regexes.outside(facts.patterns, pattern)
                if other is not None:
                    yield other
            for length in lengths:
                counted = f"^(?:a|[^a]){{{length}}}$"
                text = regexes.shortest(facts.patterns | {counted})
                if text is not None:
                    yield text
        for length in lengths:
            yield "a" * length
        for pattern in self._pools.patterns:
            for one in (
                regexes.shortest(frozenset({pattern})),
                regexes.outside(frozenset(), pattern),
            ):
                if one is not None:
                    yield one
                    for length in lengths:
                        yield one + "a" * (length - len(one))
        yield from self._pools.texts

    def _arrays(self, facts: Facts, depth: int) -> Iterator[list[Any]]:
        choices: dict[int, list[Any]] = {}

        def at(index: int) -> list[Any]:
            place = min(index, facts.tuple_length)
            if place not in choices:
                found = self.some(facts.at_index(place), depth)
                for known in facts.contains:
                    found = self.some([known.node, *facts.at_index(place)], depth) + found
                choices[place] = found
            return choices[place]

        def filled(length: int) -> list[Any] | None:
            made = []
            for index in range(length):
                options = at(index)
                if not options:
                    return None
                made.append(options[index % len(options)] if facts.unique else options[0])
            return made

        lengths = {facts.least_items, facts.least_items + 1, facts.tuple_length, 1, 2}
        lengths |= set(self._pools.lengths)
        for length in sorted(lengths):
            if facts.least_items <= length <= min(facts.last_item, _LONGEST):
                made = filled(length)
                if made is None:
                    continue
                yield made
                for index in range(min(length, 4)):
                    for option in at(index):
                        yield [*made[:index], option, *made[index + 1 :]]
                if length > 1 and len(at(0)) > 1:
                    yield list(itertools.islice(itertools.cycle(at(0)), length))
                    yield [at(0)[1]] * length

    def _objects(self, facts: Facts, depth: int) -> Iterator[dict[str, Any]]:
        choices: dict[str, list[Any]] = {}

        def of(name: str) -> list[Any]:
            if name not in choices:
                allowed = all(node.document.valid(node.schema, name) for node in facts.names)
                choices[name] = self.some(facts.at_name(name), depth) if allowed else []
            return choices[name]

        def grown(made: dict[str, Any]) -> dict[str, Any]:
            """Add what properties that are there need beside them."""
            for name, needed in facts.needs * 2:
                if name in made and needed not in made and of(needed):
                    made[needed] = of(needed)[0]
            return made

        base: dict[str, Any] = {}
        for name in sorted(facts.required):
            if not of(name):
                return
            base[name] = of(name)[0]
        base = grown(base)
        yield base
        known = [name for name in facts.properties if name not in base and of(name)]
        full = grown(base | {name: of(name)[0] for name in known})
        yield full
        others = [name for name in self._pools.names if name not in facts.properties]
        for pattern, _node in facts.pattern_properties:
            like = regexes.shortest(frozenset({pattern}))
            if like is not None:
                others.insert(0, like)
        for name in [*base, *known, *others[:_LONGEST]]:
            for value in of(name):
                yield grown(base | {name: value})
                if name in known or name in base:
                    yield full | {name: value}
        for one, other in itertools.combinations([*known, *others][:12], 2):
            if of(one) and of(other):
                yield grown(base | {one: of(one)[0], other: of(other)[0]})
        extra = [name for name in [*known, *others] if name not in base and of(name)]
        for count in self._pools.lengths:
            if len(base) < count <= min(len(base) + len(extra), _LONGEST):
                yield base | {name: of(name)[0] for name in extra[: count - len(base)]}


def _in_turn(iterators: list[Iterator[Any]]) -> Iterator[Any]:
    """Yield one of each, and again: a few of all kinds come first."""
    while iterators:
        for iterator in list(iterators):
            for value in itertools.islice(iterator, 1):
                yield value
                break
            else:
                iterators.remove(iterator)


def _above(low: tuple[Fraction, bool] | None, number: Fraction) -> bool:
    return low is None or number > low[0] or (number == low[0] and not low[1])


def _below(high: tuple[Fraction, bool] | None, number: Fraction) -> bool:
    return high is None or number < high[0] or (number == high[0] and not high[1])
