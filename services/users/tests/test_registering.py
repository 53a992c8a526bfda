"""POST /users."""

from typing import Any

import pytest

from runtime.clients import client
from runtime.commits import Commits, Crash
from runtime.conformance import Response, ask
from runtime.testing import TABLE
from users.api import create_user


def scan() -> list[dict[str, Any]]:
    return client("dynamodb").scan(TableName=TABLE)["Items"]


def test_a_user_is_registered_and_told(api: Any, commits: Commits) -> None:
    response = api.create("Ada Lovelace", "ada@example.com", headers={"X-Correlation-Id": "c-1"})
    assert response.status == 201
    user = response.body
    assert user == {
        "id": user["id"],
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "avatar": None,
        "status": "active",
        "revision": 1,
        "created_at": user["created_at"],
        "updated_at": user["created_at"],
    }
    assert response.headers["ETag"] == '"1"'
    assert api.get(user["id"]).body == user
    ((name, metadata, data),) = commits.events()
    assert name == "UserRegistered.v1"
    assert data == {
        "user_id": user["id"],
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "registered_at": user["created_at"],
    }
    assert (metadata["subject"], metadata["revision"]) == (user["id"], 1)
    assert (metadata["tenant_id"], metadata["correlation_id"]) == ("acme", "c-1")
    assert metadata["occurred_at"] == user["created_at"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "email": "a@example.com"}, "name"),
        ({"name": "  \t ", "email": "a@example.com"}, "name"),
        ({"name": "x" * 201, "email": "a@example.com"}, "name"),
        ({"name": "\ud800", "email": "a@example.com"}, "name"),
        ({"email": "a@example.com"}, "name"),
        ({"name": None, "email": "a@example.com"}, "name"),
        ({"name": "Ada"}, "email"),
        ({"name": "Ada", "email": "ada"}, "email"),
        ({"name": "Ada", "email": "ada@localhost"}, "email"),
        ({"name": "Ada", "email": " ada@example.com"}, "email"),
        ({"name": "Ada", "email": "ada@example.com\n"}, "email"),
        ({"name": "Ada", "email": "x" * 250 + "@example.com"}, "email"),
        ({"name": "Ada", "email": "a@example.com", "role": "admin"}, "role"),
        ({"name": "Ada", "email": "a@example.com", "id": "usr_1"}, "id"),
    ],
)
def test_a_wrong_field_is_named(api: Any, body: dict[str, Any], field: str) -> None:
    response = ask(create_user.handler, body=body)
    assert response.problem == (400, "invalid-request")
    assert response.fields == [field]
    assert scan() == []


def test_space_around_a_name_does_not_count(api: Any) -> None:
    assert api.create("  Ada Lovelace\n").body["name"] == "Ada Lovelace"


@pytest.mark.parametrize("spelling", ["ada@example.com", "Ada@Example.COM"])
def test_an_address_is_taken_once_in_a_tenant(api: Any, commits: Commits, spelling: str) -> None:
    api.create(email="ada@example.com")
    response = api.create(email=spelling)
    assert response.problem == (409, "email-taken")
    assert response.fields == ["email"]
    assert "ada" not in response.body["detail"]
    assert len(commits.told) == 1
    assert len(api.list().body["items"]) == 1


def test_each_tenant_has_its_own_addresses(api: Any) -> None:
    assert api.create(email="ada@example.com").status == 201
    assert api.create(email="ada@example.com", tenant="globex").status == 201


def test_the_same_key_and_body_give_the_same_answer(api: Any, commits: Commits) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = api.create(email="ada@example.com", headers=key)
    again = api.create(email="ada@example.com", headers=key)
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(commits.told) == 1


def test_the_same_key_with_another_body_is_refused(api: Any, commits: Commits) -> None:
    api.create(email="ada@example.com", headers={"Idempotency-Key": "k-1"})
    response = api.create(email="eve@example.com", headers={"Idempotency-Key": "k-1"})
    assert response.problem == (422, "idempotency-key-reused")
    assert len(commits.told) == 1


def test_each_tenant_has_its_own_keys(api: Any) -> None:
    key = {"Idempotency-Key": "k-1"}
    ours = api.create(email="ada@example.com", headers=key)
    theirs = api.create(email="ada@example.com", headers=key, tenant="globex")
    assert theirs.status == 201
    assert theirs.body["id"] != ours.body["id"]


def test_a_refused_request_may_be_repeated_under_its_key(api: Any) -> None:
    taken = api.create(email="ada@example.com").body
    key = {"Idempotency-Key": "k-1"}
    assert api.create(email="ada@example.com", headers=key).status == 409
    api.delete(taken["id"])
    assert api.create(email="ada@example.com", headers=key).status == 201


def test_of_two_requests_for_one_address_at_once_one_is_refused(api: Any, commits: Commits) -> None:
    winners: list[Response] = []
    commits.interrupt(lambda: winners.append(api.create(email="ada@example.com")))
    assert api.create(email="ADA@example.com").problem == (409, "email-taken")
    assert [winner.status for winner in winners] == [201]
    assert len(commits.told) == 1


def test_of_the_same_request_twice_at_once_both_get_the_one_answer(
    api: Any, commits: Commits
) -> None:
    def create() -> Response:
        response: Response = api.create(
            "Ada", "ada@example.com", headers={"Idempotency-Key": "k-1"}
        )
        return response

    winners: list[Response] = []
    commits.interrupt(lambda: winners.append(create()))
    late = create()
    assert (late.status, late.body) == (201, winners[0].body)
    assert len(commits.told) == 1


def test_a_crash_before_the_write_leaves_nothing(api: Any, commits: Commits) -> None:
    commits.crash()
    with pytest.raises(Crash):
        api.create(email="ada@example.com", headers={"Idempotency-Key": "k-1"})
    assert scan() == []


def test_a_crash_after_the_write_is_repaired_by_the_retry(api: Any, commits: Commits) -> None:
    def create() -> Response:
        response: Response = api.create(
            "Ada", "ada@example.com", headers={"Idempotency-Key": "k-1"}
        )
        return response

    commits.crash(when="after")
    with pytest.raises(Crash):
        create()
    assert create().status == 201
    assert [user["email"] for user in api.list().body["items"]] == ["ada@example.com"]
    assert len(commits.told) == 1
