"""The keywords of single values: what keeps a writer's from satisfying a reader."""

from fractions import Fraction
from typing import Any, Final

from contracts.compat import regexes
from contracts.compat.documents import Node
from contracts.compat.facts import Facts
from contracts.compat.formats import CERTAIN
from contracts.compat.values import ASSERTED, NUMBERS, exact, types_of
from contracts.compat.verdict import Difference

Found = list[Difference]

_IMPLIED: Final = {"uri-reference": {"uri"}, "iri-reference": {"iri"}}


def check(facts: Facts, reader: Node, path: str) -> Found:
    """Return what keeps values that have the facts from satisfying type, values and bounds."""
    schema = reader.schema
    found: Found = []
    if "type" in schema:
        more = facts.types - types_of(schema["type"])
        if more:
            words = ", ".join(sorted({"fraction": "number"}.get(name, name) for name in more))
            found.append(Difference(path, "type", f"may be {words}"))
    for keyword in ("const", "enum"):
        if keyword in schema:
            found.append(Difference(path, keyword, "may have other values"))
    if facts.types & NUMBERS:
        found += _numbers(facts, schema, path)
    if "string" in facts.types:
        found += _texts(facts, schema, path)
    return found


def _numbers(facts: Facts, schema: dict[str, Any], path: str) -> Found:
    found = []
    low, high = facts.low, facts.high
    for keyword in ("minimum", "exclusiveMinimum"):
        if keyword in schema:
            bound = exact(schema[keyword])
            held = low is not None and (
                low[0] > bound or (low[0] == bound and (low[1] or keyword == "minimum"))
            )
            if not held:
                found.append(Difference(path, keyword, f"may be less than {schema[keyword]} lets"))
    for keyword in ("maximum", "exclusiveMaximum"):
        if keyword in schema:
            bound = exact(schema[keyword])
            held = high is not None and (
                high[0] < bound or (high[0] == bound and (high[1] or keyword == "maximum"))
            )
            if not held:
                found.append(Difference(path, keyword, f"may be more than {schema[keyword]} lets"))
    if "multipleOf" in schema:
        step = exact(schema["multipleOf"])
        whole = () if "fraction" in facts.types else (Fraction(1),)
        if not any((known / step).denominator == 1 for known in (*facts.multiples, *whole)):
            found.append(Difference(path, "multipleOf", f"may be no multiple of {step}"))
    return found


def _texts(facts: Facts, schema: dict[str, Any], path: str) -> Found:
    found = []
    fewest, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    if facts.shortest < fewest and not _counted(facts, fewest, None):
        found.append(Difference(path, "minLength", f"may be shorter than {fewest}"))
    longer = facts.longest is None or (most is not None and facts.longest > most)
    if most is not None and longer and not _counted(facts, 0, int(most)):
        found.append(Difference(path, "maxLength", f"may be longer than {most}"))
    pattern = schema.get("pattern")
    if pattern is not None and not _like(facts, pattern):
        found.append(Difference(path, "pattern", f"may not be like {pattern}"))
    wanted = schema.get("format")
    if wanted in ASSERTED and not facts.formats & {wanted, *_IMPLIED.get(wanted, ())}:
        certain = CERTAIN.get(wanted)
        if certain is None or not _like(facts, certain):
            found.append(Difference(path, "format", f"may be no {wanted}"))
    return found


def _like(facts: Facts, pattern: str) -> bool:
    """Return whether it is proven that texts with the facts have a pattern."""
    # What is counted makes automata long: often the patterns alone suffice.
    return any(regexes.includes(pattern, known) for known in (facts.patterns, facts.like()))


def _counted(facts: Facts, fewest: int, most: int | None) -> bool:
    """Return whether the patterns and formats alone keep a text's length."""
    known = facts.like()
    return bool(known) and bool(regexes.includes(regexes.counted(fewest, most), known))
