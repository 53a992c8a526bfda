"""PUT /users/{id}."""

from typing import Any

import pytest

from runtime.commits import Commits
from runtime.conformance import Response, ask
from users.api import update_user


def test_name_and_address_change_and_are_told(api: Any, commits: Commits) -> None:
    user = api.create("Ada", "ada@example.com").body
    response = api.update(user["id"], "Ada King", "king@example.com")
    assert response.status == 200
    changed = response.body
    assert changed == user | {
        "name": "Ada King",
        "email": "king@example.com",
        "revision": 2,
        "updated_at": changed["updated_at"],
    }
    assert changed["updated_at"] > user["updated_at"]
    assert response.headers["ETag"] == '"2"'
    assert api.get(user["id"]).body == changed
    assert api.list().body["items"] == [changed]
    name, metadata, data = commits.events()[-1]
    assert (name, metadata["revision"]) == ("UserUpdated.v1", 2)
    assert data == {
        "user_id": user["id"],
        "name": "Ada King",
        "email": "king@example.com",
        "updated_at": changed["updated_at"],
    }


def test_the_same_again_changes_nothing_and_tells_nothing(api: Any, commits: Commits) -> None:
    user = api.create("Ada", "ada@example.com").body
    response = api.update(user["id"], "Ada", "ada@example.com", headers={"If-Match": '"1"'})
    assert (response.status, response.body) == (200, user)
    assert len(commits.told) == 1


def test_a_new_address_is_claimed_and_the_old_one_free(api: Any) -> None:
    user = api.create(email="old@example.com").body
    api.update(user["id"], "Ada", "new@example.com")
    assert api.create(email="new@example.com").problem == (409, "email-taken")
    assert api.create(email="old@example.com").status == 201


def test_another_spelling_of_the_own_address_is_no_new_claim(api: Any) -> None:
    user = api.create(email="ada@example.com").body
    response = api.update(user["id"], "Ada", "Ada@Example.com")
    assert (response.status, response.body["email"]) == (200, "Ada@Example.com")
    assert api.create(email="ADA@example.com").problem == (409, "email-taken")


def test_an_address_may_be_taken_back(api: Any) -> None:
    user = api.create(email="one@example.com").body
    api.update(user["id"], "Ada", "two@example.com")
    assert api.update(user["id"], "Ada", "one@example.com").body["revision"] == 3


def test_anothers_address_is_refused_and_nothing_changes(api: Any, commits: Commits) -> None:
    api.create(email="eve@example.com")
    user = api.create(email="ada@example.com").body
    response = api.update(user["id"], "Ada King", "EVE@example.com")
    assert response.problem == (409, "email-taken")
    assert response.fields == ["email"]
    assert api.get(user["id"]).body == user
    assert len(commits.told) == 2


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "*"])
def test_the_current_revision_may_be_changed(api: Any, tag: str) -> None:
    user = api.create().body
    response = api.update(user["id"], "New", "new@example.com", headers={"If-Match": tag})
    assert response.status == 200


@pytest.mark.parametrize("content", [("New", "new@example.com"), ("Ada", "ada@example.com")])
def test_a_stale_revision_is_refused(api: Any, content: tuple[str, str]) -> None:
    user = api.create("Ada", "ada@example.com").body
    response = api.update(user["id"], *content, headers={"If-Match": '"2"'})
    assert response.problem == (412, "stale")
    assert api.get(user["id"]).body == user


@pytest.mark.parametrize(
    ("headers", "problem"), [({}, (409, "conflict")), ({"If-Match": '"1"'}, (412, "stale"))]
)
def test_of_two_changes_at_once_the_second_is_refused(
    api: Any, commits: Commits, headers: dict[str, str], problem: tuple[int, str]
) -> None:
    user = api.create("Ada", "ada@example.com").body
    first: list[Response] = []
    commits.interrupt(lambda: first.append(api.update(user["id"], "A", "a@example.com")))
    assert api.update(user["id"], "B", "b@example.com", headers=headers).problem == problem
    assert api.get(user["id"]).body == first[0].body
    assert api.create(email="b@example.com").status == 201


def test_of_two_users_that_claim_an_address_at_once_one_is_refused(
    api: Any, commits: Commits
) -> None:
    ada, eve = api.create("Ada").body, api.create("Eve").body
    commits.interrupt(lambda: api.update(eve["id"], "Eve", "shared@example.com"))
    late = api.update(ada["id"], "Ada", "shared@example.com")
    assert late.problem == (409, "email-taken")
    assert api.get(ada["id"]).body == ada


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "", "email": "a@example.com"}, "name"),
        ({"name": "Ada", "email": "nowhere"}, "email"),
        ({"name": "Ada", "email": "a@example.com", "status": "erased"}, "status"),
        ({"name": "Ada", "email": "a@example.com", "revision": 9}, "revision"),
    ],
)
def test_a_wrong_field_is_named(api: Any, body: dict[str, Any], field: str) -> None:
    user = api.create().body
    response = ask(update_user.handler, path={"id": user["id"]}, body=body)
    assert response.problem == (400, "invalid-request")
    assert response.fields == [field]
    assert api.get(user["id"]).body == user
