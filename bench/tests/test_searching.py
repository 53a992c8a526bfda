"""The shop that is searched is the same each time, and of a search the search is measured."""

from collections import Counter

import pytest

from bench import searching, shop
from bench.searching import Searched
from infra.discovery import services
from search_sync.domain.documents import document


def test_the_shop_is_the_same_each_time() -> None:
    assert list(shop.rows(500)) == list(shop.rows(500))
    assert shop.queries() == shop.queries()


def test_a_shop_has_users_orders_and_pictures_of_one_tenant() -> None:
    rows = list(shop.rows(2_000))
    assert {row.tenant for row in rows} == {shop.TENANT}
    assert Counter(row.kind for row in rows) == {"order": 1_200, "user": 600, "media": 200}
    assert len({row.id for row in rows}) == len(rows)
    assert all(document(row) for row in rows)


def test_what_is_looked_for_by_its_id_is_there() -> None:
    rows = list(shop.rows(20))
    words = {query.get("q") for query in shop.queries()}
    assert {rows[0].id, rows[7].id} <= words
    assert rows[0].id in {query.get("customer") for query in shop.queries()}


def test_the_engines_time_is_what_95_of_100_searches_stay_within() -> None:
    found = Searched([float(number) for number in range(1, 101)], [(0.01, 0.02)] * 2)
    assert 95 <= found.took_p95 <= 96


def test_what_the_function_adds_is_the_median_of_the_pairs() -> None:
    pairs = [(0.010, 0.013), (0.010, 0.012), (0.100, 0.104), (0.010, 0.510)]
    found = Searched([1.0], pairs)
    assert found.added == pytest.approx(3.5)
    assert found.timing.rounds == 4
    assert found.timing.baseline_seconds == pytest.approx(0.010)


def test_a_real_engine_is_filled_and_searched_by_the_shipped_function(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(searching, "DOCUMENTS", 300)
    monkeypatch.setattr(searching, "BULK", 100)
    (service,) = services(["search-sync"])
    called: list[None] = []
    found = searching.searched(service, 1, lambda: called.append(None))
    assert len(called) == searching.ticks(1) == 4
    # Each query in each pass, and some of them have a second page.
    assert len(found.pairs) == len(found.tooks) >= len(shop.queries()) * searching.PASSES
    assert all(alone > 0 < ours for alone, ours in found.pairs)
    assert searching.searched(service, 1, lambda: called.append(None)) is found
    assert len(called) == 4
