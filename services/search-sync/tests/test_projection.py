"""Other services' events become rows."""

import json
from itertools import permutations
from typing import Any

import pytest

from runtime.conformance import declared, good_messages
from runtime.reaction import Reaction
from runtime.testing import Context, Queues, queue_event
from search_sync import store


def test_a_registered_user_is_kept_with_name_and_address(projected: Any, told: Any) -> None:
    projected.deliver(told.registered())
    assert projected.user == {
        "kind": "user",
        "id": told.ada,
        "status": "active",
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "profile_revision": 1,
        "status_revision": 0,
    }


def test_an_order_is_kept_with_its_customers_name(projected: Any, told: Any) -> None:
    projected.deliver(told.registered(), told.placed())
    assert projected.order == {
        "kind": "order",
        "id": told.tea,
        "customer_id": told.ada,
        "status": "placed",
        "lines": [{"sku": "TEA-1", "name": "Green tea", "quantity": 2}],
        "total": {"amount": 900, "currency": "EUR"},
        "placed_at": "2026-11-20T08:30:00Z",
        "revision": 1,
        "customer_name": "Ada Lovelace",
        "customer_revision": 1,
    }


def test_an_order_of_a_customer_who_is_not_known_yet_gets_the_name_later(
    projected: Any, told: Any
) -> None:
    projected.deliver(told.placed())
    assert projected.order["customer_name"] is None
    projected.deliver(told.registered())
    assert projected.order["customer_name"] == "Ada Lovelace"


def test_a_new_name_reaches_every_order_over_all_pages(
    projected: Any, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PAGE", 2)
    orders = [f"ord_01JD00000000000000000000{number:02}" for number in range(5)]
    projected.deliver(told.registered(), *[told.placed(order) for order in orders], told.updated())
    names = {sk: row["customer_name"] for sk, row in projected.rows().items() if sk != "USER"}
    assert names == {f"ORDER#{order}": "Ada King" for order in orders}


@pytest.mark.parametrize("status", ["confirmed", "fulfilled", "rejected", "cancelled"])
def test_an_order_that_comes_further_keeps_what_it_was(
    projected: Any, told: Any, status: str
) -> None:
    projected.deliver(told.registered(), told.placed())
    before = projected.order
    projected.deliver(getattr(told, status)(revision=7))
    assert projected.order == before | {"status": status, "revision": 7}


# What may be told of one order, in the order it happened.
LIVES = [
    ["placed", "confirmed", "fulfilled"],
    ["placed", "confirmed", "cancelled"],
    ["placed", "confirmed", "rejected"],
    ["placed", "rejected"],
    ["placed", "cancelled"],
]
ORDERS_OF_LIVES = [(life, order) for life in LIVES for order in permutations(range(len(life)))]


@pytest.mark.parametrize(("life", "order"), ORDERS_OF_LIVES, ids=str)
def test_in_whatever_order_an_orders_events_come_the_newest_stands(
    projected: Any, told: Any, life: list[str], order: tuple[int, ...]
) -> None:
    events = [getattr(told, status)(revision=2 * at + 1) for at, status in enumerate(life)]
    projected.deliver(told.registered(), *[events[at] for at in order])
    assert (projected.order["status"], projected.order["revision"]) == (life[-1], 2 * len(life) - 1)
    ended = projected.image(f"ORDER#{told.tea}")
    projected.deliver(*[events[at] for at in order])
    assert projected.image(f"ORDER#{told.tea}") == ended


@pytest.mark.parametrize("status", ["placed", "confirmed", "fulfilled", "rejected", "cancelled"])
def test_any_event_of_an_order_alone_tells_all_of_it(
    projected: Any, told: Any, status: str
) -> None:
    projected.deliver(told.registered(), getattr(told, status)(told.mug, revision=1))
    projected.deliver(told.placed(revision=1))
    mug = projected.rows()[f"ORDER#{told.mug}"]
    assert mug == projected.order | {"id": told.mug, "status": status}


@pytest.mark.parametrize("status", ["confirmed", "fulfilled", "rejected", "cancelled"])
def test_an_order_of_an_erased_customer_gets_no_name_whatever_becomes_of_it(
    projected: Any, told: Any, status: str
) -> None:
    projected.deliver(told.registered(), told.placed(), told.erased())
    projected.deliver(getattr(told, status)(revision=7))
    assert (projected.order["status"], projected.order["customer_name"]) == (status, None)
    assert "Ada" not in json.dumps(projected.rows())


def test_a_cancellation_that_overtakes_the_order_is_not_undone_by_it(
    projected: Any, told: Any
) -> None:
    projected.deliver(told.registered(), told.cancelled())
    cancelled = projected.rows()
    projected.deliver(told.placed())
    assert projected.order["status"] == "cancelled"
    assert projected.rows() == cancelled


def test_a_deactivation_that_overtakes_the_registration_still_lets_the_name_in(
    projected: Any, told: Any
) -> None:
    projected.deliver(told.deactivated(), told.updated(), told.registered())
    assert (projected.user["name"], projected.user["status"]) == ("Ada King", "deactivated")


def test_of_an_erased_user_nothing_personal_remains(projected: Any, told: Any) -> None:
    projected.deliver(told.registered(), told.placed(), told.erased())
    assert projected.user == {
        "kind": "user",
        "id": told.ada,
        "status": "erased",
        "name": None,
        "email": None,
        "profile_revision": 4,
        "status_revision": 4,
    }
    assert projected.order["customer_name"] is None
    assert "Ada" not in json.dumps(projected.rows())


def test_late_events_raise_no_erased_user_from_the_dead(projected: Any, told: Any) -> None:
    projected.deliver(told.erased())
    tombstone = projected.rows()
    projected.deliver(told.registered(), told.updated(), told.deactivated(), told.erased(3))
    assert projected.rows() == tombstone
    projected.deliver(told.placed())
    assert projected.order["customer_name"] is None


def test_a_repeated_event_changes_no_row(projected: Any, told: Any) -> None:
    events = [told.registered(), told.placed(), told.updated(), told.confirmed(), told.fulfilled()]
    projected.deliver(*events)
    images = [projected.image(), projected.image(f"ORDER#{told.tea}")]
    projected.deliver(*events)
    assert [projected.image(), projected.image(f"ORDER#{told.tea}")] == images


def test_every_change_of_a_row_counts_its_revision_up(projected: Any, told: Any) -> None:
    revisions = []
    for event in (told.registered(5), told.updated(7), told.deactivated(8), told.erased(9)):
        projected.deliver(event)
        revisions.append(int(projected.image()["revision"]["N"]))
    assert revisions == [1, 2, 3, 4]


def test_tenants_with_the_same_ids_are_apart(projected: Any, told: Any) -> None:
    globex = type(told)("globex")
    projected.deliver(told.registered(), globex.registered(name="Grace"), globex.placed())
    assert projected.user["name"] == "Ada Lovelace"
    assert set(projected.rows()) == {"USER"}
    assert projected.rows("globex")["USER"]["name"] == "Grace"


def test_what_becomes_of_a_tenants_order_is_nothing_to_anothers_of_the_same_id(
    projected: Any, told: Any
) -> None:
    globex = type(told)("globex")
    projected.deliver(told.placed(), globex.placed(), globex.confirmed(), globex.fulfilled())
    assert (projected.order["status"], projected.order["revision"]) == ("placed", 1)
    assert projected.rows("globex")[f"ORDER#{told.tea}"]["status"] == "fulfilled"


@pytest.mark.parametrize(("reaction", "event"), [*good_messages("search_sync.reactions")])
def test_every_released_minor_is_handled(
    projected: Any, queues: Queues, reaction: Reaction, event: dict[str, Any]
) -> None:
    assert reaction(queue_event(event), Context()) == {"batchItemFailures": []}
    assert queues.dead() == []
    data, tenant = event["detail"]["data"], event["detail"]["metadata"]["tenant_id"]
    if media := data.get("media_id"):
        assert projected.media(media, tenant)
    else:
        assert projected.rows(tenant, data.get("customer_id") or data["user_id"])


GARBAGE = ["", "{", "[]", "null", '{"detail": 1}', "\ud800".encode("utf-8", "replace").decode()]


@pytest.mark.parametrize("handler", declared("search_sync.reactions"), ids=lambda h: h.name)
def test_garbage_goes_to_the_dead_letter_queue_and_the_rest_goes_on(
    projected: Any, told: Any, queues: Queues, handler: Any
) -> None:
    kinds = [
        *(told.registered(), told.updated(), told.deactivated(), told.erased()),
        *(told.placed(), told.confirmed(), told.fulfilled(), told.rejected(), told.cancelled()),
        *(told.ready(), told.deleted()),
    ]
    (good,) = [kind for kind in kinds if kind["detail-type"] == handler.detail_type]
    bad: dict[str, Any] = json.loads(json.dumps(good))
    ids = ("user_id", "order_id", "media_id")
    (first,) = [name for name in ids if name in bad["detail"]["data"]]
    bad["detail"]["data"][first] = "TENANT#globex"
    assert handler(queue_event(*GARBAGE, bad, good), Context()) == {"batchItemFailures": []}
    dead = queues.dead()
    assert len(dead) == len(GARBAGE) + 1
    reasons = [message["MessageAttributes"]["reason"]["StringValue"] for message in dead]
    assert any(f"$.detail.data.{first}" in reason for reason in reasons)
    assert len(projected.rows()) + bool(projected.media()) == 1
