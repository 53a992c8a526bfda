"""What to suggest to somebody who is typing, of the documents that their words begin."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from search_sync.domain.documents import Document


class Suggestion(NamedTuple):
    """A text that completes what was typed, and what it leads to."""

    text: str
    kind: str
    id: str


def suggestions(documents: Sequence[Document], typed: str, size: int) -> list[Suggestion]:
    """Return at most `size` suggestions, in the order of their documents.

    Of orders and pictures that would be suggested by the same text the first one counts: people
    buy the same things. Users of one name are different people.
    """
    seen: set[tuple[str, str]] = set()
    made: list[Suggestion] = []
    for document in documents:
        text = _completion(document, typed)
        distinct = document["id"] if document["kind"] == "user" else _folded(text)
        if (document["kind"], distinct) not in seen:
            seen.add((document["kind"], distinct))
            made.append(Suggestion(text, document["kind"], document["id"]))
    return made[:size]


def _completion(document: Document, typed: str) -> str:
    """Return which of the document's texts was begun: its title, if it was several together."""
    wanted = _words(typed)
    for text in _texts(document):
        words = _words(text)
        if all(any(word.startswith(beginning) for word in words) for beginning in wanted):
            return text
    return str(document["title"])


def _texts(document: Document) -> Iterator[str]:
    for field in ("name", "email", "products", "texts"):
        value: Any = document.get(field) or []
        yield from [value] if isinstance(value, str) else value


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", _folded(text))


def _folded(text: str) -> str:
    """Return a text without case and accents, nearly as the index has it."""
    apart = unicodedata.normalize("NFKD", re.sub("['\u2018\u2019]", "", text.casefold()))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
