"""The keywords of arrays: what keeps a writer's items from satisfying a reader."""

from typing import TYPE_CHECKING

from contracts.compat.alternatives import alternatives
from contracts.compat.documents import Node
from contracts.compat.facts import Facts
from contracts.compat.values import canonical
from contracts.compat.verdict import Difference

if TYPE_CHECKING:
    from contracts.compat.subset import Prover

_MAX_FIRST = 200  # items that are looked at one by one


def check(prover: "Prover", facts: Facts, reader: Node, path: str) -> list[Difference]:
    """Return what keeps arrays that have the facts from satisfying the reader's keywords."""
    if "array" not in facts.types:
        return []
    facts = _bounded(facts)
    schema = reader.schema
    found = []
    if facts.least_items < schema.get("minItems", 0):
        found.append(Difference(path, "minItems", "may have fewer items"))
    if facts.last_item > schema.get("maxItems", facts.last_item):
        found.append(Difference(path, "maxItems", "may have more items"))
    if schema.get("uniqueItems") is True and not facts.unique and facts.last_item > 1:
        found.append(Difference(path, "uniqueItems", "may repeat an item"))
    found += _items(prover, facts, reader, path)
    if "contains" in schema:
        found += _contains(prover, facts, reader, path)
    return found


def _bounded(facts: Facts) -> Facts:
    """Return the facts with a bound, if items that may not repeat are of few values."""
    if not facts.unique or facts.tuple_length or facts.most_items is not None:
        return facts
    listed = [kind.listed() for kind in alternatives(facts.at_index(0))]
    if any(values is None for values in listed):
        return facts
    made = facts.copy()
    made.most_items = len({canonical(value) for values in listed for value in values or []})
    return made


def _items(prover: "Prover", facts: Facts, reader: Node, path: str) -> list[Difference]:
    schema = reader.schema
    first = schema.get("prefixItems", [])
    rest = schema.get("items", schema.get("unevaluatedItems", True))
    beyond = max(len(first), facts.tuple_length)
    found = []
    for index in range(min(beyond, _MAX_FIRST)):
        wanted = first[index] if index < len(first) else rest
        if index < facts.last_item and not _none(prover, facts, index):
            found += prover.within(facts.at_index(index), reader.part(wanted), f"{path}[{index}]")
    if facts.last_item > beyond and rest is not True:
        found += prover.within(facts.at_index(beyond), reader.part(rest), f"{path}[*]")
    if beyond > _MAX_FIRST:
        found.append(Difference(path, "prefixItems", "is a longer tuple than is compared"))
    return found


def _none(prover: "Prover", facts: Facts, index: int) -> bool:
    """Return whether there is certainly no item at an index: it, or one before, cannot be."""
    return any(prover.nothing(facts.at_index(before)) for before in range(index + 1))


def _contains(prover: "Prover", facts: Facts, reader: Node, path: str) -> list[Difference]:
    schema = reader.schema
    wanted = reader.part(schema["contains"])
    fewest, most = int(schema.get("minContains", 1)), schema.get("maxContains")
    found = []
    if fewest and not _has(prover, facts, wanted, fewest):
        found.append(Difference(path, "contains", f"may have fewer than {fewest} such items"))
    if most is not None and facts.last_item > most:
        bounded = any(
            known.most is not None
            and known.most <= most
            and not prover.within([wanted], known.node, path)
            for known in facts.contains
        )
        if not bounded:
            found.append(Difference(path, "maxContains", f"may have more than {most} such items"))
    return found


def _has(prover: "Prover", facts: Facts, wanted: Node, fewest: int) -> bool:
    for known in facts.contains:
        # Whatever it is that the array contains, it is an item as well.
        also = facts.at_index(0) if not facts.tuple_length else ()
        if known.least >= fewest and not prover.within([known.node, *also], wanted, "$"):
            return True
    certain = sum(
        not prover.within(facts.at_index(index), wanted, "$")
        for index in range(min(facts.least_items, _MAX_FIRST))
    )
    return certain >= fewest
