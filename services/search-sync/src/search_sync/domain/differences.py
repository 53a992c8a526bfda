"""How an index differs from what the table's rows make of it: pure rules."""

import json
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from search_sync.domain.documents import Document

What = Literal["missing", "extra", "outdated", "different", "unreadable"]


class Place(NamedTuple):
    """Where a document lies: by its id, beside those of the tenant that routed it."""

    id: str
    routing: str


class Wanted(NamedTuple):
    """What a row makes of its document.

    Attributes
    ----------
    version
        The row's revision.
    content
        The document's `digest`; None if there is to be none.
    """

    version: int
    content: str | None


class Held(NamedTuple):
    """A document as an index has it."""

    place: Place
    version: int
    document: Document


class Difference(NamedTuple):
    """A document that is not as its row says.

    Attributes
    ----------
    tenant, kind, id
        What the document shows.
    what
        `missing` is not there, and `extra` should not be; `outdated` is of an older revision of
        the row; `different` is of the same one with another content, or of a later one than there
        is; `unreadable` is a row of which no document can be made.
    row, document
        The row's revision and the document's version; None where there is none.
    """

    tenant: str
    kind: str
    id: str
    what: What
    row: int | None
    document: int | None

    def shown(self) -> dict[str, Any]:
        """Return it as JSON."""
        return self._asdict()


def digest(document: Document) -> str:
    """Return what tells a document's content from any other, in little room."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def compare(wanted: Wanted | None, held: Held | None) -> What | None:
    """Return how a document differs from what its row makes of it, or None if it does not."""
    if wanted is None or wanted.content is None:
        return None if held is None else "extra"
    if held is None:
        return "missing"
    if held.version < wanted.version:
        return "outdated"
    same = held.version == wanted.version and digest(held.document) == wanted.content
    return None if same else "different"


def kept_up(first_seen: int, wanted: Wanted | None, held: Held | None) -> bool:
    """Return whether the index follows a row that is never at rest.

    Parameters
    ----------
    first_seen
        The row's revision when it was first looked at.
    wanted, held
        The two as they were looked at last.
    """
    if wanted is None or wanted.content is None or held is None:
        return False
    return first_seen < held.version <= wanted.version


def difference(
    place: Place, what: What, wanted: Wanted | None, held: Held | None = None
) -> Difference:
    """Return a difference with what its document's id says of it."""
    _, _, shown = place.id.partition(":")
    kind, _, entity_id = shown.rpartition(":")
    return Difference(
        place.routing,
        kind or "unknown",
        entity_id or place.id,
        what,
        wanted.version if wanted else None,
        held.version if held else None,
    )
