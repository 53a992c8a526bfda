"""Values that a schema takes and a pattern without ``$or`` matches, or why there is none.

A value is built from the outside in: of each object the fields that the pattern names, of each
array one item, which is all that a pattern can be met by. A schema is read as a superset of what it
takes (conditions and ``not`` are left to the validator), so that what fits no part of it is never
sent; and a field that is declared nowhere is not sent either, though objects are open.
"""

import copy
from collections.abc import Mapping
from difflib import get_close_matches
from functools import partial
from itertools import islice
from typing import Any

from contracts.patterns import schemas
from contracts.patterns.automata import NotReasoned
from contracts.patterns.parts import Branch, step
from contracts.patterns.ruler import Ruler
from contracts.patterns.scalars import ANYTHING, Fit, either, kinds, scalar
from contracts.patterns.schemas import Part, Schemas
from contracts.patterns.whynot import described

MISSING: Any = object()
"""No value: what a field has that is not there."""

_ABSENT = {"exists": False}
_MAX_VALUES = 8
_MAX_DEPTH = 24
_MAX_WORK = 5_000  # values that are built


class Fitting:
    """Builds values of one document's schemas, for one pattern: there is an end to its work.

    Parameters
    ----------
    found
        The document.
    ruler
        The engine.
    """

    def __init__(self, found: Schemas, ruler: Ruler) -> None:
        self._schemas = found
        self._ruler = ruler
        self._work = 0

    def fit(
        self, schema: Any, wanted: Branch, example: Any = MISSING, path: str = "$", depth: int = 0
    ) -> Fit:
        """Return values of a schema that fit.

        Parameters
        ----------
        schema
            The schema.
        wanted
            What the fields in the value must be, by joined name; of ``""``, what itself must be.
        example
            A value to keep near to.
        path
            Where the value is, as a JSON path.
        depth
            How many values it is within.
        """
        self._work += 1
        if depth > _MAX_DEPTH or self._work > _MAX_WORK:
            return _unknown(path, "the schema is too deep or too wide to be looked through")
        try:
            options = self._schemas.options(schema)
        except NotReasoned as error:
            return _unknown(path, f"the schema has {error}")
        fits = [self._option(parts, wanted, example, path, depth) for parts in options]
        several = [
            fit
            for parts, fit in zip(options, fits, strict=True)
            if schemas.types(parts) != {"null"} or fit.values
        ]
        return either(several or fits) if options else Fit([], {path: "is never there"})

    def _option(
        self, parts: list[Part], wanted: Branch, example: Any, path: str, depth: int
    ) -> Fit:
        if (listed := schemas.finite(parts)) is not None:
            return self._finite(parts, listed, wanted, path)
        types = schemas.types(parts)
        fits = []
        if "object" in types:
            fits.append(self._object(parts, wanted, example, path, depth))
        if "array" in types:
            fits.append(self._array(parts, wanted, example, path, depth))
        if types - {"array", "object"}:
            fits.append(self._scalar(parts, wanted, example, path))
        return either(fits) if fits else Fit([], {path: "is never there"})

    def _finite(self, parts: list[Part], listed: list[Any], wanted: Branch, path: str) -> Fit:
        values = [value for value in listed if self._schemas.problem(parts, value) is None]
        if fitting := [value for value in values if self._matches(wanted, value)]:
            return Fit(fitting)
        always = ("one of " if len(values) > 1 else "") + ", ".join(map(schemas.shown, values))
        never = ", ".join(described(each) for each in wanted.get("", []))
        return Fit([], {path: f"is always {always}" + (f": never {never}" if never else "")})

    def _scalar(self, parts: list[Part], wanted: Branch, example: Any, path: str) -> Fit:
        for name, alternatives in wanted.items():
            if name and _ABSENT not in alternatives:
                kind = kinds(schemas.types(parts) - {"array", "object"})
                return Fit([], {path: f"is {kind}: it has no field {name}"})
        positive = [each for each in wanted.get("", [ANYTHING]) if each != _ABSENT]
        if not positive:
            return Fit([], {path: "is always there"})
        return either(
            scalar(
                self._schemas,
                parts,
                alternative,
                matches=partial(self._matches, {"": [alternative]}),
                example=example,
                path=path,
            )
            for alternative in positive
        )

    def _array(self, parts: list[Part], wanted: Branch, example: Any, path: str, depth: int) -> Fit:
        longest = min((part["maxItems"] for part in parts if "maxItems" in part), default=None)
        least = max((part.get("minItems", 0) for part in parts), default=0)
        empty: list[Any] = [[]] if not least and _may_miss(wanted) else []
        if longest == 0:
            return self._valid(parts, empty, path, "is always an empty array", proven=True)
        near = example if isinstance(example, list) else []
        item = self.fit(_item(parts), wanted, near[0] if near else MISSING, f"{path}[*]", depth + 1)
        if not item.values and not empty:
            return item
        values = [[value] * max(least, 1) for value in item.values]
        values += [[value, *near[1:]] for value in item.values if len(near) > 1]
        return self._valid(parts, empty + values, path)

    def _object(
        self, parts: list[Part], wanted: Branch, example: Any, path: str, depth: int
    ) -> Fit:
        if _ABSENT not in wanted.get("", [_ABSENT]):
            return Fit([], {path: "is an object: a pattern reaches only values in it"})
        groups, undeclared = self._groups(parts, wanted)
        required = schemas.required(parts)
        reasons: dict[str, str] = {}
        proven = False
        choices: dict[str, list[Any]] = {}
        for name in undeclared:
            if _ABSENT not in wanted[name]:
                near = get_close_matches(name.split(".")[0], schemas.declared(parts) or (), 1)
                meant = f": did you mean {near[0]}?" if near else ""
                reasons[path + "".join(map(step, name.split(".")))] = (
                    f"no such field is declared{meant}"
                )
                proven = True
        near_values = example if isinstance(example, Mapping) else {}
        for name, inner in groups.items():
            fit = self.fit(
                schemas.field(parts, name),
                inner,
                near_values.get(name, MISSING),
                path + step(name),
                depth + 1,
            )
            absent = [MISSING] if name not in required and _may_miss(inner) else []
            choices[name] = absent + fit.values
            if not choices[name]:
                reasons |= fit.reasons
                proven |= fit.proven and not _ambiguous(name, inner, schemas.declared(parts))
        if reasons:
            return Fit([], reasons, proven)
        if isinstance(example, Mapping):
            near_it = self._valid(parts, _combined(dict(example), choices), path)
            if near_it.values:
                return near_it
        return self._valid(parts, _combined(self._least(parts, depth), choices), path)

    def _groups(self, parts: list[Part], wanted: Branch) -> tuple[dict[str, Branch], list[str]]:
        """Return what is wanted of each declared field, and the joined names of the others."""
        names = schemas.declared(parts)
        groups: dict[str, Branch] = {}
        undeclared = []
        for joined, alternatives in wanted.items():
            if not joined:
                continue
            first = joined.split(".")[0]
            fitting = [
                name
                for name in (names if names is not None else {first})
                if joined == name or joined.startswith(f"{name}.")
            ]
            if fitting:
                name = max(fitting, key=len)
                groups.setdefault(name, {})[joined[len(name) + 1 :]] = alternatives
            else:
                undeclared.append(joined)
        return groups, undeclared

    def _least(self, parts: list[Part], depth: int) -> dict[str, Any]:
        """Return an object with the required fields, as far as they can be made."""
        made = {}
        for name in sorted(schemas.required(parts)):
            fit = self.fit(schemas.field(parts, name), {}, MISSING, "$", depth + 1)
            if fit.values:
                made[name] = fit.values[0]
        return made

    def _valid(
        self,
        parts: list[Part],
        values: list[Any],
        path: str,
        why: str = "",
        *,
        proven: bool = False,
    ) -> Fit:
        valid: list[Any] = []
        problem = why
        for value in values:
            invalid = self._schemas.problem(parts, value)
            if invalid is None:
                valid.append(value)
            problem = problem or invalid or ""
        return Fit(valid[:_MAX_VALUES]) if valid else Fit([], {path: problem}, proven)

    def _matches(self, wanted: Branch, value: Any) -> bool:
        if not wanted:
            return True
        pattern = {f"value.{name}" if name else "value": each for name, each in wanted.items()}
        return self._ruler.matches(pattern, {"value": value})


def _combined(base: dict[str, Any], choices: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Return objects with the first choice of each field, then with one other choice at a time."""
    firsts = {name: each[0] for name, each in choices.items()}
    others = ({**firsts, name: value} for name, each in choices.items() for value in each[1:])
    made = []
    for chosen in [firsts, *islice(others, _MAX_VALUES)]:
        value = copy.deepcopy(base) | chosen
        made.append({name: each for name, each in value.items() if each is not MISSING})
    return made


def _item(parts: list[Part]) -> Part:
    """Return the schema that an item of an array has in one place or another."""
    each = [
        [*part.get("prefixItems", []), part.get("items", True)]
        for part in parts
        if "items" in part or "prefixItems" in part
    ]
    return {"allOf": [{"anyOf": places} for places in each]}


def _ambiguous(name: str, inner: Branch, names: set[str] | None) -> bool:
    """Return whether another field, with a dot in its name, may be what is meant by the joined."""
    if names is None:
        return any(inner)
    return any(other.startswith(f"{name}.") or name.startswith(f"{other}.") for other in names)


def _may_miss(wanted: Branch) -> bool:
    return all(_ABSENT in alternatives for alternatives in wanted.values())


def _unknown(path: str, why: str) -> Fit:
    return Fit([], {path: why}, proven=False)
