"""GET /orders."""

from typing import Any

import pytest

from orders.store import Customers
from runtime.ids import new_id


@pytest.fixture
def other(customer: str) -> str:
    """Another active customer."""
    user = new_id("usr")
    Customers.connect().project("acme", user, "active", 1)
    return user


def pages(api: Any, **query: str) -> list[list[Any]]:
    found, cursor = [], None
    while True:
        page = api.list(query=query | ({"cursor": cursor} if cursor else {})).body
        found.append(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 100])
def test_the_pages_together_are_the_list_newest_first(
    api: Any, customer: str, other: str, limit: int
) -> None:
    made = [api.place(customer).body for _ in range(3)]
    made += [api.place(other).body for _ in range(3)]
    made.sort(key=lambda order: order["id"], reverse=True)
    found = pages(api, limit=str(limit))
    assert [order for page in found for order in page] == made
    assert all(len(page) == limit for page in found[:-1])
    assert found[-1]


def test_the_newest_order_comes_first(api: Any, customer: str) -> None:
    api.place(customer)
    moments = [api.place(customer).body["placed_at"] for _ in range(4)]
    listed = [order["placed_at"] for order in api.list().body["items"]]
    # The ids sort by the millisecond: within one, either order may come first.
    assert [moment[:23] for moment in listed[:4]] == sorted((m[:23] for m in moments), reverse=True)


def test_the_orders_of_one_customer(api: Any, customer: str, other: str) -> None:
    ours = {api.place(customer).body["id"] for _ in range(3)}
    api.place(other)
    found = pages(api, customer_id=customer, limit="2")
    assert {order["id"] for page in found for order in page} == ours
    assert api.list(query={"customer_id": new_id("usr")}).body["items"] == []


def test_a_cursor_stays_good_while_orders_come_and_end(api: Any, customer: str) -> None:
    made = sorted((api.place(customer).body["id"] for _ in range(4)), reverse=True)
    cursor = api.list(query={"limit": "2"}).body["next_cursor"]
    api.place(customer)
    api.cancel(made[2])
    rest = api.list(query={"cursor": cursor}).body["items"]
    assert [(order["id"], order["status"]) for order in rest] == [
        (made[2], "cancelled"),
        (made[3], "placed"),
    ]


def test_a_cursor_is_good_for_its_own_list_only(api: Any, customer: str, other: str) -> None:
    for _ in range(2):
        api.place(customer)
    all_orders = api.list(query={"limit": "1"}).body["next_cursor"]
    one = api.list(query={"limit": "1", "customer_id": customer}).body["next_cursor"]
    for query, tenant in (
        ({"cursor": all_orders}, "globex"),
        ({"cursor": all_orders, "customer_id": customer}, "acme"),
        ({"cursor": one}, "acme"),
        ({"cursor": one, "customer_id": other}, "acme"),
        ({"cursor": one, "customer_id": customer}, "globex"),
        ({"cursor": one[:-1], "customer_id": customer}, "acme"),
    ):
        response = api.list(query=query, tenant=tenant)
        assert response.problem == (400, "invalid-cursor")
        assert response.fields == ["cursor"]
    assert api.list(query={"cursor": one, "customer_id": customer}).status == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"cursor": ""}, "cursor"),
        ({"customer_id": "ada"}, "customer_id"),
        ({"customer_id": ""}, "customer_id"),
        ({"status": "placed"}, "status"),
    ],
)
def test_a_wrong_parameter_is_named(api: Any, query: dict[str, str], field: str) -> None:
    response = api.list(query=query)
    assert response.problem == (400, "invalid-request")
    assert response.fields == [field]
