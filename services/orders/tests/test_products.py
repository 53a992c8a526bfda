"""PUT and GET /products/{sku}."""

from typing import Any

import pytest

from orders.api import put_product
from runtime.commits import Commits
from runtime.conformance import Response, ask

TEA = {"name": "Tea", "price": {"amount": 1999, "currency": "EUR"}, "stock": 10}


def test_a_product_is_put_on_sale(api: Any) -> None:
    response = api.put("tea", body=TEA)
    made = TEA | {"sku": "tea", "picture": None, "revision": 1}
    assert (response.status, response.body) == (201, made)
    assert response.headers["ETag"] == '"1"'
    seen = api.product("tea", role="member")
    assert (seen.status, seen.body) == (200, response.body)
    assert seen.headers["ETag"] == '"1"'


def test_a_product_is_replaced(api: Any) -> None:
    api.put("tea", body=TEA)
    new = {"name": "Green tea", "price": {"amount": 0, "currency": "JPY"}, "stock": 0}
    response = api.put("tea", body=new)
    made = new | {"sku": "tea", "picture": None, "revision": 2}
    assert (response.status, response.body) == (200, made)
    assert response.headers["ETag"] == '"2"'
    assert api.product("tea").body == response.body


def test_the_same_again_is_no_new_revision(api: Any) -> None:
    api.put("tea", body=TEA)
    response = api.put("tea", body=TEA)
    assert (response.status, response.body["revision"]) == (200, 1)


def test_the_current_revision_may_be_replaced(api: Any) -> None:
    api.put("tea", body=TEA)
    response = api.put("tea", body=TEA | {"stock": 3}, headers={"If-Match": '"1"'})
    assert (response.status, response.body["stock"]) == (200, 3)


@pytest.mark.parametrize("there", [True, False])
def test_a_stale_revision_is_refused(api: Any, there: bool) -> None:
    if there:
        api.put("tea", body=TEA)
    response = api.put("tea", body=TEA | {"stock": 3}, headers={"If-Match": '"2"'})
    assert response.problem == (412, "stale")
    assert api.product("tea").status == (200 if there else 404)


@pytest.mark.parametrize("there", [True, False])
def test_of_two_at_once_the_second_is_refused(api: Any, commits: Commits, there: bool) -> None:
    if there:
        api.put("tea", body=TEA)
    first: list[Response] = []
    commits.interrupt(lambda: first.append(api.put("tea", body=TEA | {"stock": 1})))
    assert api.put("tea", body=TEA | {"stock": 2}).problem == (409, "conflict")
    assert api.product("tea").body == first[0].body


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"price": {"amount": -1, "currency": "EUR"}}, "price.amount"),
        ({"price": {"amount": 10**12 + 1, "currency": "EUR"}}, "price.amount"),
        ({"price": {"amount": 19.99, "currency": "EUR"}}, "price.amount"),
        ({"price": {"amount": "1999", "currency": "EUR"}}, "price.amount"),
        ({"price": {"amount": True, "currency": "EUR"}}, "price.amount"),
        ({"price": {"amount": 1, "currency": "eur"}}, "price.currency"),
        ({"price": {"amount": 1}}, "price.currency"),
        ({"price": {"amount": 1, "currency": "EUR", "tax": 1}}, "price.tax"),
        ({"price": 1999}, "price"),
        ({"stock": -1}, "stock"),
        ({"stock": 10**9 + 1}, "stock"),
        ({"stock": 1.5}, "stock"),
        ({"stock": "1"}, "stock"),
        ({"stock": True}, "stock"),
        ({"sku": "tea"}, "sku"),
    ],
)
def test_a_wrong_field_is_named(api: Any, change: dict[str, Any], field: str) -> None:
    response = api.put("tea", body=TEA | change)
    assert response.problem == (400, "invalid-request")
    assert response.fields == [field]
    assert api.product("tea").status == 404


@pytest.mark.parametrize("field", TEA)
def test_every_field_is_needed(api: Any, field: str) -> None:
    body = {name: value for name, value in TEA.items() if name != field}
    response = ask(put_product.handler, path={"sku": "tea"}, body=body)
    assert response.problem == (400, "invalid-request")
    assert response.fields == [field]


def test_a_sku_has_an_end(api: Any) -> None:
    assert api.put("x" * 64).status == 201
    response = api.put("x" * 65)
    assert response.problem == (400, "invalid-request")
    assert response.fields == ["sku"]
    assert api.product("x" * 65).status == 404
