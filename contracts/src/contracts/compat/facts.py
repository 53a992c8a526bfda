"""What is known of a document at one place, when it satisfies some schemas.

Schemas are taken apart into alternatives; each is a set of facts that all hold. Facts never say
more than the schemas do: whatever satisfies the schemas satisfies one of the sets of facts.
"""

import math
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

from contracts.compat import regexes
from contracts.compat.documents import Node
from contracts.compat.formats import SHAPES
from contracts.compat.names import evaluated, matches
from contracts.compat.pointers import in_place
from contracts.compat.values import (
    ASSERTED,
    NOTES,
    NUMBERS,
    TYPES,
    canonical,
    exact,
    least,
    type_of,
    types_of,
)

_MAX_LISTED: Final = 256  # whole numbers or texts that are looked at one by one


class Undecided(Exception):
    """It would take too long, or is beyond what is understood."""


@dataclass(frozen=True)
class Others:
    """A constraint on the properties that its own schema does not name."""

    names: frozenset[str]
    patterns: frozenset[str]
    node: Node


@dataclass(frozen=True)
class Items:
    """A constraint on the items of an array."""

    first: tuple[Node, ...]
    rest: Node | None


@dataclass(frozen=True)
class Contains:
    """A constraint on how many items satisfy a schema."""

    node: Node
    least: int
    most: int | None


@dataclass(eq=False)
class Facts:
    """Facts about a value; every one holds."""

    types: frozenset[str] = TYPES
    values: tuple[Any, ...] | None = None
    low: tuple[Fraction, bool] | None = None  # the bound, and whether it is excluded itself
    high: tuple[Fraction, bool] | None = None
    multiples: tuple[Fraction, ...] = ()
    shortest: int = 0
    longest: int | None = None
    patterns: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()
    items: tuple[Items, ...] = ()
    least_items: int = 0
    most_items: int | None = None
    unique: bool = False
    contains: tuple[Contains, ...] = ()
    properties: dict[str, tuple[Node, ...]] = field(default_factory=dict)
    pattern_properties: tuple[tuple[str, Node], ...] = ()
    others: tuple[Others, ...] = ()
    names: tuple[Node, ...] = ()
    required: frozenset[str] = frozenset()
    least_properties: int = 0
    most_properties: int | None = None
    needs: tuple[tuple[str, str], ...] = ()  # if the first property is there, so is the second
    denied: tuple[Node, ...] = ()
    nodes: tuple[Node, ...] = ()  # all that the facts were read from

    def copy(self) -> "Facts":
        """Return a copy that can be changed alone."""
        return replace(self, properties=dict(self.properties))

    def plain(self) -> "Facts":
        """Return the facts without what is denied."""
        return replace(self.copy(), denied=())

    def by_type(self) -> "list[Facts]":
        """Return the facts of each type alone; whole and other numbers stay together."""
        kinds = [self.types & NUMBERS, *({name} for name in sorted(self.types - NUMBERS))]
        parts = []
        for kind in kinds:
            if kind:
                part = replace(self.copy(), types=frozenset(kind))
                part.settle()
                if part.types:
                    parts.append(part)
        return parts

    def like(self) -> frozenset[str]:
        """Return all that is known of a text, as patterns."""
        known = {*self.patterns, *(SHAPES[name] for name in self.formats if name in SHAPES)}
        if self.shortest or self.longest is not None:
            known.add(regexes.counted(self.shortest, self.longest))
        return frozenset(known)

    def at_name(self, name: str) -> tuple[Node, ...]:
        """Return all that the property of a name has to satisfy."""
        found = list(self.properties.get(name, ()))
        found += [node for pattern, node in self.pattern_properties if matches(pattern, name)]
        for other in self.others:
            if name not in other.names and not any(matches(p, name) for p in other.patterns):
                found.append(other.node)
        return tuple(found)

    def at_other_names(self) -> tuple[Node, ...]:
        """Return all that a property has to satisfy that no schema names and no pattern takes."""
        return tuple(other.node for other in self.others)

    def at_index(self, index: int) -> tuple[Node, ...]:
        """Return all that the item at an index has to satisfy."""
        found = []
        for items in self.items:
            if index < len(items.first):
                found.append(items.first[index])
            elif items.rest is not None:
                found.append(items.rest)
        return tuple(found)

    @property
    def tuple_length(self) -> int:
        """From this index on, all items have to satisfy the same."""
        return max((len(items.first) for items in self.items), default=0)

    @property
    def last_item(self) -> float:
        """How many items there can be."""
        most = math.inf if self.most_items is None else self.most_items
        for index in range(self.tuple_length + 1):
            if index < most and any(node.schema is False for node in self.at_index(index)):
                return index
        return most

    def take(self, node: Node) -> None:
        """Add what a schema says, but for its alternatives."""
        schema = node.schema
        self.nodes += (node,)
        if "type" in schema:
            self.types &= types_of(schema["type"])
        for keyword in ("const", "enum"):
            if keyword in schema:
                listed = schema["enum"] if keyword == "enum" else [schema["const"]]
                by_text = {canonical(value): value for value in listed}
                if self.values is None:
                    self.values = tuple(by_text.values())
                else:
                    self.values = tuple(v for v in self.values if canonical(v) in by_text)
        self._take_numbers(schema)
        self._take_texts(schema)
        self._take_arrays(node)
        self._take_objects(node)

    def _take_numbers(self, schema: dict[str, Any]) -> None:
        for keyword, excluded in (("minimum", False), ("exclusiveMinimum", True)):
            if keyword in schema:
                bound = (exact(schema[keyword]), excluded)
                self.low = bound if self.low is None else max(self.low, bound)
        for keyword, excluded in (("maximum", False), ("exclusiveMaximum", True)):
            if keyword in schema:
                bound = (exact(schema[keyword]), excluded)
                self.high = (
                    bound
                    if self.high is None
                    else min(self.high, bound, key=lambda one: (one[0], not one[1]))
                )
        if "multipleOf" in schema:
            self.multiples += (exact(schema["multipleOf"]),)

    def _take_texts(self, schema: dict[str, Any]) -> None:
        self.shortest = max(self.shortest, int(schema.get("minLength", 0)))
        self.longest = least(self.longest, schema.get("maxLength"))
        if "pattern" in schema:
            self.patterns |= {schema["pattern"]}
        if schema.get("format") in ASSERTED:
            self.formats |= {schema["format"]}

    def _take_arrays(self, node: Node) -> None:
        schema = node.schema
        first = tuple(node.part(item) for item in schema.get("prefixItems", []))
        rest = schema.get("items")
        if rest is None and not (in_place(schema) or schema.keys() & {"contains", "$ref"}):
            rest = schema.get("unevaluatedItems")
        if first or rest is not None:
            self.items += (Items(first, None if rest is None else node.part(rest)),)
        self.least_items = max(self.least_items, int(schema.get("minItems", 0)))
        self.most_items = least(self.most_items, schema.get("maxItems"))
        self.unique = self.unique or schema.get("uniqueItems") is True
        if "contains" in schema:
            fewest = int(schema.get("minContains", 1))
            most = schema.get("maxContains")
            part = node.part(schema["contains"])
            self.contains += (Contains(part, fewest, None if most is None else int(most)),)
            self.least_items = max(self.least_items, fewest)

    def _take_objects(self, node: Node) -> None:
        schema = node.schema
        named = schema.get("properties", {})
        for name, part in named.items():
            self.properties[name] = (*self.properties.get(name, ()), node.part(part))
        patterns = schema.get("patternProperties", {})
        self.pattern_properties += tuple((p, node.part(part)) for p, part in patterns.items())
        if schema.get("additionalProperties", True) is not True:
            part = node.part(schema["additionalProperties"])
            self.others += (Others(frozenset(named), frozenset(patterns), part),)
        if schema.get("unevaluatedProperties", True) is not True:
            names, also, all_ = evaluated(node)
            if not all_:
                self.others += (Others(names, also, node.part(schema["unevaluatedProperties"])),)
        if "propertyNames" in schema:
            self.names += (node.part(schema["propertyNames"]),)
        self.required |= frozenset(schema.get("required", ()))
        self.least_properties = max(self.least_properties, int(schema.get("minProperties", 0)))
        self.most_properties = least(self.most_properties, schema.get("maxProperties"))
        for name, needed in schema.get("dependentRequired", {}).items():
            self.needs += tuple((name, other) for other in needed)

    def settle(self) -> None:
        """Take out the types that nothing can be of."""
        if any(step.denominator == 1 for step in self.multiples):
            self.types -= {"fraction"}
        if self.types <= {"integer"} | TYPES - NUMBERS:
            self._round()
        for name, needed in self.needs * 2:
            if name in self.required:
                self.required |= {needed}
        gone: set[str] = set()
        if self._no_number():
            gone |= NUMBERS
        if self.longest is not None and self.shortest > self.longest:
            gone.add("string")
        if self.least_items > self.last_item:
            gone.add("array")
        if self.most_properties is not None and self.most_properties < max(
            self.least_properties, len(self.required)
        ):
            gone.add("object")
        if any(node.schema is False for name in self.required for node in self.at_name(name)):
            gone.add("object")
        for node in self.denied:
            if isinstance(node.schema, dict) and node.schema.keys() - NOTES == {"type"}:
                gone |= types_of(node.schema["type"])
        self.types -= gone
        if self.values is not None:
            self.values = tuple(v for v in self.values if type_of(v) in self.types)

    def _no_number(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return self.low[0] > self.high[0] or (
            self.low[0] == self.high[0] and (self.low[1] or self.high[1])
        )

    def _round(self) -> None:
        """Whole numbers only: move the bounds to whole numbers."""
        if self.low is not None:
            bound, excluded = self.low
            whole = Fraction(math.ceil(bound))
            self.low = (whole + 1 if excluded and whole == bound else whole, False)
        if self.high is not None:
            bound, excluded = self.high
            whole = Fraction(math.floor(bound))
            self.high = (whole - 1 if excluded and whole == bound else whole, False)

    def listed(self) -> list[Any] | None:
        """Return all values that there can be, if they are few; perhaps some too many."""
        if self.values is not None:
            return [value for value in self.values if self._allows(value)]
        if not self.types <= {"null", "boolean", "integer", "string"}:
            return None
        values: list[Any] = [None] if "null" in self.types else []
        values += [False, True] if "boolean" in self.types else []
        if "integer" in self.types:
            if self.low is None or self.high is None:
                return None
            step = math.lcm(*(multiple.numerator for multiple in self.multiples))
            if self.high[0] - self.low[0] > _MAX_LISTED * step:
                return None
            values += range(math.ceil(self.low[0] / step) * step, int(self.high[0]) + 1, step)
        if "string" in self.types:
            texts = regexes.texts(self.like(), _MAX_LISTED) if self.patterns else None
            if texts is None:
                return None
            values += texts
        return [value for value in values if self._allows(value)]

    def _allows(self, value: Any) -> bool:
        if any(node.document.valid(node.schema, value) for node in self.denied):
            return False
        return all(node.document.valid(node.schema, value) for node in self.nodes)
