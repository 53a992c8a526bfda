"""What the media service's events do to products: in any order, twice, broken, raced, crashed."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orders.domain.pictures import MAX_GONE, Pictures
from orders.pictures import ProductPictures
from runtime.changes import Contended, Key, Remove, RevisionConflict
from runtime.clients import client
from runtime.commits import Commits, Crash
from runtime.conformance import bad_messages, declared, good_messages
from runtime.reaction import Reaction
from runtime.table import Table
from runtime.testing import TABLE, Context, Queues, incoming, queue_event

REACTIONS: dict[str, Reaction] = {
    reaction.detail_type: reaction
    for reaction in declared("orders.reactions")
    if reaction.name in ("on_media_ready", "on_media_deleted")
}
GOOD = [(r, event) for r, event in good_messages("orders.reactions") if r in REACTIONS.values()]
BROKEN = [
    pytest.param(reaction, body, id=f"{reaction.name}-{what}")
    for reaction in REACTIONS.values()
    for what, body in bad_messages(reaction)
]


def med(number: int) -> str:
    return f"med_01K9XH7M4Q2V8R6T0W3Y5Z{number:04}"


OLD, NEW, NEWEST = med(1), med(2), med(3)


class Media:
    """What the media service tells, and its way to the reactions."""

    def ready(self, media_id: str, subject: str | None = "tea", **more: Any) -> dict[str, Any]:
        rendition = {"content_type": "image/webp", "width": 160, "height": 120, "size": 3120}
        data = {
            "filename": "tea.png",
            "renditions": [rendition],
            "colors": [],
            "texts": ["GREEN TEA"],
            "missing": [],
            "ready_at": "2026-11-20T08:30:00Z",
        }
        return self._event("MediaReady.v1", 5, media_id, subject, **data | more)

    def deleted(self, media_id: str, subject: str | None = "tea", **more: Any) -> dict[str, Any]:
        data = {"reason": "REQUESTED", "deleted_at": "2026-11-20T08:30:00Z"}
        return self._event("MediaDeleted.v1", 6, media_id, subject, **data | more)

    def _event(
        self, name: str, revision: int, media_id: str, subject: str | None, **more: Any
    ) -> dict[str, Any]:
        tenant = more.pop("tenant", "acme")
        data = {"media_id": media_id, "purpose": "product", "owner": "ada"} | more
        if subject is not None:
            data["subject"] = subject
        return incoming(
            "starling.media", name, data, subject=media_id, revision=revision, tenant=tenant
        )

    def deliver(self, *events: dict[str, Any]) -> None:
        """Deliver events that are handled without failure."""
        for event in events:
            assert self.attempt(event) == []

    def attempt(self, event: dict[str, Any]) -> list[Any]:
        """Deliver an event; return the failures."""
        answer = REACTIONS[event["detail-type"]](queue_event(event), Context())
        failures: list[Any] = answer["batchItemFailures"]
        return failures


@pytest.fixture
def media(service_table: Table, queues: Queues) -> Media:
    return Media()


def items() -> list[dict[str, Any]]:
    return client("dynamodb").scan(TableName=TABLE)["Items"]


def picture(tenant: str = "acme", sku: str = "tea") -> str | None:
    return ProductPictures.connect().shown(tenant, sku)


def test_each_reaction_reads_one_event_of_media() -> None:
    assert sorted(REACTIONS) == ["MediaDeleted.v1", "MediaReady.v1"]
    modules = {r.name: r.function.__module__.split(".")[-1] for r in REACTIONS.values()}
    assert all(name == module for name, module in modules.items())
    assert {r.source for r in REACTIONS.values()} == {"starling.media"}
    assert not any(r.fact for r in REACTIONS.values())


def test_a_product_shows_its_picture_and_stays_at_its_revision(api: Any, media: Any) -> None:
    product = api.put("tea").body
    assert product["picture"] is None
    media.deliver(media.ready(NEW))
    seen = api.product("tea", role="member")
    assert seen.body == product | {"picture": {"media_id": NEW}}
    assert seen.headers["ETag"] == '"1"'
    changed = api.put("tea", amount=700, headers={"If-Match": '"1"'})
    assert (changed.status, changed.body["revision"]) == (200, 2)
    assert changed.body["picture"] == api.product("tea").body["picture"] == {"media_id": NEW}


def test_a_picture_that_comes_before_its_product_waits_for_it(api: Any, media: Any) -> None:
    media.deliver(media.ready(NEW))
    assert api.product("tea").problem == (404, "not-found")
    made = api.put("tea")
    assert (made.status, made.body["picture"]) == (201, {"media_id": NEW})
    assert (made.body["revision"], made.headers["ETag"]) == (1, '"1"')
    assert api.product("tea").body == made.body


def test_a_picture_that_is_deleted_is_shown_no_more(api: Any, media: Any) -> None:
    product = api.put("tea").body
    media.deliver(media.ready(NEW), media.deleted(NEW))
    assert api.product("tea").body == product


def test_an_order_is_not_about_pictures(api: Any, media: Any, customer: str) -> None:
    media.deliver(media.ready(NEW))
    order = api.place(customer, "tea")
    assert order.status == 201
    assert NEW not in str(order.body)


def test_nothing_is_told_of_pictures(api: Any, media: Any, commits: Commits) -> None:
    api.put("tea")
    media.deliver(media.ready(NEW), media.deleted(NEW))
    assert commits.told == []


def test_the_same_event_twice_changes_nothing(media: Any) -> None:
    for event in (media.ready(NEW), media.deleted(NEW), media.deleted(NEWEST)):
        media.deliver(event)
        before = items()
        media.deliver(event)
        assert items() == before


@pytest.mark.parametrize("order", [*permutations(range(4))])
def test_the_newest_picture_is_shown_in_whatever_order_they_are_ready(
    media: Any, order: tuple[int, ...]
) -> None:
    steps = [
        media.ready(OLD),
        media.deleted(OLD),
        media.ready(NEW),
        media.deleted(NEWEST),  # it was never ready: it takes nothing away
    ]
    media.deliver(*[steps[step] for step in order])
    assert picture() == NEW


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_no_older_picture_comes_back_in_a_deleted_ones_place(
    media: Any, order: tuple[int, ...]
) -> None:
    steps = [media.ready(OLD), media.ready(NEW), media.deleted(NEW)]
    media.deliver(*[steps[step] for step in order])
    assert picture() is None


def test_every_product_has_its_own_picture(media: Any) -> None:
    media.deliver(media.ready(NEW, "tea"), media.ready(OLD, "jam"), media.deleted(OLD, "tea"))
    assert (picture(sku="tea"), picture(sku="jam"), picture(sku="te")) == (NEW, OLD, None)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"purpose": "avatar"}, id="another purpose"),
        pytest.param({"purpose": "banner"}, id="a purpose that is new to us"),
        pytest.param({"renditions": []}, id="nothing to show"),
        pytest.param({"subject": None}, id="of no product"),
    ],
)
def test_what_shows_no_product_changes_nothing(media: Any, change: dict[str, Any]) -> None:
    media.deliver(media.ready(NEW, **change))
    assert items() == []
    if "renditions" not in change:
        media.deliver(media.deleted(NEW, **change))
        assert items() == []


def test_a_picture_without_copies_does_not_keep_an_older_one_out(media: Any) -> None:
    media.deliver(media.ready(NEW, renditions=[]), media.ready(OLD))
    assert picture() == OLD


def test_an_event_of_another_tenant_does_not_reach_the_product(api: Any, media: Any) -> None:
    api.put("tea")
    media.deliver(media.ready(NEW), media.ready(NEWEST, tenant="globex"))
    media.deliver(media.deleted(NEW, tenant="globex"))
    assert (picture(), picture("globex")) == (NEW, NEWEST)
    api.put("tea", tenant="globex")
    assert api.product("tea").body["picture"] == {"media_id": NEW}
    assert api.product("tea", tenant="globex").body["picture"] == {"media_id": NEWEST}


@pytest.mark.parametrize("known", [[], [OLD]])
@pytest.mark.parametrize(("slow", "fast"), [("ready", "deleted"), ("deleted", "ready")])
def test_of_ready_and_deleted_at_the_same_moment_deleted_stays(
    media: Any, commits: Commits, known: list[str], slow: str, fast: str
) -> None:
    media.deliver(*map(media.ready, known))
    commits.interrupt(lambda: media.deliver(getattr(media, fast)(NEW)))
    media.deliver(getattr(media, slow)(NEW))
    assert picture() is None
    media.deliver(media.ready(NEW), *map(media.ready, known))
    assert picture() is None


@pytest.mark.parametrize("tell", ["ready", "deleted"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_is_repaired_by_the_next_delivery(
    media: Any, commits: Commits, tell: str, when: Any
) -> None:
    event = getattr(media, tell)(NEW)
    commits.crash(when=when)
    with pytest.raises(Crash):
        media.deliver(event)
    media.deliver(event, media.ready(OLD))
    assert picture() == (NEW if tell == "ready" else OLD)


@pytest.mark.parametrize("tell", ["ready", "deleted"])
def test_a_failure_of_ours_comes_again(media: Any, commits: Commits, tell: str) -> None:
    def fail() -> None:
        raise Contended

    commits.interrupt(fail)
    event = getattr(media, tell)(NEW)
    assert media.attempt(event) == [{"itemIdentifier": "message-0"}]
    assert items() == []
    assert media.attempt(event) == []
    assert len(items()) == 1


def test_pictures_that_go_on_changing_are_tried_again_later(
    media: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = []

    def lost(*_: object) -> None:
        attempts.append(1)
        raise RevisionConflict(Remove(key=Key("pk", "sk")))

    event = media.ready(NEW)
    with monkeypatch.context() as patched:
        patched.setattr(Table, "commit", lost)
        assert media.attempt(event) == [{"itemIdentifier": "message-0"}]
    assert len(attempts) > 1
    media.deliver(event)
    assert picture() == NEW


@pytest.mark.parametrize(("reaction", "event"), GOOD)
def test_every_released_minor_is_handled(
    media: Any, queues: Queues, reaction: Reaction, event: dict[str, Any]
) -> None:
    assert reaction(queue_event(event), Context()) == {"batchItemFailures": []}
    assert queues.dead() == []
    data = event["detail"]["data"]
    assert data["purpose"] == "product"
    shown = picture(event["detail"]["metadata"]["tenant_id"], data["subject"])
    assert shown == (data["media_id"] if reaction.name == "on_media_ready" else None)
    assert len(items()) == 1


@pytest.mark.parametrize(("reaction", "body"), BROKEN)
def test_a_broken_message_is_set_aside_and_the_others_go_on(
    media: Any, queues: Queues, reaction: Reaction, body: str
) -> None:
    media.deliver(media.ready(OLD))
    tell, left = (
        (media.ready(NEW), NEW) if reaction.name == "on_media_ready" else (media.deleted(OLD), None)
    )
    assert reaction(queue_event(body, tell), Context()) == {"batchItemFailures": []}
    (dead,) = queues.dead()
    assert dead["Body"] == body
    assert dead["MessageAttributes"]["reason"]["StringValue"].startswith("$")
    assert picture() == left
    assert [item["pk"]["S"] for item in items()] == ["TENANT#acme#PRODUCT#tea"]


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
