"""DELETE /users/{id}."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.casts.user_deactivated import to_v2
from contracts.limits import Entry
from runtime.clients import client
from runtime.commits import Commits, Crash
from runtime.conformance import Response
from runtime.inbox import RETENTION
from runtime.publisher import Bus, publish
from runtime.stream import changes_of
from runtime.testing import TABLE, stream_event


def item(user_id: str) -> dict[str, Any]:
    key = {"pk": {"S": f"TENANT#acme#USER#{user_id}"}, "sk": {"S": "USER"}}
    return client("dynamodb").get_item(TableName=TABLE, Key=key)["Item"]


def scan() -> list[dict[str, Any]]:
    return client("dynamodb").scan(TableName=TABLE)["Items"]


def test_deactivation_and_erasure_are_told_in_one_change(api: Any, commits: Commits) -> None:
    user = api.create("Ada", "ada@example.com").body
    response = api.delete(user["id"])
    assert (response.status, response.body) == (204, None)
    _registered, deactivated, former, erased = commits.events()
    told = [(name, metadata["revision"]) for name, metadata, _ in (deactivated, former, erased)]
    assert told == [("UserDeactivated.v2", 2), ("UserDeactivated.v1", 2), ("UserErased.v1", 3)]
    assert deactivated[2]["user_id"] == erased[2]["user_id"] == user["id"]
    assert deactivated[2]["deactivated_at"] == erased[2]["erased_at"]
    assert deactivated[1]["id"] != erased[1]["id"]


def test_both_majors_of_a_deactivation_are_one_fact(api: Any, commits: Commits) -> None:
    user = api.create("Ada", "ada@example.com").body
    api.delete(user["id"])
    (_, metadata, data), (_, former_metadata, former) = commits.events()[1:3]
    differ = {name for name in metadata if metadata[name] != former_metadata[name]}
    assert differ == {"schema_version", "idempotency_key"}
    assert data == to_v2(former)
    assert (data["reason"], former["reason"]) == ("DELETED", "user deleted")


def test_the_publisher_sends_both_majors_though_their_id_is_the_same(
    api: Any, commits: Commits
) -> None:
    user = api.create().body
    before = item(user["id"])
    api.delete(user["id"])
    sent: list[Entry] = []

    class Heard(Bus):
        def __init__(self) -> None:
            pass  # it asks no service

        def send(self, entries: Sequence[Entry]) -> None:
            sent.extend(entries)

    publish(changes_of(stream_event((before, item(user["id"])))), Heard())
    assert sent == commits.told[1:]
    assert [entry["detail-type"] for entry in sent] == [
        "UserDeactivated.v2",
        "UserDeactivated.v1",
        "UserErased.v1",
    ]


def test_a_deleted_user_is_gone(api: Any) -> None:
    user = api.create("Ada", "ada@example.com").body
    other = api.create().body
    api.delete(user["id"])
    assert api.get(user["id"]).problem == (404, "not-found")
    assert api.update(user["id"], "Ada", "ada@example.com").problem == (404, "not-found")
    assert api.list().body["items"] == [other]


def test_no_personal_data_stays_behind(api: Any) -> None:
    user = api.create("Ada Lovelace", "ada@example.com", headers={"Idempotency-Key": "k-1"}).body
    api.update(user["id"], "Ada Lovelace-King", "king@example.com")
    assert "Lovelace" in json.dumps(scan())
    api.delete(user["id"])
    (tombstone,) = scan()
    assert tombstone["data"]["M"].keys() == {"id", "status", "erased_at"}
    assert "Lovelace" not in json.dumps(tombstone)
    assert "example.com" not in json.dumps(tombstone)


def test_the_tombstone_outlives_whatever_can_come_back(api: Any) -> None:
    user = api.create().body
    api.delete(user["id"])
    (tombstone,) = scan()
    kept = datetime.fromtimestamp(int(tombstone["expires_at"]["N"]), UTC) - datetime.now(UTC)
    assert kept > 2 * RETENTION > timedelta(days=200)


def test_the_address_is_free_again(api: Any) -> None:
    user = api.create(email="ada@example.com").body
    api.delete(user["id"])
    response = api.create(email="ada@example.com")
    assert response.status == 201
    assert response.body["id"] != user["id"]


@pytest.mark.parametrize("headers", [{}, {"If-Match": '"1"'}])
def test_deleting_again_is_a_retry(api: Any, commits: Commits, headers: dict[str, str]) -> None:
    user = api.create().body
    assert api.delete(user["id"], headers=headers).status == 204
    assert api.delete(user["id"], headers=headers).status == 204
    assert len(commits.told) == 4


def test_a_stale_revision_is_not_deleted(api: Any) -> None:
    user = api.create().body
    changed = api.update(user["id"], "Ada", "new@example.com").body
    response = api.delete(user["id"], headers={"If-Match": '"1"'})
    assert response.problem == (412, "stale")
    assert api.get(user["id"]).body == changed
    assert api.delete(user["id"], headers={"If-Match": '"2"'}).status == 204


def test_a_change_at_the_same_moment_stops_the_deletion(api: Any, commits: Commits) -> None:
    user = api.create().body
    changed: list[Response] = []
    commits.interrupt(lambda: changed.append(api.update(user["id"], "Ada", "new@example.com")))
    assert api.delete(user["id"]).problem == (409, "conflict")
    assert api.get(user["id"]).body == changed[0].body
    assert api.delete(user["id"]).status == 204
    assert api.create(email="new@example.com").status == 201


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_is_repaired_by_the_retry(api: Any, commits: Commits, when: Any) -> None:
    user = api.create().body
    commits.crash(when=when)
    with pytest.raises(Crash):
        api.delete(user["id"])
    assert api.delete(user["id"]).status == 204
    assert [name for name, _, _ in commits.events()] == [
        "UserRegistered.v1",
        "UserDeactivated.v2",
        "UserDeactivated.v1",
        "UserErased.v1",
    ]
