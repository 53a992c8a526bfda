"""The values that matter to either of two schemas."""

from fractions import Fraction

from contracts.compat import regexes
from contracts.compat.documents import Document
from contracts.compat.values import ASSERTED, exact

_MOST = 60
_LONGEST = 20_000
_LONG_NAME = 256


class Pools:
    """What two documents name: numbers, lengths, texts, patterns and names of properties.

    Parameters
    ----------
    documents
        The writer's and the reader's.
    """

    def __init__(self, *documents: Document) -> None:
        numbers: dict[Fraction, None] = dict.fromkeys([Fraction(0), Fraction(1)])
        lengths: dict[int, None] = dict.fromkeys([0, 1, 2])
        texts: dict[str, None] = dict.fromkeys(["", "a", "1", " ", "é", "(", "{"])
        self.patterns: list[str] = []
        self.steps: list[Fraction] = []
        formats: dict[str, None] = {}
        names: dict[str, None] = {}
        for schema in [part for document in reversed(documents) for part in document.schemas()]:
            for keyword in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"):
                if keyword in schema:
                    numbers[exact(schema[keyword])] = None
            if "multipleOf" in schema:
                self.steps.append(exact(schema["multipleOf"]))
            for keyword, value in schema.items():
                if keyword.startswith(("min", "max")) and isinstance(value, int | float):
                    near = (int(value) - 1, int(value), int(value) + 1)
                    lengths |= dict.fromkeys(n for n in near if 0 <= n <= _LONGEST)
            for value in [*schema.get("enum", []), schema.get("const")]:
                if isinstance(value, str):
                    texts[value] = None
                elif isinstance(value, int | float) and not isinstance(value, bool):
                    numbers[exact(value)] = None
            formats |= dict.fromkeys({str(schema.get("format"))} & ASSERTED)
            if "pattern" in schema:
                self.patterns.append(schema["pattern"])
            self.patterns += schema.get("patternProperties", {})
            lengths |= dict.fromkeys([len(schema.get("prefixItems", ()))])
            names |= dict.fromkeys(schema.get("properties", {}))
            names |= dict.fromkeys(schema.get("required", ()))
            for name, needed in schema.get("dependentRequired", {}).items():
                names |= dict.fromkeys([name, *needed])
            names |= dict.fromkeys(schema.get("dependentSchemas", {}))
        for pattern in self.patterns:
            found = (regexes.shortest(frozenset({pattern})), regexes.outside(frozenset(), pattern))
            names |= dict.fromkeys(name for name in found if name is not None)
        more = [f"x{number}" for number in range(12)]
        more += ["a" * length for length in sorted(lengths) if length <= _LONG_NAME]
        self.formats = list(formats)
        self.numbers = list(numbers)[:_MOST]
        self.lengths = sorted(lengths)[:_MOST]
        self.texts = list(texts)[:_MOST]
        self.patterns = self.patterns[:_MOST]
        self.steps = self.steps[:_MOST]
        self.names = [*list(names)[: 2 * _MOST], *more, ""]
