"""The keywords of objects: what keeps a writer's properties from satisfying a reader."""

from typing import TYPE_CHECKING, Any

from contracts.compat import regexes
from contracts.compat.alternatives import alternatives
from contracts.compat.documents import Node
from contracts.compat.facts import Facts, Others
from contracts.compat.names import matches
from contracts.compat.ranges import kinds_of
from contracts.compat.values import canonical, types_of
from contracts.compat.verdict import Difference

if TYPE_CHECKING:
    from contracts.compat.subset import Prover

Found = list[Difference]

_MAX_VALUES = 64  # of a property by which objects are told apart


def check(prover: "Prover", facts: Facts, reader: Node, path: str) -> Found:
    """Return what keeps objects that have the facts from satisfying the reader's keywords."""
    if "object" not in facts.types:
        return []
    facts = _spelled_out(facts)
    schema = reader.schema
    found = [
        Difference(f"{path}.{name}", "required", "may be missing")
        for name in schema.get("required", [])
        if name not in facts.required
    ]
    found += _counts(prover, facts, reader, path)
    found += _named(prover, facts, reader, path)
    found += _patterns(prover, facts, reader, path)
    found += _others(prover, facts, reader, path)
    if "propertyNames" in schema:
        found += _names(prover, facts, reader.part(schema["propertyNames"]), path)
    found += _dependent(prover, facts, reader, path)
    return found


def absent(prover: "Prover", facts: Facts, name: str) -> bool:
    """Return whether it is proven that objects with the facts have no property of that name."""
    if facts.most_properties == 0:
        return True
    if any(not node.document.valid(node.schema, name) for node in facts.names):
        return True
    return prover.nothing(facts.at_name(name))


def apart(facts: Facts, node: Node, depth: int = 3) -> bool:
    """Return whether a type or a listed property tells what has the facts from what satisfies it.

    It is the quick look at what discriminated unions are told apart by.
    """
    schema = node.schema
    if isinstance(schema, bool):
        return not schema
    if "type" in schema and not types_of(schema["type"]) & facts.types:
        return True
    if facts.types == {"object"}:
        required = {*facts.required, *schema.get("required", ())}
        for name in required & schema.get("properties", {}).keys():
            theirs = _listed(schema["properties"][name])
            if theirs is not None and any(
                (ours := _listed(own.schema)) is not None and not ours & theirs
                for own in facts.properties.get(name, ())
            ):
                return True
    if not depth:
        return False
    if "$ref" in schema and apart(facts, node.target, depth - 1):
        return True
    return any(
        schema.get(keyword) and all(apart(facts, node.part(p), depth - 1) for p in schema[keyword])
        for keyword in ("anyOf", "oneOf")
    )


def _listed(schema: Any) -> frozenset[str] | None:
    """Return the values that a schema lists; None if it lists none."""
    if isinstance(schema, dict) and ("const" in schema or "enum" in schema):
        values = [schema["const"]] if "const" in schema else schema["enum"]
        return frozenset(canonical(value) for value in values)
    return None


def _spelled_out(facts: Facts) -> Facts:
    """Return the facts with the names that there can be as properties, if they are listed."""
    found = [kind.listed() for kind in alternatives(facts.names)] if facts.names else [None]
    names = {name for some in found for name in some or [] if isinstance(name, str)}
    if any(some is None for some in found) or len(names) > _MAX_VALUES:
        return facts
    node = facts.names[0]
    made = facts.copy()
    made.names = ()
    made.properties |= {name: (node.part(True),) for name in names - made.properties.keys()}
    made.others = (*made.others, Others(frozenset(names), frozenset(), node.part(False)))
    if made.least_properties >= len(names):
        made.required |= names
    return made


def split(facts: Facts) -> list[Facts]:
    """Return the objects by the value of a property that is of one of several kinds."""
    for name in sorted(facts.properties, key=lambda name: name not in facts.required):
        nodes = facts.at_name(name)
        kinds = alternatives(nodes)
        listed = [kind.listed() for kind in kinds]
        parts: list[Node] = []
        values = [value for values in listed for value in values or []]
        if kinds and all(values is not None for values in listed) and len(values) <= _MAX_VALUES:
            parts = [nodes[0].part({"const": value}) for value in values] if nodes else []
        elif len(kinds) > 1:
            parts = next((found for found in map(kinds_of, nodes) if found), [])
        absent_too = name not in facts.required
        if len(parts) + absent_too < 2:  # noqa: PLR2004 - one part is the whole
            continue
        made = [_with(facts, name, part) for part in parts]
        if absent_too:
            made.append(_without(facts, name))
        return made
    return []


def _with(facts: Facts, name: str, node: Node) -> Facts:
    part = facts.copy()
    part.properties[name] = (*part.properties.get(name, ()), node)
    part.required |= {name}
    return part


def _without(facts: Facts, name: str) -> Facts:
    part = facts.copy()
    node = part.properties[name][0]
    part.properties[name] = (node.part(False),)
    return part


def _counts(prover: "Prover", facts: Facts, reader: Node, path: str) -> Found:
    schema = reader.schema
    found = []
    if max(facts.least_properties, len(facts.required)) < schema.get("minProperties", 0):
        found.append(Difference(path, "minProperties", "may have fewer properties"))
    if "maxProperties" in schema:
        most = facts.most_properties
        if most is None and not facts.pattern_properties and prover.nothing(facts.at_other_names()):
            most = sum(not absent(prover, facts, name) for name in facts.properties)
        if most is None or most > schema["maxProperties"]:
            found.append(Difference(path, "maxProperties", "may have more properties"))
    return found


def _named(prover: "Prover", facts: Facts, reader: Node, path: str) -> Found:
    found: Found = []
    for name, part in reader.schema.get("properties", {}).items():
        if part is not True and not absent(prover, facts, name):
            found += prover.within(facts.at_name(name), reader.part(part), f"{path}.{name}")
    return found


def _known(facts: Facts) -> set[str]:
    return {*facts.properties, *facts.required}


def _patterns(prover: "Prover", facts: Facts, reader: Node, path: str) -> Found:
    found: Found = []
    for pattern, part in reader.schema.get("patternProperties", {}).items():
        wanted = reader.part(part)
        if part is True:
            continue
        for name in sorted(_known(facts)):
            if matches(pattern, name) and not absent(prover, facts, name):
                found += prover.within(facts.at_name(name), wanted, f"{path}.{name}")
        for own, node in facts.pattern_properties:
            if not regexes.disjoint(frozenset({own, pattern})):
                also = [other.node for other in facts.others if not other.patterns]
                found += prover.within([node, *also], wanted, f"{path}[{own}]")
        covered = any(
            regexes.includes(own, frozenset({pattern})) for own, _ in facts.pattern_properties
        )
        if not covered and not _excluded(facts, pattern):
            found += _unnamed(prover, facts, wanted, path)
    return found


def _excluded(facts: Facts, pattern: str) -> bool:
    """Return whether the writer's names are never like the pattern."""
    own = {
        node.schema["pattern"]
        for node in facts.names
        if isinstance(node.schema, dict) and "pattern" in node.schema
    }
    return bool(own) and regexes.disjoint(frozenset({*own, pattern}))


def _unnamed(prover: "Prover", facts: Facts, wanted: Node, path: str) -> Found:
    """Check the properties that the writer's schemas do not name."""
    if facts.most_properties == 0 or any(node.schema is False for node in facts.names):
        return []
    return prover.within(facts.at_other_names(), wanted, f"{path}.*")


def _others(prover: "Prover", facts: Facts, reader: Node, path: str) -> Found:
    schema = reader.schema
    found: Found = []
    names = frozenset(schema.get("properties", {}))
    patterns = frozenset(schema.get("patternProperties", {}))
    if schema.get("additionalProperties", True) is not True:
        wanted = reader.part(schema["additionalProperties"])
        found += _rest(prover, facts, (names, patterns, wanted), path)
    if schema.get("unevaluatedProperties", True) is not True:
        wanted = reader.part(schema["unevaluatedProperties"])
        certain = _certain(prover, facts, reader)
        if certain is not None:
            found += _rest(prover, facts, (*certain, wanted), path)
    return found


def _certain(
    prover: "Prover", facts: Facts, reader: Node
) -> tuple[frozenset[str], frozenset[str]] | None:
    """Return the names and patterns that are certainly evaluated; None if all names are."""
    names: set[str] = set()
    patterns: set[str] = set()
    waiting = [reader]
    while waiting:
        node = waiting.pop()
        schema = node.schema
        if isinstance(schema, bool):
            continue
        if node is not reader and "unevaluatedProperties" in schema:
            return None
        if "additionalProperties" in schema:
            return None
        names |= schema.get("properties", {}).keys()
        patterns |= schema.get("patternProperties", {}).keys()
        waiting += [node.part(part) for part in schema.get("allOf", [])]
        if "$ref" in schema:
            waiting.append(node.target)
        for keyword in ("anyOf", "oneOf"):
            parts = [node.part(part) for part in schema.get(keyword, [])]
            waiting += [part for part in parts if not prover.of(facts, part, "$")]
    return frozenset(names), frozenset(patterns)


def _rest(
    prover: "Prover",
    facts: Facts,
    context: tuple[frozenset[str], frozenset[str], Node],
    path: str,
) -> Found:
    """Check the properties that the reader has no names and no patterns for."""
    names, patterns, wanted = context
    found: Found = []
    for name in sorted(_known(facts) - names):
        if not any(matches(pattern, name) for pattern in patterns) and not absent(
            prover, facts, name
        ):
            found += prover.within(facts.at_name(name), wanted, f"{path}.{name}")
    for own, node in facts.pattern_properties:
        if not any(regexes.includes(pattern, frozenset({own})) for pattern in patterns):
            also = [other.node for other in facts.others if not other.patterns]
            found += prover.within([node, *also], wanted, f"{path}[{own}]")
    if not any(regexes.includes(pattern, frozenset()) for pattern in patterns):
        found += _unnamed(prover, facts, wanted, path)
    return found


def _names(prover: "Prover", facts: Facts, wanted: Node, path: str) -> Found:
    found = [
        Difference(f"{path}.{name}", "propertyNames", "the name is not accepted")
        for name in sorted(_known(facts))
        if not wanted.document.valid(wanted.schema, name) and not absent(prover, facts, name)
    ]
    text = wanted.part({"type": "string"})
    for own, node in facts.pattern_properties:
        if not prover.nothing([node]):
            like = wanted.part({"type": "string", "pattern": own})
            found += prover.within([like, *facts.names], wanted, f"{path}[{own}]")
    if facts.most_properties != 0 and not prover.nothing(facts.at_other_names()):
        found += prover.within([text, *facts.names], wanted, f"{path}.*")
    return found


def _dependent(prover: "Prover", facts: Facts, reader: Node, path: str) -> Found:
    schema = reader.schema
    found = []
    for name, needed in schema.get("dependentRequired", {}).items():
        if absent(prover, facts, name):
            continue
        for other in needed:
            if other not in facts.required and (name, other) not in facts.needs:
                reason = f"may be missing where there is {name}"
                found.append(Difference(f"{path}.{other}", "dependentRequired", reason))
    for name, part in schema.get("dependentSchemas", {}).items():
        if absent(prover, facts, name):
            continue
        for one in alternatives([reader.part({"required": [name]})], start=facts):
            found += prover.of(one, reader.part(part), path)
    return found
