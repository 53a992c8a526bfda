"""Which words of what was found are those that were looked for."""

from collections.abc import Mapping, Sequence
from typing import Any

Highlights = dict[str, list[str]]

START, END = "<em>", "</em>"

# The field of an answer, and those of the index that are asked for its highlights.
_FIELDS = {
    "title": ("title", "title.stems"),
    "email": ("email.words",),
    "customer_name": ("customer_name", "customer_name.stems"),
    "products": ("products", "products.stems"),
    "texts": ("texts", "texts.stems"),
}

HIGHLIGHTED: dict[str, Any] = {
    # What people wrote is no HTML, whatever it looks like.
    "encoder": "html",
    "pre_tags": [START],
    "post_tags": [END],
    # Whole values: of a field with several, those with a highlight.
    "number_of_fragments": 0,
    # An order's title is made of what is searched, and is not searched itself.
    "require_field_match": False,
    "fields": {field: {} for fields in _FIELDS.values() for field in fields},
}
"""What to ask the engine for."""


def highlights(found: Mapping[str, Sequence[str]]) -> Highlights:
    """Return a document's highlights by the answer's fields.

    Parameters
    ----------
    found
        The engine's, by the index's fields. A word and its stem are looked for in two of them:
        the one with more highlights counts.
    """
    best = {
        name: max((found.get(field, ()) for field in fields), key=_marks)
        for name, fields in _FIELDS.items()
    }
    return {name: list(texts) for name, texts in best.items() if texts}


def _marks(texts: Sequence[str]) -> int:
    return sum(text.count(START) for text in texts)
