"""The graph on a deployed stage: what a page shows in one request, and to nobody else."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from infra.journey_steps import Caller, until
from tests.e2e.client import Tenant, UnderTest
from tests.e2e.test_media import drawing, encoded, upload
from tests.e2e.uploads import ended

PAGE = """query($id: ID!) { order(id: $id) {
  id status total { amount currency }
  customer { name email orders(first: 1) { edges { node { id } } } }
  lines { sku name quantity pictures { id texts } }
} }"""


@pytest.fixture
def send(stage: UnderTest) -> Callable[..., httpx.Response]:
    """Return what sends a query to the graph with a token."""

    def post(token: str, query: str, **variables: Any) -> httpx.Response:
        return stage.http.post(
            stage.outputs["graph"],
            json={"query": query, "variables": variables},
            headers={"Authorization": token},
            timeout=60,
        )

    return post


@pytest.fixture
def ask(send: Callable[..., httpx.Response]) -> Callable[..., dict[str, Any]]:
    """Return what asks the graph as a caller, and returns the data, of which nothing failed."""

    def query(caller: Caller, text: str, **variables: Any) -> dict[str, Any]:
        answer = send(caller.token, text, **variables)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    return query


def test_one_request_shows_an_order_with_its_customer_and_pictures(
    tenant: Tenant, ask: Callable[..., dict[str, Any]]
) -> None:
    user, sku = tenant.user("Ada Lovelace"), tenant.product()
    picture = upload(tenant, encoded(drawing("OPEN")), purpose="product", subject=sku)
    order = tenant.order(user["id"], sku, quantity=2)["id"]
    assert ended(tenant, picture)["status"] == "ready"

    def complete(seen: Any) -> bool:
        return bool(seen and seen["customer"] and seen["lines"][0]["pictures"])

    seen = until(
        "the graph had all of it",
        lambda: ask(tenant.member, PAGE, id=order)["order"],
        complete,
        seconds=90,
    )
    assert seen["total"] == {"amount": 3998, "currency": "EUR"}
    assert seen["customer"]["name"] == "Ada Lovelace"
    assert seen["customer"]["email"] == user["email"]
    assert seen["customer"]["orders"]["edges"] == [{"node": {"id": order}}]
    (line,) = seen["lines"]
    assert (line["sku"], line["quantity"]) == (sku, 2)
    assert [one["id"] for one in line["pictures"]] == [picture]


def test_orders_are_listed_page_by_page_and_found_by_words(
    tenant: Tenant, ask: Callable[..., dict[str, Any]]
) -> None:
    user, sku = tenant.user(), tenant.product()
    orders = [tenant.order(user["id"], sku)["id"] for _ in range(3)]
    for order in orders:
        tenant.found(order)
    query = """query($after: String) { orders(first: 2, after: $after) {
      edges { node { id customer { id } } } pageInfo { hasNextPage endCursor } } }"""
    first = ask(tenant.member, query)["orders"]
    second = ask(tenant.member, query, after=first["pageInfo"]["endCursor"])["orders"]
    seen = [edge["node"] for page in (first, second) for edge in page["edges"]]
    assert seen == [{"id": one, "customer": {"id": user["id"]}} for one in reversed(orders)]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    found = ask(
        tenant.member,
        "query($q: String) { search(q: $q, kind: order) { edges { node { id order { id } } } } }",
        q=orders[0],
    )["search"]["edges"]
    assert found[0]["node"] == {"id": orders[0], "order": {"id": orders[0]}}


def test_what_is_found_is_narrowed_down_counted_and_gone_on_with_after_each_edge(
    tenant: Tenant, ask: Callable[..., dict[str, Any]]
) -> None:
    user, sku = tenant.user("Ada Lovelace"), tenant.product()
    orders = [tenant.order(user["id"], sku, quantity=number)["id"] for number in (1, 3, 2)]
    for order in (*orders, tenant.order(tenant.user("Grace Hopper")["id"], sku)["id"]):
        tenant.found(order)
    query = """query($ada: ID, $after: String, $amountMin: Float, $placedFrom: String) {
      search(
        q: "lamp", kind: order, customer: $ada, currency: "EUR", sort: amountDescending,
        amountMin: $amountMin, placedFrom: $placedFrom, facets: [kind], first: 2, after: $after
      ) {
        edges { cursor node { id order { id total { amount } } } }
        pageInfo { hasNextPage endCursor }
        facets { name counts { value count } }
      } }"""

    def find(**more: Any) -> tuple[list[str], dict[str, Any]]:
        page = ask(tenant.member, query, ada=user["id"], **more)["search"]
        return [edge["node"]["id"] for edge in page["edges"]], page

    dearest_first = [orders[1], orders[2], orders[0]]
    ids, first = find()
    assert ids == dearest_first[:2]
    assert [edge["node"]["order"]["total"]["amount"] for edge in first["edges"]] == [5997, 3998]
    assert first["facets"] == [{"name": "kind", "counts": [{"value": "order", "count": 3}]}]
    assert first["pageInfo"] == {"hasNextPage": True, "endCursor": first["edges"][1]["cursor"]}
    assert find(after=first["edges"][0]["cursor"])[0] == dearest_first[1:]
    ids, last = find(after=first["pageInfo"]["endCursor"])
    assert ids == dearest_first[2:]
    assert last["pageInfo"] == {"hasNextPage": False, "endCursor": last["edges"][0]["cursor"]}
    assert find(after=last["pageInfo"]["endCursor"])[0] == []
    assert find(amountMin=3999)[0] == dearest_first[:1]
    assert find(placedFrom="2999-01-01")[0] == []
    users = ask(
        tenant.member,
        """{ search(q: "lovelase", status: active, facets: [kind, status]) {
          edges { cursor node { user { name } } } facets { name counts { value count } } } }""",
    )["search"]
    assert [edge["node"] for edge in users["edges"]] == [{"user": {"name": "Ada Lovelace"}}]
    counted = {one["name"]: one["counts"] for one in users["facets"]}
    assert counted == {
        "kind": [{"value": "user", "count": 1}],
        "status": [{"value": "active", "count": 1}],
    }


def test_another_tenant_sees_nothing_of_it(
    new_tenant: Callable[[], Tenant],
    send: Callable[..., httpx.Response],
    ask: Callable[..., dict[str, Any]],
) -> None:
    acme, globex = new_tenant(), new_tenant()
    user, sku = acme.user(), acme.product()
    order = acme.order(user["id"], sku)["id"]
    acme.found(order)
    query = """query($order: ID!, $user: ID!) {
      order(id: $order) { id } user(id: $user) { id }
      orders { edges { node { id } } } of: orders(customer: $user) { edges { node { id } } }
      search { edges { node { id } } }
    }"""
    nothing = {"edges": []}
    assert ask(globex.admin, query, order=order, user=user["id"]) == {
        "order": None,
        "user": None,
        "orders": nothing,
        "of": nothing,
        "search": nothing,
    }
    # A token that says another tenant than it was issued for is nobody's.
    head, payload, signature = globex.member.token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["custom:tenant"] = acme.name
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    for token in ("", "x", f"{head}.{forged}.{signature}"):
        answer = send(token, query, order=order, user=user["id"])
        assert answer.status_code == 401, answer.text
        assert order not in answer.text


def test_what_is_asked_too_much_or_wrong_is_refused_by_a_code(
    tenant: Tenant, send: Callable[..., httpx.Response]
) -> None:
    for query, code in {
        "{ orders(first: 101) { edges { cursor } } }": "invalid-first",
        '{ orders(after: "x") { edges { cursor } } }': "invalid-cursor",
        '{ search(after: "x") { edges { cursor } } }': "invalid-cursor",
        "{ search(kind: user, status: placed) { edges { cursor } } }": "invalid-request",
        "{ search(amountMin: 5) { edges { cursor } } }": "invalid-request",
        '{ search(placedTo: "yesterday") { edges { cursor } } }': "invalid-request",
    }.items():
        body = send(tenant.member.token, query).json()
        assert [one["errorType"] for one in body["errors"]] == [code]
    deep = (
        "{ orders { edges { node { customer { orders { edges { node { customer { orders { edges {"
    )
    deep += " cursor } } } } } } } } } } }"
    answer = send(tenant.member.token, deep)
    assert not answer.json().get("data"), answer.text
    assert answer.json()["errors"]
