"""What the media service's events do here: in any order, twice, broken, raced and crashed."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.changes import Contended, Key, Remove, RevisionConflict
from runtime.clients import client
from runtime.commits import Commits, Crash
from runtime.conformance import bad_messages, declared, good_messages
from runtime.reaction import Reaction
from runtime.testing import NOW, TABLE, Context, Queues, queue_event
from users.domain import users as rules
from users.domain.avatars import MAX_GONE, Pictures
from users.store import Users

REACTIONS: list[Reaction] = declared("users.reactions")
BROKEN = [
    pytest.param(reaction, body, id=f"{reaction.name}-{what}")
    for reaction in REACTIONS
    for what, body in bad_messages(reaction)
]


def med(number: int) -> str:
    return f"med_01K9XH7M4Q2V8R6T0W3Y5Z{number:04}"


OLD, NEW, NEWEST = med(1), med(2), med(3)


def items() -> list[dict[str, Any]]:
    return client("dynamodb").scan(TableName=TABLE)["Items"]


def avatar(api: Any, user_id: str) -> str | None:
    shown = api.get(user_id).body["avatar"]
    return shown and shown["media_id"]


def test_each_reaction_reads_one_event_of_media() -> None:
    assert [r.detail_type for r in REACTIONS] == ["MediaDeleted.v1", "MediaReady.v1"]
    assert {r.source for r in REACTIONS} == {"starling.media"}
    assert [r.name for r in REACTIONS] == [r.function.__module__.split(".")[-1] for r in REACTIONS]
    assert not any(r.fact for r in REACTIONS)


def test_a_picture_becomes_the_avatar_and_is_told(api: Any, media: Any, commits: Commits) -> None:
    user = api.create("Ada", "ada@example.com").body
    assert user["avatar"] is None
    event = media.ready(NEW, user["id"])
    media.deliver(event)
    seen = api.get(user["id"])
    assert seen.body == user | {
        "avatar": {"media_id": NEW},
        "revision": 2,
        "updated_at": seen.body["updated_at"],
    }
    assert seen.body["updated_at"] > user["updated_at"]
    assert seen.headers["ETag"] == '"2"'
    assert api.list().body["items"] == [seen.body]
    name, metadata, data = commits.events()[-1]
    assert (name, metadata["subject"], metadata["revision"]) == ("UserUpdated.v1", user["id"], 2)
    assert metadata["schema_version"] == "1.1"
    assert metadata["causation_id"] == event["detail"]["metadata"]["id"]
    assert metadata["correlation_id"] == event["detail"]["metadata"]["correlation_id"]
    assert data == {
        "user_id": user["id"],
        "name": "Ada",
        "email": "ada@example.com",
        "avatar": NEW,
        "updated_at": seen.body["updated_at"],
    }


def test_an_avatar_that_is_deleted_is_taken_away_and_told(
    api: Any, media: Any, commits: Commits
) -> None:
    user = api.create().body["id"]
    media.deliver(media.ready(NEW, user), media.deleted(NEW, user))
    seen = api.get(user).body
    assert (seen["avatar"], seen["revision"]) == (None, 3)
    name, metadata, data = commits.events()[-1]
    assert (name, metadata["revision"]) == ("UserUpdated.v1", 3)
    assert "avatar" not in data


def test_a_change_of_the_name_keeps_the_avatar_and_tells_it(
    api: Any, media: Any, commits: Commits
) -> None:
    user = api.create().body["id"]
    media.deliver(media.ready(NEW, user))
    changed = api.update(user, "Ada King", "king@example.com").body
    assert changed["avatar"] == {"media_id": NEW}
    assert commits.events()[-1][2]["avatar"] == NEW


def test_the_same_event_twice_changes_nothing(api: Any, media: Any, commits: Commits) -> None:
    user = api.create().body["id"]
    for event in (media.ready(NEW, user), media.deleted(NEW, user)):
        media.deliver(event)
        before, told = items(), len(commits.told)
        media.deliver(event)
        assert (items(), len(commits.told)) == (before, told)


@pytest.mark.parametrize("order", [*permutations(range(4))])
def test_the_newest_picture_is_shown_in_whatever_order_they_are_ready(
    api: Any, media: Any, order: tuple[int, ...]
) -> None:
    user = api.create().body["id"]
    steps = [
        media.ready(OLD, user),
        media.deleted(OLD, user),
        media.ready(NEW, user),
        media.deleted(NEWEST, user),  # it was never ready: it takes nothing away
    ]
    media.deliver(*[steps[step] for step in order])
    assert avatar(api, user) == NEW


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_no_older_picture_comes_back_in_a_deleted_ones_place(
    api: Any, media: Any, order: tuple[int, ...]
) -> None:
    user = api.create().body["id"]
    steps = [media.ready(OLD, user), media.ready(NEW, user), media.deleted(NEW, user)]
    media.deliver(*[steps[step] for step in order])
    assert avatar(api, user) is None


def test_what_others_cannot_see_is_not_told(api: Any, media: Any, commits: Commits) -> None:
    user = api.create().body
    media.deliver(media.deleted(NEW, user["id"]), media.ready(NEW, user["id"]))
    assert api.get(user["id"]).body == user | {"revision": 3}
    assert [name for name, _, _ in commits.events()] == ["UserRegistered.v1"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"purpose": "product"}, id="another purpose"),
        pytest.param({"purpose": "banner"}, id="a purpose that is new to us"),
        pytest.param({"renditions": []}, id="nothing to show"),
    ],
)
def test_what_is_no_avatar_changes_nothing(api: Any, media: Any, change: dict[str, Any]) -> None:
    user = api.create().body
    media.deliver(media.ready(NEW, user["id"], **change))
    assert api.get(user["id"]).body == user


def test_a_picture_without_copies_does_not_keep_an_older_one_out(api: Any, media: Any) -> None:
    user = api.create().body["id"]
    media.deliver(media.ready(NEW, user, renditions=[]), media.ready(OLD, user))
    assert avatar(api, user) == OLD


@pytest.mark.parametrize("tell", ["ready", "deleted"])
@pytest.mark.parametrize("subject", [None, "tea", "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV", "usr_"])
def test_a_picture_of_nobody_changes_nothing(
    media: Any, tell: str, subject: str | None, commits: Commits
) -> None:
    media.deliver(getattr(media, tell)(NEW, subject))
    assert items() == []
    assert commits.told == []


def test_a_picture_of_who_was_erased_changes_nothing(
    api: Any, media: Any, commits: Commits
) -> None:
    user = api.create().body["id"]
    media.deliver(media.ready(OLD, user))
    api.delete(user)
    before, told = items(), len(commits.told)
    assert OLD not in str(before)
    media.deliver(media.ready(NEW, user), media.deleted(OLD, user))
    assert (items(), len(commits.told)) == (before, told)


def test_an_event_of_another_tenant_does_not_reach_the_user(api: Any, media: Any) -> None:
    user = api.create().body["id"]
    media.deliver(media.ready(NEW, user))
    before = items()
    media.deliver(media.ready(NEWEST, user, tenant="globex"))
    media.deliver(media.deleted(NEW, user, tenant="globex"))
    assert items() == before


def test_a_user_that_was_written_before_there_were_avatars_gets_one(api: Any, media: Any) -> None:
    user = api.create().body["id"]
    (item,) = [item for item in items() if item["sk"]["S"] == "USER"]
    del item["data"]["M"]["pictures"]
    client("dynamodb").put_item(TableName=TABLE, Item=item)
    assert api.get(user).body["avatar"] is None
    media.deliver(media.ready(NEW, user))
    assert avatar(api, user) == NEW


def test_a_change_of_the_user_at_the_same_moment_is_not_lost(
    api: Any, media: Any, commits: Commits
) -> None:
    user = api.create().body["id"]
    commits.interrupt(lambda: api.update(user, "Ada King", "king@example.com"))
    media.deliver(media.ready(NEW, user))
    seen = api.get(user).body
    assert (seen["name"], seen["avatar"], seen["revision"]) == ("Ada King", {"media_id": NEW}, 3)


@pytest.mark.parametrize(("slow", "fast"), [("ready", "deleted"), ("deleted", "ready")])
def test_of_ready_and_deleted_at_the_same_moment_deleted_stays(
    api: Any, media: Any, commits: Commits, slow: str, fast: str
) -> None:
    user = api.create().body["id"]
    commits.interrupt(lambda: media.deliver(getattr(media, fast)(NEW, user)))
    media.deliver(getattr(media, slow)(NEW, user))
    assert avatar(api, user) is None
    media.deliver(media.ready(NEW, user))
    assert avatar(api, user) is None


def test_an_erasure_at_the_same_moment_wins(api: Any, media: Any, commits: Commits) -> None:
    user = api.create().body["id"]
    commits.interrupt(lambda: api.delete(user))
    media.deliver(media.ready(NEW, user))
    (tombstone,) = items()
    assert tombstone["data"]["M"].keys() == {"id", "status", "erased_at"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_is_repaired_by_the_next_delivery(
    api: Any, media: Any, commits: Commits, when: Any
) -> None:
    user = api.create().body["id"]
    event = media.ready(NEW, user)
    commits.crash(when=when)
    with pytest.raises(Crash):
        media.deliver(event)
    media.deliver(event)
    assert avatar(api, user) == NEW
    assert [name for name, _, _ in commits.events()].count("UserUpdated.v1") <= 1


@pytest.mark.parametrize("tell", ["ready", "deleted"])
def test_a_failure_of_ours_comes_again(api: Any, media: Any, commits: Commits, tell: str) -> None:
    user = api.create().body["id"]
    before = items()

    def fail() -> None:
        raise Contended

    commits.interrupt(fail)
    event = getattr(media, tell)(NEW, user)
    assert media.attempt(event) == [{"itemIdentifier": "message-0"}]
    assert items() == before
    assert media.attempt(event) == []
    assert items() != before


def test_a_user_who_goes_on_changing_is_tried_again_later(
    api: Any, media: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = api.create().body["id"]
    attempts = []

    def lost(*_: object, **__: object) -> None:
        attempts.append(1)
        raise RevisionConflict(Remove(key=Key("pk", "sk")))

    event = media.ready(NEW, user)
    with monkeypatch.context() as patched:
        patched.setattr(Users, "replace", lost)
        assert media.attempt(event) == [{"itemIdentifier": "message-0"}]
    assert len(attempts) > 1
    media.deliver(event)
    assert avatar(api, user) == NEW


@pytest.mark.parametrize(("reaction", "event"), [*good_messages("users.reactions")])
def test_every_released_minor_is_handled(
    media: Any, queues: Queues, reaction: Reaction, event: dict[str, Any]
) -> None:
    assert reaction(queue_event(event), Context()) == {"batchItemFailures": []}
    assert queues.dead() == []


@pytest.mark.parametrize(("reaction", "body"), BROKEN)
def test_a_broken_message_is_set_aside_and_the_others_go_on(
    api: Any, media: Any, queues: Queues, reaction: Reaction, body: str
) -> None:
    user = api.create().body["id"]
    media.deliver(media.ready(OLD, user))
    tell = {"MediaReady.v1": media.ready, "MediaDeleted.v1": media.deleted}[reaction.detail_type]
    fine = tell(NEW if tell == media.ready else OLD, user)
    assert reaction(queue_event(body, fine), Context()) == {"batchItemFailures": []}
    (dead,) = queues.dead()
    assert dead["Body"] == body
    assert dead["MessageAttributes"]["reason"]["StringValue"].startswith("$")
    assert avatar(api, user) == (NEW if tell == media.ready else None)


NUMBERS = st.sets(st.integers(1, 12))


@given(ready=NUMBERS, deleted=NUMBERS, data=st.data())
def test_what_is_known_of_pictures_depends_on_what_was_told_not_on_when(
    ready: set[int], deleted: set[int], data: st.DataObject
) -> None:
    told = [("ready", number) for number in ready] + [("deleted", number) for number in deleted]
    repeated = data.draw(st.lists(st.sampled_from(told), max_size=4)) if told else []
    known = Pictures()
    for what, number in data.draw(st.permutations([*told, *repeated])):
        known = getattr(known, what)(med(number))
    newest = max(ready, default=0)
    assert known == Pictures(
        shown=med(newest) if newest and newest not in deleted else None,
        newest=med(newest) if newest else "",
        gone=tuple(med(number) for number in sorted(deleted) if number > newest),
    )


def test_of_very_many_deleted_pictures_none_is_ever_shown() -> None:
    gone = [med(number) for number in range(1, 3 * MAX_GONE)]
    known = Pictures().ready(med(0))
    for media_id in gone:
        known = known.deleted(media_id)
        assert len(known.gone) <= MAX_GONE
        assert known.shown == med(0)
    for media_id in gone:
        known = known.ready(media_id)
        assert known.shown in (None, med(0))
    assert known.ready(med(9999)).shown == med(9999)


def test_old_news_leave_the_very_same_user() -> None:
    user = rules.register("usr_1", name="Ada", email="ada@example.com", at=NOW)
    shown = rules.show(user, NEW, at=NOW)
    assert rules.show(shown, NEW, at=NOW) is rules.show(shown, OLD, at=NOW) is shown
    assert rules.hide(shown, OLD, at=NOW) is shown
    hidden = rules.hide(shown, NEWEST, at=NOW)
    assert hidden.revision == shown.revision + 1
    assert rules.hide(hidden, NEWEST, at=NOW) is hidden
