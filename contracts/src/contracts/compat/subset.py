"""Proves that whatever has some facts satisfies a schema, or says what keeps it from that.

A proof is one for every document; what is not proven is a difference, and may be none: whether
there is a document that shows it is `contracts.compat.witness`'s question.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from contracts.compat import arrays, objects, ranges, regexes, singles
from contracts.compat.alternatives import alternatives
from contracts.compat.documents import Node
from contracts.compat.facts import Facts, Undecided
from contracts.compat.sameness import Sameness
from contracts.compat.verdict import Difference

Found = list[Difference]

_SECONDS = 2.0
_MAX_PARTS = 200
_MAX_SPLITS = 6


class _Question(NamedTuple):
    """Whether what satisfies some schemas satisfies another; it keeps them, and so their ids."""

    nodes: frozenset[Node]
    reader: Node


class Prover:
    """Compares the schemas of one writer and one reader."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._until = time.monotonic() + seconds
        self._assumed: dict[tuple[object, ...], tuple[int, int]] = {}
        self._oldest = sys.maxsize  # of the assumptions that were made use of
        self._depth = 0
        self._same = Sameness().same
        self._found: dict[_Question, tuple[Found, str]] = {}
        self._nothing: dict[frozenset[Node], bool] = {}
        self._never: dict[Facts, bool] = {}

    def differences(
        self, nodes: Sequence[Node], reader: Node, path: str, start: Facts | None = None
    ) -> Found:
        """Return what keeps documents that satisfy `nodes` from satisfying `reader`."""
        if reader.schema is True or any(node.schema is False for node in nodes):
            return []
        if any(self._same(node, reader) for node in nodes):
            return []
        key = (frozenset(id(node.schema) for node in nodes), id(start), id(reader.schema))
        if key in self._assumed:
            # Asked of a part of the very document of which it is asked: documents are finite. Of
            # the document itself the question would only go round in a circle.
            circle = [Difference(path, "$ref", "the schemas refer to themselves")]
            depth, age = self._assumed[key]
            self._oldest = min(self._oldest, age)
            return [] if depth < self._depth else circle
        question = _Question(frozenset(nodes), reader)
        if start is None and question in self._found:
            found, at = self._found[question]
            return [replace(one, path=path + one.path.removeprefix(at)) for one in found]
        with self._certain() as certain:
            self._assumed[key] = self._depth, len(self._assumed)
            try:
                found = []
                for facts in alternatives(nodes, start=start):
                    found += self.of(facts, reader, path)
            finally:
                del self._assumed[key]
        if start is None and certain():
            self._found[question] = found, path
        return found

    @contextmanager
    def _certain(self) -> Iterator[Callable[[], bool]]:
        """Tell, when it is done, whether what was found rests on nothing that is yet to prove."""
        outer, self._oldest = self._oldest, sys.maxsize
        age = len(self._assumed)
        inner = sys.maxsize
        try:
            yield lambda: inner >= age
        finally:
            inner = self._oldest
            self._oldest = min(outer, inner)

    def within(self, nodes: Sequence[Node], reader: Node, path: str) -> Found:
        """Return the same of a part of the document."""
        self._depth += 1
        try:
            return self.differences(nodes, reader, path)
        finally:
            self._depth -= 1

    def of(self, facts: Facts, reader: Node, path: str) -> Found:
        """Return what keeps whatever has the facts from satisfying `reader`."""
        if reader.schema is True or any(self._same(node, reader) for node in facts.nodes):
            return []
        if time.monotonic() > self._until:
            raise Undecided("it takes too long")
        listed = facts.listed()
        if listed is not None:
            refused = [value for value in listed if not reader.document.valid(reader.schema, value)]
            return [Difference(path, "enum", f"{_shown(value)} is refused") for value in refused]
        found = self._keywords(facts, reader, path)
        if found and self._impossible(facts):
            return []
        return found

    def disjoint(self, facts: Facts, node: Node) -> bool:
        """Return whether it is proven that nothing that has the facts satisfies the schema."""
        if node.schema is True:
            return False
        if node.schema is False or any(node == denied for denied in facts.denied):
            return True
        if objects.apart(facts, node):
            return True
        listed = facts.listed()
        if listed is not None:
            return not any(node.document.valid(node.schema, value) for value in listed)
        both = alternatives([node], start=facts)
        return all(self._impossible(one) for one in both)

    def _impossible(self, facts: Facts) -> bool:
        """Return whether it is proven that nothing has the facts."""
        if facts not in self._never:
            with self._certain() as certain:
                never = self._is_impossible(facts)
            if never and not certain():
                return True
            self._never[facts] = never
        return self._never[facts]

    def _is_impossible(self, facts: Facts) -> bool:
        if facts.listed() == []:
            return True
        if len(facts.types) == 1 and self._no_such(facts):
            return True
        kinds = facts.by_type()
        if len(kinds) != 1:
            return all(self._impossible(one) for one in kinds)
        plain = facts.plain()
        return any(
            not objects.apart(plain, node) and not self._keywords(plain, node, "$")
            for node in facts.denied
        )

    def _no_such(self, facts: Facts) -> bool:
        if facts.types == {"string"}:
            return regexes.disjoint(facts.like())
        if facts.types == {"object"}:
            return any(objects.absent(self, facts, name) for name in facts.required)
        if facts.types == {"array"}:
            return any(self.nothing(facts.at_index(index)) for index in range(facts.least_items))
        return False

    def nothing(self, nodes: Sequence[Node]) -> bool:
        """Return whether it is proven that nothing satisfies all the schemas."""
        if any(node.schema is False for node in nodes):
            return True
        if not nodes or self._depth > 12:  # noqa: PLR2004 - deep enough; less is proven, not more
            return False
        key = frozenset(nodes)
        if key not in self._nothing:
            self._nothing[key] = False  # whoever asks again within has no proof yet
            self._depth += 1
            try:
                with self._certain() as certain:
                    never = all(self._impossible(facts) for facts in alternatives(nodes))
            finally:
                self._depth -= 1
            if never and not certain():
                del self._nothing[key]
                return True
            self._nothing[key] = never
        return self._nothing[key]

    def _keywords(self, facts: Facts, reader: Node, path: str) -> Found:
        schema = reader.schema
        if schema is True:
            return []
        if schema is False:
            return [Difference(path, "false", "nothing is accepted")]
        found: Found = []
        for check in _CHECKS:
            found += check(self, facts, reader, path)
        return found


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"  # noqa: PLR2004 - of a line of a table


def _composed(prover: Prover, facts: Facts, reader: Node, path: str) -> Found:
    schema = reader.schema
    found: Found = []
    for part in schema.get("allOf", []):
        found += prover.of(facts, reader.part(part), path)
    if "$ref" in schema:
        found += prover.differences([], reader.target, path, start=facts)
    if "anyOf" in schema:
        parts = [reader.part(part) for part in schema["anyOf"]]
        found += _either(facts, partial(_some, prover), parts, path, "anyOf")
    if "oneOf" in schema:
        parts = [reader.part(part) for part in schema["oneOf"]]
        found += _either(facts, partial(_just_one, prover), parts, path, "oneOf")
    if "not" in schema:
        found += _denied(prover, facts, reader.part(schema["not"]), path)
    if "if" in schema:
        asked = reader.part(schema["if"])
        if "then" in schema:
            for one in alternatives([asked], start=facts):
                found += prover.of(one, reader.part(schema["then"]), path)
        if "else" in schema:
            for one in alternatives([], [asked], start=facts):
                if not _inside(prover, one, asked):
                    found += prover.of(one, reader.part(schema["else"]), path)
    return found


def _inside(prover: Prover, facts: Facts, node: Node) -> bool:
    """Return whether it is proven that the facts, but for what is denied, satisfy the schema."""
    return not prover.of(facts.plain(), node, "$")


def _denied(prover: Prover, facts: Facts, node: Node, path: str) -> Found:
    if prover.disjoint(facts, node):
        return []
    both = alternatives([node], start=facts.plain())
    for denied in facts.denied:
        if all(not prover.of(one, denied, path) for one in both):
            return []
    return [Difference(path, "not", "may be what is not accepted")]


def _either(
    facts: Facts,
    covered: Callable[[list[Node], Facts, str], bool],
    nodes: list[Node],
    path: str,
    keyword: str,
) -> Found:
    """Check alternatives: of all that has the facts together, or of each part of it alone."""
    waiting, parts = [(facts, 0)], 0
    while waiting:
        part, splits = waiting.pop()
        parts += 1
        if covered(nodes, part, path):
            continue
        smaller = _split(part, nodes) if splits < _MAX_SPLITS and parts < _MAX_PARTS else []
        if not smaller:
            return [Difference(path, keyword, "may be none of the alternatives, or too many")]
        waiting += [(one, splits + 1) for one in smaller]
    return []


def _some(prover: Prover, parts: list[Node], facts: Facts, path: str) -> bool:
    likely = [part for part in parts if not objects.apart(facts, part)]
    # If it is apart from all alternatives, one will do to ask whether it is anything at all.
    return any(not prover.of(facts, part, path) for part in likely or parts[:1])


def _just_one(prover: Prover, parts: list[Node], facts: Facts, path: str) -> bool:
    likely = [part for part in parts if not objects.apart(facts, part)]
    for part in likely or parts[:1]:
        if not prover.of(facts, part, path):
            return all(other is part or prover.disjoint(facts, other) for other in parts)
    return False


def _split(facts: Facts, nodes: list[Node]) -> list[Facts]:
    """Return parts that make up the whole, each with more facts; none if there is no good way."""
    kinds = facts.by_type()
    if len(kinds) > 1:
        return kinds
    if facts.types == {"object"}:
        return objects.split(facts)
    return ranges.split(facts, nodes)


_CHECKS: Sequence[Callable[[Prover, Facts, Node, str], Found]] = (
    lambda _prover, facts, reader, path: singles.check(facts, reader, path),
    arrays.check,
    objects.check,
    _composed,
)
