"""What is passed on to the engine and back is packed, and fits what Lambda takes."""

import json
import random
import string
from collections.abc import Sequence

import pytest

from search_sync.domain.documents import Document, document, document_id
from search_sync.domain.rows import Media
from search_sync.engine import holdings
from search_sync.engine.writer import MAX_BULK_BYTES
from search_sync.operations.relay_requests import MOST_BYTES, pack, unpack

LETTERS = string.ascii_letters + string.digits + string.punctuation
BEYOND_ASCII = [chr(code) for code in (*range(0xA1, 0x800), *range(0x4E00, 0x9FFF))]
# The rest of a request, and of an answer.
HEAD = 10_000


def texts(letters: Sequence[str], number: int) -> list[str]:
    """Return as many texts as a picture may have, such that nothing is saved by packing them."""
    chance = random.Random(number)  # noqa: S311 - texts, no secrets
    return ["".join(chance.choices(letters, k=200)) for _ in range(100)]


def largest(letters: Sequence[str], number: int) -> Document:
    fields = {
        "tenant": "acme",
        "id": f"med_{number:026}",
        "status": "ready",
        "revision": 1,
        "name": "file.png",
        "texts": texts(letters, number),
        "ready_at": "2026-11-20T08:30:00Z",
    }
    made = document(Media.model_validate(fields))
    assert made is not None
    return made


@pytest.mark.parametrize("letters", [LETTERS, BEYOND_ASCII])
def test_the_largest_bulk_fits(letters: Sequence[str]) -> None:
    lines, number = "", 0
    while len(lines.encode()) < MAX_BULK_BYTES:
        made = largest(letters, number)
        place = {"index": {"_id": document_id("acme", "media", made["id"])}}
        lines += f"{json.dumps(place)}\n{json.dumps(made, ensure_ascii=False)}\n"
        number += 1
    packed = pack(lines.encode())
    assert MOST_BYTES / 2 < len(packed) < MOST_BYTES - HEAD
    assert unpack(packed) == lines.encode()


def test_the_largest_page_fits() -> None:
    hits = [
        {"_index": "starling-documents-v3", "_id": str(number), "_source": largest(LETTERS, number)}
        for number in range(holdings.PAGE)
    ]
    packed = pack(json.dumps({"hits": hits}, ensure_ascii=False).encode())
    assert MOST_BYTES / 2 < len(packed) < MOST_BYTES - HEAD
