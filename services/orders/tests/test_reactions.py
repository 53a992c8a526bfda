"""What users' events do here: in any order, twice, broken, and with crashes in between."""

from itertools import product
from typing import Any

import pytest

from orders.store import Customers, Orders
from runtime.changes import Contended
from runtime.clients import client
from runtime.commits import Commits, Crash
from runtime.conformance import bad_messages, declared, good_messages
from runtime.ids import new_id
from runtime.reaction import Reaction
from runtime.testing import TABLE, Context, Queues, queue_event

REACTIONS: list[Reaction] = [
    reaction for reaction in declared("orders.reactions") if reaction.source == "starling.users"
]
GOOD = [(r, event) for r, event in good_messages("orders.reactions") if r in REACTIONS]
EVENTS = ("UserRegistered.v1", "UserDeactivated.v2", "UserErased.v1")
BROKEN = [
    pytest.param(reaction, body, id=f"{reaction.name}-{what}")
    for reaction in REACTIONS
    for what, body in bad_messages(reaction)
]


def status(user: str, tenant: str = "acme") -> str | None:
    return Customers.connect().status(tenant, user)


def open_orders(user: str) -> list[str]:
    return list(Orders.connect().open_of("acme", user))


def items() -> list[dict[str, Any]]:
    return client("dynamodb").scan(TableName=TABLE)["Items"]


def test_each_reaction_reads_one_event_of_users() -> None:
    assert sorted(r.detail_type for r in REACTIONS) == sorted([*EVENTS, "UserDeactivated.v1"])
    # The majors of one event are one reaction to the inbox: what was done for one is done.
    modules = [r.function.__module__.split(".")[-1] for r in REACTIONS]
    assert [r.name for r in REACTIONS] == [module.removesuffix("_v2") for module in modules]
    assert {r.name for r in REACTIONS if r.fact} == {"on_user_deactivated"}


@pytest.mark.parametrize(("reaction", "event"), GOOD)
def test_every_released_minor_is_handled(
    bus: Any, queues: Queues, reaction: Reaction, event: dict[str, Any]
) -> None:
    assert reaction(queue_event(event), Context()) == {"batchItemFailures": []}
    assert queues.dead() == []
    metadata = event["detail"]["metadata"]
    assert status(metadata["subject"], metadata["tenant_id"]) is not None


@pytest.mark.parametrize(("reaction", "body"), BROKEN)
def test_a_broken_message_is_set_aside_and_the_others_go_on(
    bus: Any, queues: Queues, reaction: Reaction, body: str
) -> None:
    user = new_id("usr")
    fine = bus.event(reaction.detail_type, user)
    answer = reaction(queue_event(body, fine), Context())
    assert answer == {"batchItemFailures": []}
    (dead,) = queues.dead()
    assert dead["Body"] == body
    assert dead["MessageAttributes"]["reason"]["StringValue"].startswith("$")
    assert status(user) is not None
    # That a tenant is known, a process writes once: it may have before.
    written = {item["pk"]["S"] for item in items()} - {"TENANTS"}
    assert written == {f"TENANT#acme#CUSTOMER#{user}"}


@pytest.mark.parametrize("reaction", REACTIONS, ids=lambda r: r.name)
def test_a_failure_of_ours_comes_again(
    bus: Any, queues: Queues, commits: Commits, reaction: Reaction
) -> None:
    def fail() -> None:
        raise Contended

    commits.interrupt(fail)
    event = bus.event(reaction.detail_type, new_id("usr"))
    assert bus.attempt(event) == [{"itemIdentifier": "message-0"}]
    assert items() == queues.dead() == []
    assert bus.attempt(event) == []
    assert len(items()) == 1


def test_a_registered_user_may_order(api: Any, bus: Any, customer: str) -> None:
    user = new_id("usr")
    assert api.place(user).problem == (409, "unknown-customer")
    bus.send("UserRegistered.v1", user)
    assert api.place(user).status == 201


def test_a_user_is_known_to_its_own_tenant_only(api: Any, bus: Any) -> None:
    user = new_id("usr")
    bus.send("UserRegistered.v1", user)
    assert (status(user), status(user, "globex")) == ("active", None)
    bus.send("UserDeactivated.v2", user, tenant="globex")
    assert (status(user), status(user, "globex")) == ("active", "inactive")


@pytest.mark.parametrize(
    "order",
    [
        EVENTS,
        EVENTS[::-1],
        (EVENTS[1], EVENTS[0], EVENTS[2]),
        (EVENTS[2], EVENTS[0], EVENTS[1]),
        (*EVENTS, *EVENTS),
        (*EVENTS[::-1], *EVENTS),
    ],
)
def test_the_newest_of_a_users_events_counts_in_whatever_order_they_come(
    bus: Any, order: tuple[str, ...]
) -> None:
    user = new_id("usr")
    for name in order:
        bus.send(name, user)
    assert status(user) == "erased"
    assert len(items()) == 1


def test_what_is_known_of_a_user_who_is_gone_never_expires(bus: Any) -> None:
    bus.send("UserErased.v1", new_id("usr"))
    (replica,) = items()
    assert "expires_at" not in replica


def test_a_deactivated_users_open_orders_are_cancelled(
    api: Any, bus: Any, customer: str, commits: Commits
) -> None:
    done = api.cancel(api.place(customer).body["id"]).body
    mine = {api.place(customer).body["id"] for _ in range(3)}
    other = new_id("usr")
    bus.send("UserRegistered.v1", other)
    theirs = api.place(other).body
    commits.told.clear()
    event = bus.event("UserDeactivated.v2", customer)
    bus.deliver(event)
    for order_id in mine:
        order = api.get(order_id).body
        assert (order["status"], order["reason"]) == ("cancelled", "customer deleted")
        assert order["revision"] == 2
    assert open_orders(customer) == []
    assert api.get(done["id"]).body == done
    assert api.get(theirs["id"]).body == theirs
    assert api.place(customer).problem == (409, "inactive-customer")
    told = commits.events()
    assert {name for name, _, _ in told} == {"OrderCancelled.v1"}
    assert {data["order_id"] for _, _, data in told} == mine
    cause = event["detail"]["metadata"]
    assert {m["causation_id"] for _, m, _ in told} == {cause["id"]}
    assert {m["correlation_id"] for _, m, _ in told} == {cause["correlation_id"]}


def test_all_pages_of_open_orders_are_cancelled(
    api: Any, bus: Any, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.table._PART", 2)
    made = {api.place(customer).body["id"] for _ in range(5)}
    assert set(open_orders(customer)) == made
    bus.send("UserDeactivated.v2", customer)
    assert open_orders(customer) == []
    assert {order["status"] for order in api.list().body["items"]} == {"cancelled"}


def test_the_erasure_coming_first_does_not_keep_orders_open(
    api: Any, bus: Any, customer: str
) -> None:
    order = api.place(customer).body
    bus.send("UserErased.v1", customer)
    assert api.place(customer).problem == (409, "inactive-customer")
    assert api.get(order["id"]).body["status"] == "placed"
    bus.send("UserDeactivated.v2", customer)
    assert api.get(order["id"]).body["status"] == "cancelled"
    assert status(customer) == "erased"


def test_the_same_deactivation_twice_cancels_once(
    api: Any, bus: Any, customer: str, commits: Commits
) -> None:
    api.place(customer)
    event = bus.event("UserDeactivated.v2", customer)
    bus.deliver(event)
    before = items()
    bus.deliver(event)
    assert items() == before
    assert len(commits.told) == 2


@pytest.mark.parametrize("same", [True, False])
def test_two_deactivations_at_the_same_moment_cancel_once(
    api: Any, bus: Any, customer: str, commits: Commits, same: bool
) -> None:
    made = {api.place(customer).body["id"] for _ in range(2)}
    event = bus.event("UserDeactivated.v2", customer)
    twin = event if same else bus.event("UserDeactivated.v2", customer)
    # The first commit is the replica's, the second cancels the first order.
    commits.interrupt(lambda: bus.deliver(twin), nth=2)
    bus.deliver(event)
    cancelled = [d["order_id"] for name, _, d in commits.events() if name == "OrderCancelled.v1"]
    assert sorted(cancelled) == sorted(made)


def test_a_twin_that_dies_halfway_leaves_the_rest_to_this_delivery(
    api: Any, bus: Any, customer: str, commits: Commits
) -> None:
    for _ in range(3):
        api.place(customer)
    event = bus.event("UserDeactivated.v2", customer)

    def twin() -> None:
        commits.crash(nth=2, when="after")
        with pytest.raises(Crash):
            bus.deliver(event)

    commits.interrupt(twin, nth=2)
    bus.deliver(event)
    assert open_orders(customer) == []
    assert [name for name, _, _ in commits.events()].count("OrderCancelled.v1") == 3


def test_each_cancellation_is_remembered_under_its_event(api: Any, bus: Any, customer: str) -> None:
    made = {api.place(customer).body["id"] for _ in range(2)}
    event = bus.event("UserDeactivated.v2", customer)
    bus.deliver(event)
    inbox = f"TENANT#acme#INBOX#on_user_deactivated#{event['detail']['metadata']['id']}"
    marks = [item for item in items() if item["pk"]["S"] == inbox]
    assert {mark["sk"]["S"] for mark in marks} == {f"MARK#{order_id}" for order_id in made}
    assert all("expires_at" in mark for mark in marks)


def test_an_order_that_its_customer_cancels_at_this_moment_stays_as_it_is(
    api: Any, bus: Any, customer: str, commits: Commits
) -> None:
    first, second = sorted(api.place(customer).body["id"] for _ in range(2))
    commits.interrupt(lambda: api.cancel(first), nth=2)
    bus.send("UserDeactivated.v2", customer)
    assert api.get(first).body["reason"] == "cancelled on request"
    assert api.get(second).body["reason"] == "customer deleted"


def test_an_order_placed_while_its_customer_is_being_deactivated_is_cancelled_too(
    api: Any, bus: Any, customer: str, commits: Commits
) -> None:
    commits.interrupt(lambda: api.place(customer))
    bus.send("UserDeactivated.v2", customer)
    (order,) = api.list().body["items"]
    assert order["status"] == "cancelled"


@pytest.mark.parametrize("crash", [*product([1, 2, 3, 4], ["before", "after"])])
def test_a_crash_at_any_commit_changes_nothing_in_the_end(
    api: Any, bus: Any, customer: str, commits: Commits, crash: tuple[int, Any]
) -> None:
    made = {api.place(customer).body["id"] for _ in range(3)}
    event = bus.event("UserDeactivated.v2", customer)
    nth, when = crash
    commits.crash(nth=nth, when=when)
    with pytest.raises(Crash):
        bus.deliver(event)
    bus.deliver(event)
    cancelled = [d["order_id"] for name, _, d in commits.events() if name == "OrderCancelled.v1"]
    assert sorted(cancelled) == sorted(made)
    assert open_orders(customer) == []
    assert status(customer) == "inactive"
