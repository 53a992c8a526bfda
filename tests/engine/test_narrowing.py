"""Filters, orders, counts and highlights of what is found, and what is suggested."""

import json
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from search_sync.domain.query import Search
from tests.engine.builders import Index, Row, fill, found, media, order, user
from tests.engine.conftest import without_index

ADA, GRACE = user("Ada Lovelace"), user("Grace Hopper", "grace@navy.example")


def bought(amount: int, day: str, currency: str = "EUR", **more: Any) -> Any:
    placed = {"placed_at": f"{day}T12:00:00Z", "total": {"amount": amount, "currency": currency}}
    return order("Trail running shoes", **{"customer": ADA} | placed | more)


CHEAP = bought(500, "2026-10-31", status="fulfilled")
DEAR = bought(90_000, "2026-11-02", customer=GRACE)
MIDDLE = bought(1_000, "2026-11-20", status="cancelled")
YEN = bought(700, "2026-12-01", currency="JPY")
SIGN = media("Running <b>shoes</b> & more", name="shoe sign.jpg")
ROWS: list[Row] = [ADA, GRACE, CHEAP, DEAR, MIDDLE, YEN, SIGN]
# Of orders that were made within a millisecond, the one with the highest id.
NEWEST = max([CHEAP, DEAR, MIDDLE, YEN], key=lambda row: str(row.id))


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T12:00:00").replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def filled(connected: Index) -> Index:
    index = without_index(connected)
    stranger = user("Ada Lovelace", tenant="globex")
    others = [bought(1, "2026-11-03", customer=stranger) for _ in range(3)]
    fill(index, *ROWS, stranger, *others)
    return index


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({"status": "placed"}, [DEAR, YEN]),
        ({"status": "fulfilled", "kind": "order"}, [CHEAP]),
        ({"status": "active"}, [ADA, GRACE]),
        ({"customer": GRACE.id}, [DEAR]),
        ({"customer": GRACE.id.lower()}, [DEAR]),
        ({"placed_from": day("2026-11-02")}, [DEAR, MIDDLE, YEN]),
        ({"placed_from": day("2026-11-02"), "placed_to": day("2026-11-20")}, [DEAR, MIDDLE]),
        ({"placed_to": day("2026-10-31")}, [CHEAP]),
        ({"currency": "EUR"}, [CHEAP, DEAR, MIDDLE]),
        ({"currency": "EUR", "amount_min": 501}, [DEAR, MIDDLE]),
        ({"currency": "EUR", "amount_min": 500, "amount_max": 1_000}, [CHEAP, MIDDLE]),
        ({"currency": "JPY", "amount_max": 700}, [YEN]),
        ({"text": "shoes", "status": "ready"}, [SIGN]),
        ({"text": "grace shoe", "status": "placed"}, [DEAR]),
        ({"customer": GRACE.id, "status": "cancelled"}, []),
    ],
)
def test_a_filter_leaves_what_fits(filled: Index, asked: dict[str, Any], rows: list[Row]) -> None:
    assert sorted(found(filled, **asked)) == sorted(row.id for row in rows)


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({"sort": "newest", "kind": "order"}, [YEN, MIDDLE, DEAR, CHEAP]),
        ({"sort": "oldest", "kind": "order"}, [CHEAP, DEAR, MIDDLE, YEN]),
        ({"sort": "amount", "currency": "EUR"}, [CHEAP, MIDDLE, DEAR]),
        ({"sort": "-amount", "currency": "EUR"}, [DEAR, MIDDLE, CHEAP]),
        ({"sort": "newest", "text": "ada"}, [YEN, MIDDLE, CHEAP, ADA]),
        ({"sort": "oldest", "text": "ada"}, [CHEAP, MIDDLE, YEN, ADA]),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 20])
def test_an_order_goes_over_all_pages(
    filled: Index, asked: dict[str, Any], rows: list[Row], size: int
) -> None:
    seen: list[str] = []
    after = None
    while len(seen) <= len(rows):
        page = filled.search(Search(tenant="acme", size=size, after=after, **asked))
        seen += [document["id"] for document in page.documents]
        after = page.last
        if after is None:
            break
    assert seen == [row.id for row in rows]


def test_counts_are_of_all_that_is_found_and_of_nobody_elses(filled: Index) -> None:
    asked = Search(tenant="acme", text="shoes", size=1, facets=["kind", "status", "date"])
    first = filled.search(asked)
    counts = {
        "kind": {"order": 4, "media": 1},
        "status": {"placed": 2, "fulfilled": 1, "cancelled": 1, "ready": 1},
        "date": {"2026-10": 1, "2026-11": 3, "2026-12": 1},
    }
    assert first.facets == counts
    second = Search(tenant="acme", text="shoes", size=3, facets=["kind"], after=first.last)
    assert filled.search(second).facets == {"kind": counts["kind"]}
    assert filled.search(Search(tenant="acme", text="shoes")).facets == {}
    of_one = filled.search(Search(tenant="acme", kind="user", facets=["kind", "date"]))
    assert of_one.facets == {"kind": {"user": 2}, "date": {}}


@pytest.mark.parametrize(
    ("text", "field", "marked"),
    [
        ("lovelace", "title", "Ada <em>Lovelace</em>"),
        ("lovelcae", "title", "Ada <em>Lovelace</em>"),
        ("lov", "title", "Ada <em>Lovelace</em>"),
        ("navy", "email", "grace@<em>navy</em>.example"),
        ("shoe sign", "title", "<em>shoe</em> <em>sign</em>.jpg"),
        (
            "runs more shoe",
            "texts",
            "<em>Running</em> &lt;b&gt;<em>shoes</em>&lt;&#x2F;b&gt; &amp; <em>more</em>",
        ),
    ],
)
def test_what_was_looked_for_is_marked_and_all_else_is_no_html(
    filled: Index, text: str, field: str, marked: str
) -> None:
    first = filled.search(Search(tenant="acme", text=text)).highlights[0]
    assert first[field] == [marked]


def test_an_orders_products_and_customer_are_marked(filled: Index) -> None:
    asked = Search(tenant="acme", text="grace shoe", kind="order")
    (marked,) = filled.search(asked).highlights
    assert marked == {
        "title": ["1 \N{MULTIPLICATION SIGN} Trail running <em>shoes</em>"],
        "customer_name": ["<em>Grace</em> Hopper"],
        "products": ["Trail running <em>shoes</em>"],
    }


def test_nothing_is_marked_where_nothing_was_looked_for(filled: Index) -> None:
    assert filled.search(Search(tenant="acme", size=2)).highlights == [{}, {}]


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        ("ada", [("Ada Lovelace", ADA)]),
        ("lov a", [("Ada Lovelace", ADA)]),
        ("GRÁC", [("Grace Hopper", GRACE)]),
        ("grace@na", [("grace@navy.example", GRACE)]),
        # People buy the same: it is suggested once, by the newest order.
        ("trail", [("Trail running shoes", NEWEST)]),
        ("sho", [("Trail running shoes", NEWEST), ("shoe sign.jpg", SIGN)]),
        ("x", []),
        ("hoes", []),
    ],
)
def test_a_suggestion_begins_as_what_was_typed(
    filled: Index, typed: str, suggested: list[tuple[str, Row]]
) -> None:
    made = {(one.text, one.id) for one in filled.suggest("acme", typed)}
    assert made == {(text, row.id) for text, row in suggested}


def test_what_begins_with_it_is_suggested_before_what_has_it_somewhere(index: Index) -> None:
    rows = [user("Rose Tyler"), *[user(f"Mary Rose {number}") for number in range(15)]]
    fill(index, *rows)
    made = index.suggest("acme", "rose")
    assert (made[0].id, len(made)) == (rows[0].id, 10)


def test_a_word_longer_than_any_beginning_that_is_kept_is_suggested(index: Index) -> None:
    fill(index, user("Donaudampfschifffahrtskapitän"))
    assert len(index.suggest("acme", "donaudampfschifffahrtskap")) == 1


@pytest.fixture
def former(index: Index) -> Index:
    """The index as it was before this mapping, which is searched until there is a new one."""
    text = files("search_sync.indexes").joinpath("starling-documents-v2.json").read_text("utf-8")
    index.client.indices.create(index="starling-documents-v2", body=json.loads(text))
    fill(index, *ROWS)
    return index


@pytest.mark.parametrize(
    "asked",
    [
        {"text": "ada"},
        {"text": "lovelcae"},
        {"text": "ada", "kind": "user", "facets": ["kind", "status", "date"]},
        {"sort": "newest", "size": 2},
        {"sort": "amount", "kind": "order", "size": 2},
        {"placed_from": day("2026-11-02")},
    ],
)
def test_an_index_of_the_former_mapping_is_searched_too(
    former: Index, asked: dict[str, Any]
) -> None:
    assert found(former, **asked)


def test_an_index_of_the_former_mapping_has_nothing_to_suggest(former: Index) -> None:
    assert former.suggest("acme", "ada") == []
