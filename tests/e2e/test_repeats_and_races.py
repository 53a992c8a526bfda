"""Requests that come twice, at once, or too late."""

from concurrent.futures import ThreadPoolExecutor

from tests.e2e.client import Tenant, assert_problem


def test_a_repeated_create_gives_the_same_answer(tenant: Tenant) -> None:
    key = {"Idempotency-Key": "one"}
    body = {"name": "Ada", "email": "ada@example.com"}
    first = tenant.admin.send("POST", "users", "/users", json=body, headers=key)
    again = tenant.admin.send("POST", "users", "/users", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = tenant.admin.send("POST", "users", "/users", json=body | {"name": "B"}, headers=key)
    assert_problem(other, 422, "idempotency-key-reused")
    assert len(list(tenant.pages("users", "/users", limit=10))) == 1


def test_the_same_create_at_once_takes_effect_once(tenant: Tenant) -> None:
    user, sku = tenant.user(), tenant.product()
    tenant.order(user["id"], sku)
    body = {"customer_id": user["id"], "items": [{"sku": sku, "quantity": 3}]}
    key = {"Idempotency-Key": "rush"}

    def place(_: int) -> tuple[int, str]:
        answer = tenant.member.send("POST", "orders", "/orders", json=body, headers=key)
        return answer.status_code, answer.json().get("id", "")

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(place, range(8)))
    placed = {identity for status, identity in answers if status == 201}
    assert len(placed) == 1
    assert {status for status, _ in answers} <= {201, 409}
    assert len(list(tenant.pages("orders", "/orders", limit=10))) == 2


def test_an_address_is_taken_once_however_many_ask_at_once(tenant: Tenant) -> None:
    def register(number: int) -> int:
        body = {
            "name": f"Ada {number}",
            "email": "ADA@example.com" if number % 2 else "ada@example.com",
        }
        return tenant.admin.send("POST", "users", "/users", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(register, range(8)))
    assert statuses == [201] + [409] * 7


def test_a_stale_update_is_refused(tenant: Tenant) -> None:
    user = tenant.user()
    path, body = f"/users/{user['id']}", {"name": "New", "email": user["email"]}
    first = {"If-Match": f'"{user["revision"]}"'}
    assert tenant.admin.send("PUT", "users", path, json=body, headers=first).status_code == 200
    late = tenant.admin.send("PUT", "users", path, json=body | {"name": "Old"}, headers=first)
    assert_problem(late, 412, "stale")
    assert tenant.member.send("GET", "users", path).json()["name"] == "New"


def test_lists_are_paged_to_the_end(tenant: Tenant) -> None:
    made = {tenant.user(f"User {number}")["id"] for number in range(7)}
    listed = [user["id"] for user in tenant.pages("users", "/users", limit=3)]
    assert len(listed) == 7
    assert set(listed) == made
