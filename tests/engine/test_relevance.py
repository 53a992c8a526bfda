"""What people look for comes first, by judgements of theirs: ``relevance.json``.

Of each query it says how much each document is worth to who asks it: 3 for what is meant, 2 for
what is of it, 1 for what is like it. The measure is nDCG@10: 1.0 for the best order that there is.
"""

import json
import math
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from search_sync.domain import matching
from search_sync.domain.rows import Media, Order, User
from search_sync.engine.client import INDEX
from tests.engine.builders import Index, Row, fill, found
from tests.engine.conftest import without_index

JUDGED: dict[str, Any] = json.loads(Path(__file__).with_name("relevance.json").read_text("utf-8"))
QUERIES: dict[str, dict[str, int]] = JUDGED["queries"]

MEAN = 0.9
FLOOR = 0.75
"""What no query falls below: what is meant is among the first."""
AT = 10


def ids() -> dict[str, str]:
    """Return the documents' ids by their names in the file; the later ones are newer."""
    kinds = {"users": "usr", "orders": "ord", "pictures": "med"}
    names = [(name, prefix) for part, prefix in kinds.items() for name in JUDGED[part]]
    return {name: f"{prefix}_{number:026}" for number, (name, prefix) in enumerate(names)}


IDS = ids()


def rows(tenant: str) -> Iterator[Row]:
    """Yield the documents' rows, as a tenant's."""
    users: dict[str, dict[str, str]] = JUDGED["users"]
    for name, of in users.items():
        yield User(tenant=tenant, id=IDS[name], profile_revision=1, **of)
    for name, of in JUDGED["orders"].items():
        lines = [
            {"sku": sku, "name": product, "quantity": 1} for sku, product in of["products"].items()
        ]
        yield Order.model_validate(
            {
                "tenant": tenant,
                "id": IDS[name],
                "customer_id": IDS[of["customer"]],
                "customer_name": users[of["customer"]]["name"],
                "status": "placed",
                "lines": lines,
                "total": {"amount": 1900, "currency": "EUR"},
                "placed_at": "2026-11-20T08:30:00Z",
                "revision": 1,
            }
        )
    for name, of in JUDGED["pictures"].items():
        yield Media.model_validate(
            of | {"tenant": tenant, "id": IDS[name], "status": "ready", "revision": 1}
        )


def ndcg(order: list[str], worth: Mapping[str, int]) -> float:
    """Return how good an order is: nDCG@10, by documents' names."""
    best = sorted(worth.values(), reverse=True)
    return _gain([worth.get(name, 0) for name in order]) / _gain(best)


def _gain(grades: list[int]) -> float:
    return sum((2.0**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(grades[:AT]))


def scores(index: Index) -> dict[str, float]:
    """Return the score of each query."""
    names = {row_id: name for name, row_id in IDS.items()}
    return {
        text: ndcg([names[one] for one in found(index, text, size=AT)], worth)
        for text, worth in QUERIES.items()
    }


def mean(of: Mapping[str, float]) -> float:
    return sum(of.values()) / len(of)


def filled(index: Index) -> Index:
    # Another tenant has the same: what is rare must not become common by that.
    fill(index, *rows("acme"), *rows("globex"))
    return index


@pytest.fixture(scope="module")
def judged(connected: Index) -> dict[str, float]:
    return scores(filled(without_index(connected)))


def test_there_are_queries_enough_to_judge_by() -> None:
    assert len(QUERIES) >= 60


def test_what_is_looked_for_comes_first_on_average(judged: dict[str, float]) -> None:
    worst = sorted(judged.items(), key=lambda one: one[1])[:10]
    assert mean(judged) >= MEAN, worst


@pytest.mark.parametrize("text", QUERIES)
def test_no_query_goes_wrong(judged: dict[str, float], text: str) -> None:
    assert judged[text] >= FLOOR, judged[text]


def good(of: Mapping[str, float]) -> bool:
    return mean(of) >= MEAN and min(of.values()) >= FLOOR


def definition() -> dict[str, Any]:
    text = files("search_sync.indexes").joinpath(f"{INDEX}.json").read_text("utf-8")
    body: dict[str, Any] = json.loads(text)
    return body


def without(*filters: str) -> dict[str, Any]:
    """Return the index's definition without some filters of its analyzers."""
    body = definition()
    for analyzer in body["settings"]["index"]["analysis"]["analyzer"].values():
        analyzer["filter"] = [one for one in analyzer["filter"] if one not in filters]
    return body


def without_field(name: str) -> dict[str, Any]:
    body = definition()
    del body["mappings"]["properties"][name]
    return body


@pytest.mark.parametrize(
    "harmed",
    [
        pytest.param(without("english"), id="no stems"),
        pytest.param(without("asciifolding"), id="accents count"),
        pytest.param(without_field("texts"), id="words in pictures"),
        pytest.param(without_field("customer_name"), id="customers of orders"),
    ],
)
def test_a_mapping_that_harms_the_order_is_found_out(index: Index, harmed: dict[str, Any]) -> None:
    index.client.indices.create(index=INDEX, body=harmed)
    assert not good(scores(filled(index)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_WORD", 0.01),
        ("_FUZZINESS", "0"),
        ("_BEGINNING", 100.0),
        ("_WORDS", ["name", "email.words"]),
        ("_FILLERS", frozenset()),
    ],
)
def test_a_query_that_harms_the_order_is_found_out(
    connected: Index,
    judged: dict[str, float],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: object,
) -> None:
    filled(without_index(connected))
    monkeypatch.setattr(matching, name, value)
    assert not good(scores(connected))
