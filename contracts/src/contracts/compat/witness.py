"""Looks for a document that a writer may send and a reader refuses.

Documents are made from what the writer's schema says, with values that matter to either schema:
bounds and what lies beside them, listed values, names, lengths, texts with one pattern and without
the other. Each is put to a validator twice; nothing is believed that it does not confirm.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from typing import Any

from contracts.compat import regexes, scalars
from contracts.compat.alternatives import alternatives
from contracts.compat.asked import asked_at_index, asked_at_name, said_in_place
from contracts.compat.documents import Document, Node
from contracts.compat.facts import Facts, Undecided
from contracts.compat.pools import Pools
from contracts.compat.values import canonical
from contracts.compat.verdict import NOTHING

_SECONDS = 2.0
_EACH = 40  # values of one place
_LONGEST = 20_000  # items of a made one
_MOST_NAMES = 2_000  # properties of a made one
_VARIED = 40  # items or properties of one of which others are made, that differ in one
_DOCUMENTS = 4_000
_SIMPLE = (("null", None), ("boolean", False), ("boolean", True))


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
    pools = Pools(writer, reader)
    for deepest, asked in ((2, [reader.node]), (4, [reader.node]), (6, []), (6, [reader.node])):
        left = until - time.monotonic()
        maker = _Maker(pools, deepest, time.monotonic() + left / 2)
        try:
            for document in itertools.islice(maker.values((writer.node,), asked, 0), _DOCUMENTS):
                if time.monotonic() > until:
                    return NOTHING
                if reader.valid(reader.root, document):
                    continue
                if all(one.valid(one.root, document) for one in (writer, described)):
                    return document
        except Undecided:
            pass
    return NOTHING


class _Maker:
    """Makes documents of what schemas say.

    Parameters
    ----------
    pools
        The values that matter.
    deepest
        How deep in a document to make anything.
    until
        When to stop.
    """

    def __init__(self, pools: Pools, deepest: int, until: float) -> None:
        self._pools = pools
        self._deepest = deepest
        self._until = until

    def values(self, nodes: Sequence[Node], asked: Sequence[Node], depth: int) -> Iterator[Any]:
        """Yield values that may satisfy the schemas, simple ones first.

        Parameters
        ----------
        nodes
            What they have to satisfy.
        asked
            What the reader says of the same place: what it refuses is looked for.
        depth
            How deep in the document they are.
        """
        if depth > self._deepest or time.monotonic() > self._until:
            return
        said = list(said_in_place(asked))
        yield from _in_turn([self._of(facts, said, depth) for facts in alternatives(nodes)])

    def some(self, nodes: Sequence[Node], asked: Sequence[Node], depth: int) -> list[Any]:
        """Return a few values that do satisfy the schemas, by the validator: the refused first."""
        found: list[tuple[int, Any]] = []
        most = _EACH >> depth // 2
        for value in itertools.islice(self.values(nodes, asked, depth + 1), 6 * _EACH):
            if all(node.document.valid(node.schema, value) for node in nodes):
                refused = sum(not node.document.valid(node.schema, value) for node in asked)
                found.append((-refused, value))
                if refused == len(asked) and len(found) >= most:
                    break
        # What is refused wherever it is asked of comes first; the simplest stay simple.
        return [value for _refused, value in sorted(found, key=lambda one: one[0])][:most]

    def _of(self, facts: Facts, said: list[Node], depth: int) -> Iterator[Any]:
        listed = facts.listed()
        if listed is not None:
            yield from listed
            return
        made: list[Iterator[Any]] = []
        if "object" in facts.types:
            made.append(self._objects(facts, said, depth))
        if "array" in facts.types:
            made.append(self._arrays(facts, said, depth))
        if facts.types & {"integer", "fraction"}:
            made.append(scalars.numbers(facts, self._pools))
        if "string" in facts.types:
            made.append(scalars.texts(facts, self._pools))
        made.append(iter([value for name, value in _SIMPLE if name in facts.types]))
        yield from _in_turn(made)

    def _arrays(self, facts: Facts, said: list[Node], depth: int) -> Iterator[list[Any]]:
        choices: dict[int, list[Any]] = {}
        longest = max([facts.tuple_length, *(len(n.schema.get("prefixItems", ())) for n in said)])

        def at(index: int) -> list[Any]:
            place = min(index, longest)
            if place not in choices:
                asked = asked_at_index(said, place)
                found = self.some(facts.at_index(place), asked, depth)
                for known in facts.contains:
                    nodes = [known.node, *facts.at_index(place)]
                    found = self.some(nodes, asked, depth) + found
                choices[place] = found
            return choices[place]

        def filled(length: int) -> list[Any] | None:
            made = []
            for index in range(length):
                options = at(index)
                if not options:
                    return None
                made.append(options[index % len(options)] if facts.unique else options[0])
            return self._distinct(made, facts) if facts.unique else made

        lengths = {facts.least_items, facts.least_items + 1, facts.tuple_length, 1, 2}
        lengths |= set(self._pools.lengths)
        for length in sorted(lengths):
            if facts.least_items <= length <= min(facts.last_item, _LONGEST):
                made = filled(length)
                if made is None:
                    continue
                yield made
                for index in range(min(length, 4) if length <= _VARIED else 0):
                    for option in at(index):
                        yield [*made[:index], option, *made[index + 1 :]]
                if 1 < length <= _VARIED and len(at(0)) > 1:
                    yield list(itertools.islice(itertools.cycle(at(0)), length))
                    yield [at(0)[1]] * length

    @staticmethod
    def _distinct(made: list[Any], facts: Facts) -> list[Any]:
        """Return as many values, no two of them the same if there are enough simple ones."""
        found = {canonical(value): value for value in made}
        more = itertools.chain.from_iterable((number, f"x{number}") for number in itertools.count())
        for value in itertools.islice(more, 4 * len(made)):
            nodes = facts.at_index(len(found))
            if len(found) == len(made):
                break
            if all(node.document.valid(node.schema, value) for node in nodes):
                found.setdefault(canonical(value), value)
        return [*found.values(), *made][: len(made)]

    def _objects(self, facts: Facts, said: list[Node], depth: int) -> Iterator[dict[str, Any]]:
        choices: dict[str, list[Any]] = {}

        def of(name: str) -> list[Any]:
            if name not in choices:
                allowed = all(node.document.valid(node.schema, name) for node in facts.names)
                asked = asked_at_name(said, name)
                choices[name] = self.some(facts.at_name(name), asked, depth) if allowed else []
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
        others = self._other_names(facts, said, depth)
        extra = [name for name in [*known, *others[:_LONGEST]] if name not in base]
        asked = [name for node in said for name in node.schema.get("properties", {})]
        for name in dict.fromkeys([*base, *known, *asked]):
            for value in of(name)[:3]:
                yield grown(base | {name: value})
        for node in said:
            yield self._also(base, facts, node, depth)
        for count in self._pools.lengths:
            if len(base) < count <= len(base) + min(len(extra), _MOST_NAMES):
                some = itertools.islice((name for name in extra if of(name)), count - len(base))
                yield base | {name: of(name)[0] for name in some}
        for name in [*base, *known, *others[:_VARIED]]:
            for value in of(name):
                yield grown(base | {name: value})
                if name in known or name in base:
                    yield full | {name: value}
        for one, other in itertools.combinations([*known, *others][:12], 2):
            if of(one) and of(other):
                yield grown(base | {one: of(one)[0], other: of(other)[0]})

    def _other_names(self, facts: Facts, said: list[Node], depth: int) -> list[str]:
        """Return names of properties that the writer's schemas do not name."""
        found: dict[str, None] = {}
        if facts.names:
            asked = [n.part(n.schema["propertyNames"]) for n in said if "propertyNames" in n.schema]
            nodes = (*facts.names, facts.names[0].part({"type": "string"}))
            found |= dict.fromkeys(self.some(nodes, asked, depth))
        for pattern, _node in facts.pattern_properties:
            like = regexes.shortest(frozenset({pattern}))
            found |= {} if like is None else {like: None}
        for node in said:
            found |= dict.fromkeys(node.schema.get("properties", {}))
        found |= dict.fromkeys(self._pools.names)
        return [name for name in found if name not in facts.properties]

    def _also(self, base: dict[str, Any], facts: Facts, node: Node, depth: int) -> dict[str, Any]:
        """Return an object that satisfies one of the reader's schemas too, as far as it can."""
        made = dict(base)
        for name, schema in node.schema.get("properties", {}).items():
            part = node.part(schema)
            if name not in made or not part.document.valid(part.schema, made[name]):
                options = self.some((*facts.at_name(name), part), (), depth)
                made |= {name: options[0]} if options else {}
        return made


def _in_turn(iterators: list[Iterator[Any]]) -> Iterator[Any]:
    """Yield one of each, and again: a few of all kinds come first."""
    while iterators:
        for iterator in list(iterators):
            for value in itertools.islice(iterator, 1):
                yield value
                break
            else:
                iterators.remove(iterator)
