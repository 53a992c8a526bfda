"""Another tenant's things are not there: 404 and empty lists, never 403."""

from collections.abc import Callable

from tests.e2e.client import Tenant, assert_problem


def test_a_stranger_sees_and_changes_nothing(
    tenant: Tenant, new_tenant: Callable[[], Tenant]
) -> None:
    stranger = new_tenant().admin
    user, sku = tenant.user(), tenant.product("unseen")
    order = tenant.reached(tenant.order(user["id"], sku)["id"], "reserved")
    tenant.found(order["id"])
    tenant.found(user["id"])
    body = {"name": "Eve", "email": "eve@example.com"}
    for method, service, path, sent in (
        ("GET", "users", f"/users/{user['id']}", None),
        ("PUT", "users", f"/users/{user['id']}", body),
        ("DELETE", "users", f"/users/{user['id']}", None),
        ("GET", "orders", f"/orders/{order['id']}", None),
        ("POST", "orders", f"/orders/{order['id']}/cancel", None),
        ("GET", "orders", f"/products/{sku}", None),
    ):
        assert_problem(stranger.send(method, service, path, json=sent), 404)
    for service, path, query in (
        ("users", "/users", {}),
        ("orders", "/orders", {}),
        ("orders", "/orders", {"customer_id": user["id"]}),
        ("search-sync", "/search", {"q": user["id"]}),
        ("search-sync", "/search", {"q": order["id"]}),
        ("search-sync", "/search", {}),
    ):
        answer = stranger.send("GET", service, path, params=query)
        assert answer.status_code == 200, answer.text
        assert answer.json()["items"] == [], path
        assert not any(answer.json().values()), path  # nor is anything counted, or gone on with
    assert tenant.member.send("GET", "users", f"/users/{user['id']}").json() == user
    assert tenant.member.send("GET", "orders", f"/orders/{order['id']}").json() == order


def test_a_cursor_is_of_no_use_to_another_tenant(
    tenant: Tenant, new_tenant: Callable[[], Tenant]
) -> None:
    stranger = new_tenant()
    for of in (tenant, stranger):
        for number in range(2):
            of.user(f"User {number}")
    page = tenant.member.send("GET", "users", "/users", params={"limit": 1}).json()
    stolen = {"limit": 1, "cursor": page["next_cursor"]}
    assert_problem(stranger.member.send("GET", "users", "/users", params=stolen), 400)
    assert tenant.member.send("GET", "users", "/users", params=stolen).status_code == 200
