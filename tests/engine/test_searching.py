"""The order of what is found, its pages, and the limits of what is asked."""

import itertools
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy.exceptions import NotFoundError

from runtime.cursor import Cursors
from search_sync.domain.documents import document_id
from search_sync.domain.query import Place, Search, Sort
from search_sync.engine.client import ALIAS, INDEX
from search_sync.index import Write
from tests.engine.builders import Index, fill, found, media, order, refresh, user
from tests.engine.conftest import Engine


def test_an_exact_id_comes_before_whatever_else_matches(index: Index) -> None:
    ada = user("Ada Lovelace")
    namesake = user(f"{ada.id} {ada.id} {ada.id}")
    fill(index, ada, namesake, order(ada.id, customer=namesake))
    assert found(index, ada.id)[0] == ada.id


def test_a_whole_word_comes_before_a_near_miss(index: Index) -> None:
    near, exact = user("Adam"), user("Ada")
    fill(index, near, exact)
    assert found(index, "ada") == [exact.id, near.id]


@pytest.mark.parametrize("words", [4, 8, 28])
def test_texts_of_many_words_that_are_like_many_others_are_answered(
    index: Index, words: int
) -> None:
    dice = random.Random(words)  # noqa: S311 - the same names in each run

    def word() -> str:
        return "".join(dice.choices("abcd", k=6))

    fill(index, *[user(f"{word()} {word()} {word()} {word()}") for _ in range(2000)])
    text = " ".join(word() for _ in range(words))
    assert len(text) <= 200
    assert isinstance(found(index, text), list)


def test_a_text_whose_every_word_is_like_many_others_in_every_field_is_answered(
    index: Index,
) -> None:
    dice = random.Random(5)  # noqa: S311 - the same names in each run

    def words(number: int = 4) -> list[str]:
        return ["".join(dice.choices("abcd", k=4)) for _ in range(number)]

    users = [user(" ".join(words()), f"{'.'.join(words())}@example.com") for _ in range(300)]
    orders = [order(*words(), customer=customer) for customer in users]
    fill(index, *users, *orders, *[media(*words(), name=" ".join(words())) for _ in range(300)])
    text = " ".join(words(12))  # the most that are looked for with near misses
    assert len(text) == 59
    assert isinstance(found(index, text), list)


@pytest.mark.parametrize("text", ["", "thing", "thng"])
def test_pages_show_everything_once(index: Index, text: str) -> None:
    users = [user(f"Thing {number % 5}") for number in range(23)]
    fill(index, *users, *[user("Thing", tenant="globex") for _ in range(5)])
    seen: list[str] = []
    after = None
    while True:
        page = index.search(Search(tenant="acme", text=text, size=4, after=after))
        seen += [document["id"] for document in page.documents]
        after = page.last
        if after is None:
            break
        assert len(page.documents) == 4
    assert sorted(seen) == sorted(row.id for row in users)


def pages(index: Index, **asked: Any) -> Iterator[list[str]]:
    """Yield the ids of page after page, to the end."""
    after = None
    while True:
        # As a cursor keeps it: the listing goes on in another process.
        place = json.loads(json.dumps(after))
        page = index.search(Search(tenant="acme", after=place, **asked))
        yield [document["id"] for document in page.documents]
        after = page.last
        if after is None:
            return


def points_in_time(index: Index) -> int:
    try:
        answer = index.client.transport.perform_request("GET", "/_search/point_in_time/_all")
    except NotFoundError:
        return 0  # the engine's words for none
    return len(answer["pits"])


def things(index: Index) -> list[str]:
    """Index twelve things, and return their ids in order."""
    made = [user(f"Thing {'thing ' * (number % 3)}{number}") for number in range(12)]
    fill(index, *made)
    return sorted(thing.id for thing in made)


@pytest.mark.parametrize("sort", ["relevance", "newest"])
def test_a_listing_shows_what_there_was_when_it_began(index: Index, sort: Sort) -> None:
    ids = things(index)
    listing = pages(index, text="thing", size=4, sort=sort)
    seen = next(listing)
    # Others come that are better, and the scores of all change by it.
    fill(index, *[user("Thing") for _ in range(50)])
    last = next(one for one in ids if one not in seen)
    assert index.write([Write(document_id("acme", "user", last), "acme", 2, None)]) == []
    refresh(index)
    assert sorted([*seen, *itertools.chain(*listing)]) == ids
    # It is left to expire: whoever has a cursor of the listing may go on in it.
    assert points_in_time(index) == 1


def mixed(index: Index) -> None:
    """Index things with and without dates and amounts, some of them the same."""
    users = [user(f"Thing {'thing ' * (number % 3)}") for number in range(5)]
    days = ["2026-11-20", "2026-11-20", "2026-10-01", "2026-12-24", "2026-11-19"]
    orders = [
        order(
            *["Thing"] * (1 + number % 2),
            customer=users[number],
            placed_at=f"{day}T08:30:00Z",
            total={"amount": 500 * (number % 3), "currency": "EUR"},
        )
        for number, day in enumerate(days)
    ]
    fill(index, *users, *orders)


def listed(index: Index, after: Any = None, **asked: Any) -> tuple[list[str], list[Place]]:
    """Return the ids of all that follows, page by page, and the place of each."""
    ids: list[str] = []
    places: list[Place] = []
    while True:
        page = index.search(Search(tenant="acme", after=json.loads(json.dumps(after)), **asked))
        ids += [document["id"] for document in page.documents]
        places += page.places
        after = page.last
        if after is None:
            return ids, places


LISTINGS = [
    {},
    {"text": "thing"},
    {"text": "thng"},
    {"sort": "newest"},
    {"sort": "oldest"},
    {"text": "thing", "sort": "newest"},
    {"text": "thng", "sort": "oldest"},
    {"currency": "EUR", "sort": "amount"},
    {"text": "thing", "currency": "EUR", "sort": "-amount"},
]


@pytest.mark.parametrize("asked", LISTINGS, ids=lambda asked: " ".join(asked.values()) or "all")
def test_after_each_document_goes_on_what_followed_it_when_the_listing_began(
    index: Index, asked: dict[str, Any]
) -> None:
    mixed(index)
    ids, places = listed(index, size=4, **asked)
    assert len(ids) == len(places) == (5 if "currency" in asked else 10)
    # Others come that are better, older and newer, and the scores of all change by it.
    fill(index, *[user("Thing") for _ in range(30)])
    for day in ("2020-01-01", "2030-01-01"):
        fill(index, order("Thing", customer=user("Thing"), placed_at=f"{day}T08:30:00Z"))
    for number, place in enumerate(places, 1):
        assert listed(index, place, size=2, **asked)[0] == ids[number:]
    assert points_in_time(index) == 1


@pytest.mark.parametrize("asked", LISTINGS, ids=lambda asked: " ".join(asked.values()) or "all")
@pytest.mark.parametrize("size", [4, 20])
def test_after_each_document_goes_on_what_follows_it_without_the_point_in_time(
    index: Index, asked: dict[str, Any], size: int
) -> None:
    mixed(index)
    ids, places = listed(index, size=size, **asked)
    if size < len(ids):
        index.client.transport.perform_request("DELETE", "/_search/point_in_time/_all")
    assert points_in_time(index) == 0
    for number, place in enumerate(places, 1):
        assert listed(index, place, size=20, **asked)[0] == ids[number:]
    assert points_in_time(index) == 0


def test_a_page_of_cursors_is_small(index: Index) -> None:
    things(index)
    page = index.search(Search(tenant="acme", text="thing", size=4))
    cursor = Cursors("a secret").issue("acme", "a list", json.dumps(page.last))
    # The HTTP API takes up to 1,024 characters; a page of a hundred is to be well below 100 kB.
    assert len(cursor) < 600


def test_a_listing_goes_on_when_its_point_in_time_has_expired(index: Index) -> None:
    ids = things(index)
    listing = pages(index, text="thing", size=4)
    seen = [*next(listing), *next(listing)]
    index.client.transport.perform_request("DELETE", "/_search/point_in_time/_all")
    assert sorted([*seen, *itertools.chain(*listing)]) == ids
    assert points_in_time(index) == 0


def test_a_listing_goes_on_after_a_crash_of_the_engine(index: Index, engine: Engine) -> None:
    ids = things(index)
    listing = pages(index, text="thing", size=4)
    seen = next(listing)
    engine.kill()
    engine.restart()
    assert sorted([*seen, *itertools.chain(*listing)]) == ids


def test_a_listing_whose_index_is_replaced_and_deleted_goes_on_in_the_new_one(
    index: Index,
) -> None:
    ids = things(index)
    listing = pages(index, text="thing", size=4)
    seen = next(listing)
    client, former = index.client, f"{INDEX}-former"
    # The one that is searched takes another's place, as at the end of a reindex.
    client.indices.put_settings(index=INDEX, body={"index.blocks.write": True})
    client.indices.clone(index=INDEX, target=former, params={"wait_for_active_shards": "1"})
    moved = [
        {"add": {"index": former, "alias": ALIAS}},
        {"remove_index": {"index": INDEX}},
    ]
    client.indices.update_aliases(body={"actions": moved})
    assert sorted([*seen, *itertools.chain(*listing)]) == ids


@pytest.fixture
def no_room(connected: Index) -> Iterator[None]:
    """The engine keeps no points in time."""

    def limit(to: int | None) -> None:
        settings = {"transient": {"search.max_open_pit_context": to}}
        connected.client.cluster.put_settings(body=settings)

    limit(0)
    yield
    limit(None)


def test_an_engine_without_room_for_a_point_in_time_shows_all_pages(
    index: Index, no_room: None
) -> None:
    ids = things(index)
    listing = list(pages(index, text="thing", size=4))
    assert sorted(itertools.chain(*listing)) == ids
    assert [len(page) for page in listing] == [4, 4, 4]


@pytest.mark.parametrize("text", ["", "thing"])
def test_a_search_that_fits_one_page_leaves_nothing_behind(index: Index, text: str) -> None:
    things(index)
    assert len(list(pages(index, text=text, size=12))) == 1
    assert points_in_time(index) == 0


def test_before_anything_was_written_nothing_is_found(index: Index) -> None:
    assert found(index, "ada") == []
