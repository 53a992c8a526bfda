"""What a writer sends, as opposed to all that its schema would let pass.

An object whose properties are named, and of whose others nothing is said, gets no others. Where a
schema says something of them (``additionalProperties: true``, a map's values, patterns), it means
it. Only places that one schema alone describes are closed: what several schemas describe together
(``allOf``, ``if``) stays as it is, but for the whole of it at the outermost.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from contracts.compat.documents import Document
    from contracts.compat.reading import Schema

_TOGETHER = {"allOf", "if", "dependentSchemas", "not"}
_OTHERS = {"additionalProperties", "unevaluatedProperties", "patternProperties"}


def close(document: "Document") -> "Schema":
    """Return the document's schema with the objects of the writer closed."""
    return _Closing(document).whole()


class _Closing:
    def __init__(self, document: "Document") -> None:
        self._document = document
        self._names: dict[int, str] = {}  # of closed definitions, by the schema that they close
        self._made: dict[str, Any] = {}

    def whole(self) -> "Schema":
        root = self._document.root
        if isinstance(root, bool):
            return root
        closed = self._place(root)
        # The open definitions stay beside the closed ones: what is composed refers to them.
        return {**closed, "$defs": {**root.get("$defs", {}), **self._made, "@": root}}

    def _place(self, schema: Any) -> Any:
        """Return the schema of a place, closed."""
        if isinstance(schema, bool):
            return schema
        own = "properties" in schema or "patternProperties" in schema
        if schema.keys() & _TOGETHER or (own and schema.keys() & {"anyOf", "oneOf", "$ref"}):
            return self._moved(schema) | self._shut(schema)
        made: dict[str, Any] = {}
        for keyword, value in schema.items():
            if keyword == "$ref":
                made[keyword] = self._reference(value)
            elif keyword in ("anyOf", "oneOf", "prefixItems"):
                made[keyword] = [self._place(item) for item in value]
            elif keyword in ("properties", "patternProperties"):
                made[keyword] = {name: self._place(item) for name, item in value.items()}
            elif keyword in ("items", "additionalProperties", "unevaluatedProperties"):
                made[keyword] = self._place(value)
            elif keyword not in ("$defs", "definitions"):
                made |= self._moved({keyword: value})
        if "properties" in schema and not schema.keys() & _OTHERS:
            made["additionalProperties"] = False
        return made

    def _shut(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return what closes a place that several schemas describe."""
        if schema.keys() & _OTHERS or not self._record(schema, set()):
            return {}
        return {"unevaluatedProperties": False}

    def _record(self, schema: Any, seen: set[int]) -> bool:
        """Return whether it names properties, itself or in what it is made of."""
        if not isinstance(schema, dict) or id(schema) in seen:
            return False
        seen.add(id(schema))
        if "properties" in schema:
            return True
        parts = [item for key in ("allOf", "anyOf", "oneOf") for item in schema.get(key, [])]
        parts += [schema[key] for key in ("then", "else") if key in schema]
        parts += schema.get("dependentSchemas", {}).values()
        if "$ref" in schema:
            parts.append(self._document.at(schema["$ref"]))
        return any(self._record(part, seen) for part in parts)

    def _reference(self, reference: str) -> str:
        target = self._document.at(reference)
        if isinstance(target, bool):
            return f"#/$defs/{self._bool(target)}"
        if id(target) not in self._names:
            name = f"@{len(self._names)}"
            self._names[id(target)] = name
            self._made[name] = self._place(target)
        return f"#/$defs/{self._names[id(target)]}"

    def _bool(self, target: bool) -> str:
        self._made[str(target)] = target
        return str(target)

    def _moved(self, schema: Any) -> Any:
        """Return the schema as it is, for its place in the closed document."""
        if isinstance(schema, list):
            return [self._moved(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        made = {}
        for key, value in schema.items():
            if key in ("const", "enum", "default", "examples", "$defs", "definitions"):
                made[key] = value if key not in ("$defs", "definitions") else {}
            elif key == "$ref" and isinstance(value, str):
                made[key] = "#/$defs/@" + value.removeprefix("#")
            else:
                made[key] = self._moved(value)
        return made
