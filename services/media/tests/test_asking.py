"""Asking for uploads, reading, listing and deleting them."""

import base64
import json
from typing import Any

import pytest

from media.domain.asking import LARGE_BYTES
from media.store import Media

CSV = {"filename": "a.csv", "content_type": "text/csv", "purpose": "import"}


def policy(answer: Any) -> list[Any]:
    """Return what S3 will hold a form to."""
    document = json.loads(base64.b64decode(answer.body["upload"]["fields"]["policy"]))
    conditions: list[Any] = document["conditions"]
    return conditions


def test_a_form_is_bound_to_key_type_and_size(api: Any) -> None:
    answer = api.create({"size": 1234, "content_type": "image/png"})
    assert (answer.status, answer.headers["ETag"]) == (201, '"1"')
    media_id, fields = answer.body["id"], answer.body["upload"]["fields"]
    assert fields["key"] == f"incoming/acme/{media_id}"
    assert fields["Content-Type"] == "image/png"
    conditions = policy(answer)
    assert {"key": fields["key"]} in conditions
    assert {"Content-Type": "image/png"} in conditions
    assert ["content-length-range", 1234, 1234] in conditions
    assert "x-amz-signature" in fields


@pytest.mark.parametrize(
    ("size", "prefix"), [(LARGE_BYTES, "imports/"), (LARGE_BYTES + 1, "large-files/")]
)
def test_an_import_goes_where_it_fits(api: Any, size: int, prefix: str) -> None:
    answer = api.create(CSV | {"size": size})
    key = answer.body["upload"]["fields"]["key"]
    assert key == f"{prefix}acme/{answer.body['id']}.csv"


def test_an_awaited_upload_is_seen_as_such(api: Any) -> None:
    made = api.create({"subject": "lamp"}, user="bob").body
    answer = api.get(made["id"])
    assert (answer.status, answer.headers["ETag"]) == (200, '"1"')
    body = answer.body
    assert (body["status"], body["reason"], body["report"]) == ("awaiting_upload", None, None)
    assert (body["purpose"], body["subject"]) == ("product", "lamp")
    assert (body["renditions"], body["metadata"], body["texts"]) == ([], None, [])


def test_uploads_are_listed_in_parts_and_by_tenant(api: Any) -> None:
    made = [api.create().body["id"] for _ in range(3)]
    api.create(tenant="globex")
    first = api.list(query={"limit": "2"}).body
    rest = api.list(query={"limit": "2", "cursor": first["next_cursor"]}).body
    assert [item["id"] for item in first["items"] + rest["items"]] == made
    assert rest["next_cursor"] is None


def test_the_same_key_asks_once(api: Any) -> None:
    headers = {"Idempotency-Key": "k"}
    first, again = (api.create(headers=headers) for _ in range(2))
    assert first.body == again.body
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(api.list().body["items"]) == 1
    other = api.create({"size": 7}, headers=headers)
    assert other.problem == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"content_type": "image/svg+xml"}, ["content_type"]),
        ({"size": 0}, ["size"]),
        ({"size": 10**15}, ["size"]),
        ({"filename": "../../etc/passwd"}, ["filename"]),
        ({"filename": "a\u0000b"}, ["filename"]),
        ({"filename": " "}, ["filename"]),
        ({"purpose": "virus"}, ["purpose"]),
        ({"subject": "a/b"}, ["subject"]),
        (CSV | {"subject": "lamp"}, ["subject"]),
    ],
)
def test_what_is_not_taken_is_named(api: Any, body: Any, fields: list[str]) -> None:
    answer = api.create(body)
    assert answer.problem == (400, "invalid-request")
    assert answer.fields == fields


def test_members_import_nothing_and_set_no_others_avatar(api: Any) -> None:
    assert api.create(CSV, role="member").problem == (403, "forbidden")
    avatar = {"purpose": "avatar", "subject": "eve"}
    assert api.create(avatar, role="member", user="bob").problem == (403, "forbidden")
    assert api.create(avatar, role="member", user="eve").status == 201
    assert api.create(avatar, role="admin", user="bob").status == 201


def test_deleting_leaves_nothing_to_see_and_may_be_repeated(api: Any, service: Any) -> None:
    media_id = service.ask()
    assert api.delete(media_id, headers={"If-Match": '"9"'}).problem == (412, "stale")
    for _ in range(2):
        assert api.delete(media_id, headers={"If-Match": '"1"'}).status == 204
    assert api.get(media_id).problem == (404, "not-found")
    assert api.list().body["items"] == []
    (told,) = service.news()
    assert told["detail-type"] == "MediaDeleted.v1"
    assert told["detail"]["data"]["reason"] == "REQUESTED"


def test_only_who_made_it_whom_it_shows_and_admins_delete(api: Any) -> None:
    media_id = api.create(user="bob").body["id"]
    assert api.delete(media_id, role="member", user="eve").problem == (403, "forbidden")
    assert api.delete(media_id, role="member", user="bob").status == 204
    avatar = api.create({"purpose": "avatar", "subject": "eve"}, user="bob").body["id"]
    assert api.delete(avatar, role="member", user="eve").status == 204


def test_nothing_is_taken_of_an_erased_person(api: Any) -> None:
    Media.connect().erase_person("acme", "bob", 3)
    assert api.create(user="bob").problem == (409, "person-erased")
    assert api.create({"purpose": "avatar", "subject": "bob"}).problem == (409, "person-erased")
    assert api.create(user="bob", tenant="globex").status == 201
