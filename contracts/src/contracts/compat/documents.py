"""Schema documents: checked, and brought into one dialect. Nothing is ever fetched."""

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final, NamedTuple

from contracts.compat.dialects import first_line, modern
from contracts.compat.pointers import in_place, point, renamed, walk
from contracts.compat.reading import BadSchema, Schema
from contracts.schema import DIALECT

_BACKTRACKS: Final = 100_000  # of one pattern on one text: more is an error, not a longer wait


class Node(NamedTuple):
    """A schema within a document."""

    schema: Schema
    document: "Document"

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self.schema is other.schema

    def part(self, schema: Schema) -> "Node":
        """Return a schema of the same document."""
        return Node(schema, self.document)

    @property
    def target(self) -> "Node":
        """The schema that this one's ``$ref`` points to."""
        return self.part(self.document.at(self.schema["$ref"]))


class Document:
    """A schema document, checked against its metaschema.

    Parameters
    ----------
    schema
        The document, as JSON values; it is not changed.
    closed
        Whether objects have no properties but those that the schema names, where it leaves that
        open: what a writer sends, as opposed to what its schema would let pass.

    Raises
    ------
    BadSchema
        It is no schema, or refers to elsewhere or to nothing.
    """

    def __init__(self, schema: Schema, *, closed: bool = False) -> None:
        self.root = modern(schema)
        self._resolved: dict[str, Schema] = {}
        self._loops()
        if closed:
            from contracts.compat.closing import close  # noqa: PLC0415 - it reads documents

            self.root = close(self)
            self._resolved = {}
        self.valid(self.root, None)  # a pattern that is none shows now

    @property
    def node(self) -> Node:
        """The whole."""
        return Node(self.root, self)

    def schemas(self) -> Iterator[dict[str, Any]]:
        """Yield every schema of the document that is an object."""
        return walk(self.root)

    def at(self, reference: str) -> Schema:
        """Return the schema that a local reference points to."""
        if reference not in self._resolved:
            try:
                self._resolved[reference] = point(self.root, reference)
            except BadSchema:
                self._resolved[reference] = point(self.root, renamed(reference))
        return self._resolved[reference]

    def valid(self, schema: Schema, value: Any) -> bool:
        """Return whether a schema of this document accepts a value, in a validator's judgement."""
        if isinstance(schema, bool):
            return schema
        if id(schema) not in self._validators:
            self._validators[id(schema)] = schema, self._validator(schema)
        return bool(self._validators[id(schema)][1].is_valid(value))

    @cached_property
    def _validators(self) -> dict[int, tuple[Schema, Any]]:
        # The schemas are kept too: another one's id could not be told from that of one gone.
        return {}

    def _validator(self, schema: Schema) -> Any:
        import jsonschema_rs  # noqa: PLC0415 - an extra: who compares no schemas needs none

        # Definitions stay where references look for them: beside what the schema itself says.
        if schema is self.root or not any("$ref" in part for part in walk(schema)):
            whole = {**schema, "$schema": DIALECT}
        else:
            holder = {"$defs": {"root": self.root, "part": schema}}
            whole = json.loads(json.dumps(holder))
            for part in walk(whole):
                if isinstance(part.get("$ref"), str):
                    part["$ref"] = "#/$defs/root" + part["$ref"].removeprefix("#")
            whole |= {"$schema": DIALECT, "$ref": "#/$defs/part"}
        try:
            return jsonschema_rs.Draft202012Validator(
                whole,
                validate_formats=True,
                pattern_options=jsonschema_rs.FancyRegexOptions(
                    backtrack_limit=_BACKTRACKS, size_limit=2**22, dfa_size_limit=2**22
                ),
            )
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            raise BadSchema(first_line(error)) from None

    def _loops(self) -> None:
        """Refuse schemas that speak of the very value by way of themselves: they mean nothing."""
        done: set[int] = set()
        for start in self.schemas():
            path: dict[int, None] = {}  # in the order in which they were entered
            work: list[tuple[Schema, bool]] = [(start, True)]
            while work:
                part, entered = work.pop()
                if not entered:
                    path.popitem()
                    done.add(id(part))
                elif isinstance(part, dict) and id(part) in path:
                    raise BadSchema("a $ref only leads back to itself, not into the document")
                elif isinstance(part, dict) and id(part) not in done:
                    path[id(part)] = None
                    work.append((part, False))
                    around = [*in_place(part), part.get("not", True)]
                    around += [self.at(part["$ref"])] if "$ref" in part else []
                    work += [(one, True) for one in around]
