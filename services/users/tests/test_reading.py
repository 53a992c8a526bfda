"""GET /users and GET /users/{id}."""

from typing import Any

import pytest


def test_a_member_reads_but_does_not_write(api: Any) -> None:
    user = api.create().body
    response = api.get(user["id"], role="member")
    assert (response.status, response.body) == (200, user)
    assert response.headers["ETag"] == '"1"'
    assert api.list(role="member").body == {"items": [user], "next_cursor": None}


def test_a_tenant_without_users_has_an_empty_list(api: Any) -> None:
    api.create()
    assert api.list(tenant="globex").body == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 100])
def test_the_pages_together_are_the_list(api: Any, limit: int) -> None:
    made = sorted((api.create().body for _ in range(7)), key=lambda user: user["id"])
    api.create(tenant="globex")
    pages, cursor = [], None
    while True:
        query = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        page = api.list(query=query).body
        pages.append(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [user for page in pages for user in page] == made
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1]


def test_a_cursor_stays_good_while_users_come_and_go(api: Any) -> None:
    made = sorted((api.create().body for _ in range(6)), key=lambda user: user["id"])
    cursor = api.list(query={"limit": "3"}).body["next_cursor"]
    api.delete(made[2]["id"])
    api.delete(made[4]["id"])
    rest = api.list(query={"cursor": cursor}).body["items"]
    assert rest == [made[3], made[5]]


def test_twenty_is_a_page_unless_said_otherwise(api: Any) -> None:
    for _ in range(21):
        api.create()
    page = api.list().body
    assert len(page["items"]) == 20
    assert len(api.list(query={"cursor": page["next_cursor"]}).body["items"]) == 1


def test_another_tenants_cursor_is_refused(api: Any) -> None:
    for _ in range(2):
        api.create()
    cursor = api.list(query={"limit": "1"}).body["next_cursor"]
    response = api.list(query={"cursor": cursor}, tenant="globex")
    assert response.problem == (400, "invalid-cursor")
    assert response.fields == ["cursor"]


@pytest.mark.parametrize("change", [lambda c: c[:-1], lambda c: "x" + c, lambda c: c.upper()])
def test_a_forged_cursor_is_refused(api: Any, change: Any) -> None:
    for _ in range(2):
        api.create()
    cursor = api.list(query={"limit": "1"}).body["next_cursor"]
    response = api.list(query={"cursor": change(cursor)})
    assert response.problem == (400, "invalid-cursor")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": "x" * 1025}, "cursor"),
        ({"name": "Ada"}, "name"),
    ],
)
def test_a_wrong_parameter_is_named(api: Any, query: dict[str, str], field: str) -> None:
    response = api.list(query=query)
    assert response.problem == (400, "invalid-request")
    assert response.fields == [field]
