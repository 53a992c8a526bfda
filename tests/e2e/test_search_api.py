"""What can be asked of search on a deployed stage: filters, counts, pages, suggestions, caches."""

from typing import Any

import pytest

from infra.journey_steps import until
from tests.e2e.client import Tenant, UnderTest, assert_problem

Answer = dict[str, Any]


def ask(tenant: Tenant, path: str = "/search", **query: Any) -> Answer:
    answer = tenant.member.send("GET", "search-sync", path, params=query)
    assert answer.status_code == 200, answer.text
    document: Answer = answer.json()
    return document


@pytest.fixture
def shop(tenant: Tenant) -> Tenant:
    """A tenant with two users and three orders of a lamp, all of them in search."""
    ada, grace = tenant.user("Ada Lovelace"), tenant.user("Grace Hopper")
    sku = tenant.product()
    for number, customer in enumerate((ada, ada, grace), start=1):
        tenant.order(customer["id"], sku, quantity=number)
    wanted = {"kind": {"user": 2, "order": 3}}
    until(
        "all was in search",
        lambda: ask(tenant, facets="kind")["facets"],
        lambda facets: facets == wanted,
        seconds=60,
    )
    return tenant


def test_filters_orders_and_counts(shop: Tenant) -> None:
    answer = ask(shop, q="lamps", sort="-amount", currency="EUR", facets="kind,status,date")
    assert [item["total"]["amount"] for item in answer["items"]] == [5997, 3998, 1999]
    assert answer["facets"]["kind"] == {"order": 3}
    assert list(answer["facets"]["date"].values()) == [3]
    dear = ask(shop, currency="EUR", amount_min=1999, amount_max=2000)
    assert [item["total"]["amount"] for item in dear["items"]] == [1999]
    ada = ask(shop, q="lovelace", kind="user")["items"][0]
    assert len(ask(shop, customer=ada["id"], sort="newest")["items"]) == 2
    day = answer["items"][0]["placed_at"][:10]
    assert len(ask(shop, placed_from=day)["items"]) == 3
    assert ask(shop, placed_to="2020-01-01")["items"] == []


def test_words_are_found_with_slips_and_marked(shop: Tenant) -> None:
    (found,) = ask(shop, q="lovelcae", kind="user")["items"]
    assert found["highlights"]["title"] == ["Ada <em>Lovelace</em>"]


def test_pages_show_everything_once(shop: Tenant) -> None:
    pages = list(shop.pages("search-sync", "/search", 2, q="lamp"))
    assert len({item["id"] for item in pages}) == len(pages) == 3


def test_what_is_typed_is_completed_from_the_tenants_own(shop: Tenant, stage: UnderTest) -> None:
    assert {one["text"] for one in ask(shop, "/suggest", q="lo")["items"]} == {"Ada Lovelace"}
    assert {one["kind"] for one in ask(shop, "/suggest", q="lam")["items"]} == {"order"}
    assert ask(stage.tenant(), "/suggest", q="lo")["items"] == []


def test_a_cursor_of_another_tenant_is_refused(shop: Tenant, stage: UnderTest) -> None:
    cursor = ask(shop, limit=1)["next_cursor"]
    stranger = stage.tenant().member
    answer = stranger.send("GET", "search-sync", "/search", params={"limit": 1, "cursor": cursor})
    assert_problem(answer, 400, "invalid-cursor")


@pytest.mark.parametrize("path", ["/search", "/suggest"])
def test_what_the_caller_has_already_is_not_sent_again(shop: Tenant, path: str) -> None:
    def get(**headers: str) -> Any:
        return shop.member.send("GET", "search-sync", path, params={"q": "ada"}, headers=headers)

    first = get()
    assert first.headers["cache-control"].startswith("private, max-age=")
    again = get(**{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert get(**{"If-None-Match": '"another"'}).status_code == 200


def test_what_does_not_fit_together_is_named(shop: Tenant) -> None:
    query = {"kind": "user", "status": "placed"}
    answer = shop.member.send("GET", "search-sync", "/search", params=query)
    problem = assert_problem(answer, 400, "invalid-request")
    assert [one["field"] for one in problem["errors"]] == ["status"]
