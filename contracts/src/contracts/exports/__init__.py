"""The contracts in everyone else's formats, made from the golden files and from nothing else.

A module per format has one function, ``export``, which takes the `contracts.exports.book.Book` and
returns the files that say what the book says. `contracts.exports.folder` lays them down.
"""

import importlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contracts.exports.book import Book


class Format(StrEnum):
    """What the contracts can be exported to."""

    ASYNCAPI = "asyncapi"
    EVENTCATALOG = "eventcatalog"
    EVENTBRIDGE_SCHEMAS = "eventbridge-schemas"
    CLOUDEVENTS = "cloudevents"
    PACT = "pact"
    DOCS = "docs"


@dataclass(frozen=True, slots=True)
class Export:
    """What a format has to say.

    Attributes
    ----------
    files
        The texts of the files, by path below the folder of the export.
    losses
        What the contracts say and the format cannot: a line each, beginning with the file.
    """

    files: dict[str, str]
    losses: list[str] = field(default_factory=list)


def export(form: Format, book: "Book") -> Export:
    """Return the contracts in a format: the same book gives the same bytes."""
    module = importlib.import_module(f"contracts.exports.{form.name.lower()}")
    made: Export = module.export(book)
    return made
