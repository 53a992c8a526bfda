"""Takes schemas apart into alternatives: sets of facts, one of which every document has."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from contracts.compat.documents import Node
from contracts.compat.facts import Facts, Undecided
from contracts.compat.values import NOTES

_MAX_ALTERNATIVES = 2_000


class _Branch(NamedTuple):
    """What one of several alternatives adds: schemas that hold, and schemas that do not."""

    held: tuple[Node, ...] = ()
    denied: tuple[Node, ...] = ()


class _Work(NamedTuple):
    """An alternative that is being read."""

    facts: Facts
    held: list[Node]
    choices: list[list[_Branch]]
    seen: frozenset[int]


def alternatives(
    nodes: Iterable[Node], denied: Sequence[Node] = (), start: Facts | None = None
) -> list[Facts]:
    """Return the alternatives of all the schemas together; none if they exclude each other.

    Parameters
    ----------
    nodes
        Schemas that hold.
    denied
        Schemas that do not.
    start
        Facts that hold besides.

    Raises
    ------
    Undecided
        There are too many.
    """
    facts = start.copy() if start else Facts()
    facts.denied += tuple(denied)
    done: list[Facts] = []
    work = [_Work(facts, list(nodes), [], frozenset())]
    for _ in range(_MAX_ALTERNATIVES):
        if not work:
            return done
        one = _read(work.pop())
        if one is None:
            continue
        if not one.choices:
            one.facts.settle()
            if one.facts.types and one.facts.listed() != []:
                done.append(one.facts)
            continue
        *others, choice = one.choices
        for branch in choice:
            facts = one.facts.copy()
            facts.denied += branch.denied
            work.append(_Work(facts, list(branch.held), list(others), one.seen))
    raise Undecided("there are too many alternatives")


def _read(work: _Work) -> _Work | None:
    """Read all that certainly holds; None if it cannot."""
    facts, held, choices, seen = work
    while held:
        node = held.pop()
        if node.schema is False:
            return None
        if node.schema is True or id(node.schema) in seen:
            continue
        seen |= {id(node.schema)}
        facts.take(node)
        if not facts.types:
            return None
        held += [node.part(item) for item in node.schema.get("allOf", [])]
        if "$ref" in node.schema:
            held.append(node.target)
        if "not" in node.schema:
            _deny(node.part(node.schema["not"]), facts, held)
        choices += _choices(node)
    if any(node.schema is True for node in facts.denied):
        return None
    return _Work(facts, [], choices, seen)


def _deny(node: Node, facts: Facts, held: list[Node]) -> None:
    """Add that a schema does not hold."""
    said = node.schema.keys() - NOTES if isinstance(node.schema, dict) else set()
    if said == {"not"}:
        held.append(node.part(node.schema["not"]))
    elif said == {"anyOf"}:
        for part in node.schema["anyOf"]:
            _deny(node.part(part), facts, held)
    else:
        facts.denied += (node,)


def _choices(node: Node) -> Iterator[list[_Branch]]:
    schema = node.schema
    if "anyOf" in schema:
        yield [_Branch((node.part(item),)) for item in schema["anyOf"]]
    if "oneOf" in schema:
        parts = [node.part(item) for item in schema["oneOf"]]
        yield [
            _Branch((part,), tuple(parts[:index] + parts[index + 1 :]))
            for index, part in enumerate(parts)
        ]
    if "if" in schema and ("then" in schema or "else" in schema):
        asked = node.part(schema["if"])
        yield [
            _Branch((asked, node.part(schema.get("then", True)))),
            _Branch((node.part(schema.get("else", True)),), (asked,)),
        ]
    for name, part in schema.get("dependentSchemas", {}).items():
        yield [
            _Branch((node.part({"properties": {name: False}}),)),
            _Branch((node.part({"required": [name]}), node.part(part))),
        ]
