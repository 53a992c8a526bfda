"""Pictures: from the media service's events to rows and documents."""

import json
from itertools import permutations
from typing import Any

import pytest

from runtime.commits import Commits, Crash
from runtime.conformance import ask, bad_messages, declared
from runtime.reaction import Reaction
from runtime.testing import Context, Queues, queue_event, stream_event
from search_sync.api import search
from search_sync.domain.documents import document
from search_sync.domain.rows import Media
from search_sync.streams import feed_index

REACTIONS: list[Reaction] = [
    reaction
    for reaction in declared("search_sync.reactions")
    if reaction.source == "starling.media"
]
BROKEN = [
    pytest.param(reaction, body, id=f"{reaction.name}-{what}")
    for reaction in REACTIONS
    for what, body in bad_messages(reaction)
]


def tombstone(media_id: str, revision: int = 6) -> dict[str, Any]:
    """Return what is left of a picture."""
    return {
        "kind": "media",
        "id": media_id,
        "status": "deleted",
        "revision": revision,
        "name": None,
        "purpose": None,
        "subject": None,
        "texts": [],
        "colors": [],
        "ready_at": None,
    }


@pytest.fixture
def retries(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    """The retry queue is there, for what the index does not take."""
    monkeypatch.setenv("RETRY_QUEUE_URL", queues.queue)


def test_a_picture_is_kept_with_its_words_but_not_with_who_uploaded_it(
    projected: Any, told: Any
) -> None:
    projected.deliver(told.ready())
    assert projected.media() == {
        "kind": "media",
        "id": told.sign,
        "status": "ready",
        "revision": 5,
        "name": "shop sign.jpg",
        "purpose": "product",
        "subject": "TEA-1",
        "texts": ["OPEN ALL DAY", "tea"],
        "colors": ["#2f4f2f"],
        "ready_at": "2026-11-20T08:30:00Z",
    }


def test_a_purpose_that_is_new_to_us_is_kept_too(projected: Any, told: Any) -> None:
    projected.deliver(told.ready(purpose="banner", subject=None))
    row = projected.media()
    assert (row["purpose"], row["subject"]) == ("banner", None)


def test_of_a_deleted_picture_its_id_alone_remains(projected: Any, told: Any) -> None:
    projected.deliver(told.ready(), told.deleted())
    assert projected.media() == tombstone(told.sign)
    row = projected.image("MEDIA", f"MEDIA#{told.sign}")
    assert "sign.jpg" not in json.dumps(row)
    assert "expires_at" not in row


@pytest.mark.parametrize("order", [*permutations([0, 1, 0, 1])])
def test_a_deletion_is_final_in_whatever_order_and_however_often_events_come(
    projected: Any, told: Any, order: tuple[int, ...]
) -> None:
    steps = [told.ready(), told.deleted()]
    assert projected.deliver(*[steps[step] for step in order]) == []
    assert projected.media() == tombstone(told.sign)
    # The row's revision is the picture's: so the document's version is one that only grows.
    assert projected.image("MEDIA", f"MEDIA#{told.sign}")["revision"] == {"N": "6"}


def test_the_same_event_twice_changes_no_row(projected: Any, told: Any, commits: Commits) -> None:
    event = told.ready()
    projected.deliver(event)
    before = projected.image("MEDIA", f"MEDIA#{told.sign}")
    assert projected.deliver(event) == []
    assert projected.image("MEDIA", f"MEDIA#{told.sign}") == before


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_is_repaired_by_the_next_delivery(
    projected: Any, told: Any, commits: Commits, when: Any
) -> None:
    commits.crash(when=when)
    with pytest.raises(Crash):
        projected.deliver(told.ready())
    assert projected.deliver(told.ready()) == []
    assert projected.media()["name"] == "shop sign.jpg"


@pytest.mark.parametrize(("slow", "fast"), [("ready", "deleted"), ("deleted", "ready")])
def test_of_two_events_at_the_same_moment_the_deletion_stays(
    projected: Any, told: Any, commits: Commits, slow: str, fast: str
) -> None:
    commits.interrupt(lambda: projected.deliver(getattr(told, fast)()))
    assert projected.deliver(getattr(told, slow)()) == []
    assert projected.media() == tombstone(told.sign)


def test_tenants_with_the_same_ids_are_apart(projected: Any, told: Any) -> None:
    globex = type(told)("globex")
    projected.deliver(told.ready(), globex.ready(filename="other.png"), globex.deleted())
    assert projected.media()["name"] == "shop sign.jpg"
    assert projected.media(tenant="globex") == tombstone(told.sign)


@pytest.mark.parametrize(("reaction", "body"), BROKEN)
def test_a_broken_message_is_set_aside_and_the_others_go_on(
    projected: Any, told: Any, queues: Queues, reaction: Reaction, body: str
) -> None:
    fine = {"MediaReady.v1": told.ready, "MediaDeleted.v1": told.deleted}[reaction.detail_type]()
    assert reaction(queue_event(body, fine), Context()) == {"batchItemFailures": []}
    (dead,) = queues.dead()
    assert dead["Body"] == body
    assert dead["MessageAttributes"]["reason"]["StringValue"].startswith("$")
    assert projected.media()["revision"] == fine["detail"]["metadata"]["revision"]


def test_a_picture_becomes_a_document_until_it_is_deleted(
    projected: Any, told: Any, index: Any, retries: None, cursor_secret: None
) -> None:
    projected.deliver(told.ready())
    old = projected.image("MEDIA", f"MEDIA#{told.sign}")
    feed_index.handler(stream_event((None, old)), Context())
    assert index.documents[f"acme:media:{told.sign}"]["texts"] == ["OPEN ALL DAY", "tea"]
    (hit,) = ask(search.handler, query={"kind": "media"}, role="member").body["items"]
    assert hit == {
        "kind": "media",
        "id": told.sign,
        "title": "shop sign.jpg",
        "status": "ready",
        "revision": 5,
        "email": None,
        "customer_id": None,
        "customer_name": None,
        "total": None,
        "placed_at": None,
        "purpose": "product",
        "subject": "TEA-1",
        "texts": ["OPEN ALL DAY", "tea"],
        "colors": ["#2f4f2f"],
        "ready_at": "2026-11-20T08:30:00Z",
        "highlights": {"title": ["<em>shop sign.jpg</em>"]},
    }
    assert index.searches[-1].kind == "media"

    projected.deliver(told.deleted())
    gone = projected.image("MEDIA", f"MEDIA#{told.sign}")
    feed_index.handler(stream_event((old, gone)), Context())
    assert index.documents == {}
    feed_index.handler(stream_event((None, old)), Context())  # the stream's batch comes again
    assert index.documents == {}


def test_a_deleted_picture_has_no_document() -> None:
    assert document(Media(tenant="acme", id="med_1", status="deleted", revision=6)) is None


def test_a_pictures_document_holds_what_it_is_found_by_and_what_is_shown() -> None:
    row = Media.model_validate(
        {
            "tenant": "acme",
            "id": "med_1",
            "status": "ready",
            "revision": 5,
            "name": "ada.png",
            "purpose": "avatar",
            "subject": "usr_1",
            "texts": ["Ada"],
            "ready_at": "2026-11-20T08:30:00Z",
        }
    )
    assert document(row) == {
        "tenant": "acme",
        "kind": "media",
        "id": "med_1",
        "title": "ada.png",
        "status": "ready",
        "revision": 5,
        "name": "ada.png",
        "purpose": "avatar",
        "subject": "usr_1",
        "texts": ["Ada"],
        "colors": [],
        "ready_at": "2026-11-20T08:30:00Z",
    }
