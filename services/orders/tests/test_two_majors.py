"""A deactivation comes as version 1, as version 2 or as both: what it asks for is done once."""

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import pytest

from contracts.casts.user_deactivated import to_v1
from orders.store import Orders
from runtime.clients import client
from runtime.commits import Commits, Crash
from runtime.ids import new_ulid
from runtime.testing import TABLE, Queues

OLD, NEW = "UserDeactivated.v1", "UserDeactivated.v2"
ORDERS = [*permutations([OLD, NEW])]
REASONS = [
    ({"reason": "DELETED"}, "customer deleted"),
    ({"reason": "OTHER", "note": "moved away"}, "customer deactivated"),
    ({"reason": "BANNED"}, "customer deactivated"),  # of a later minor
]


@dataclass
class Scene:
    """A customer with three open orders, and everything that is done for them."""

    api: Any
    bus: Any
    customer: str
    commits: Commits

    def __post_init__(self) -> None:
        self.placed = sorted(self.api.place(self.customer).body["id"] for _ in range(3))

    def told(self, data: dict[str, str]) -> dict[str, dict[str, Any]]:
        """Return one deactivation in both majors, as the producer tells it."""
        event_id = new_ulid()
        new = self.bus.event(NEW, self.customer, event_id=event_id, data=data)
        former = to_v1(new["detail"]["data"])
        return {NEW: new, OLD: self.bus.event(OLD, self.customer, event_id=event_id, data=former)}

    def cancelled(self) -> list[tuple[str, str]]:
        """Return each cancellation that was told: the order, and why."""
        told = [data for name, _, data in self.commits.events() if name == "OrderCancelled.v1"]
        return sorted((data["order_id"], data["reason"]) for data in told)


@pytest.fixture
def scene(api: Any, bus: Any, customer: str, commits: Commits) -> Scene:
    return Scene(api, bus, customer, commits)


@pytest.mark.parametrize(("data", "reason"), REASONS)
@pytest.mark.parametrize("order", [*ORDERS, (OLD, NEW, OLD, NEW), (OLD,), (NEW,)])
def test_whichever_major_comes_each_order_is_cancelled_once_for_the_same_reason(
    scene: Scene, order: tuple[str, ...], data: dict[str, str], reason: str
) -> None:
    events = scene.told(data)
    for name in order:
        scene.bus.deliver(events[name])
    assert scene.cancelled() == [(order_id, reason) for order_id in scene.placed]


def test_a_message_that_was_on_its_way_before_version_2_takes_effect_once(
    scene: Scene, queues: Queues
) -> None:
    # Published before the producer knew version 2: no twin of it will ever come.
    event = scene.bus.event(OLD, scene.customer)
    scene.bus.deliver(event)
    scene.bus.deliver(event)
    assert queues.dead() == []
    assert [order_id for order_id, _ in scene.cancelled()] == scene.placed


@pytest.mark.parametrize("order", ORDERS)
def test_the_inbox_knows_both_majors_as_one_fact(scene: Scene, order: tuple[str, str]) -> None:
    events = scene.told({"reason": "DELETED"})
    scene.bus.deliver(events[order[0]])
    done = scene.cancelled()
    # As if nothing were cancelled: only the inbox still knows what was done.
    for order_id in scene.placed:
        reopen(scene.customer, order_id)
    scene.bus.deliver(events[order[1]])
    assert scene.cancelled() == done
    assert sorted(Orders.connect().open_of("acme", scene.customer)) == scene.placed


def reopen(customer: str, order_id: str) -> None:
    dynamodb = client("dynamodb")
    pointer = {"pk": f"TENANT#acme#CUSTOMER#{customer}", "sk": f"OPEN#{order_id}"}
    item: dict[str, Any] = {name: {"S": text} for name, text in pointer.items()}
    item |= {"data": {"M": {}}, "revision": {"N": "1"}}
    dynamodb.put_item(TableName=TABLE, Item=item)
    dynamodb.update_item(
        TableName=TABLE,
        Key={"pk": {"S": f"TENANT#acme#ORDER#{order_id}"}, "sk": {"S": "ORDER"}},
        UpdateExpression="SET #data.#status = :placed",
        ExpressionAttributeNames={"#data": "data", "#status": "status"},
        ExpressionAttributeValues={":placed": {"S": "placed"}},
    )


@pytest.mark.parametrize("order", ORDERS)
def test_one_major_goes_on_where_the_other_died(scene: Scene, order: tuple[str, str]) -> None:
    events = scene.told({"reason": "DELETED"})
    first, then = (events[name] for name in order)
    scene.commits.crash(nth=3, when="after")
    with pytest.raises(Crash):
        scene.bus.deliver(first)
    scene.bus.deliver(then)
    scene.bus.deliver(first)
    assert [order_id for order_id, _ in scene.cancelled()] == scene.placed


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_both_majors_at_the_same_moment_cancel_once(
    scene: Scene, order: tuple[str, str], nth: int
) -> None:
    events = scene.told({"reason": "DELETED"})
    scene.commits.interrupt(lambda: scene.bus.deliver(events[order[1]]), nth=nth)
    scene.bus.deliver(events[order[0]])
    assert [order_id for order_id, _ in scene.cancelled()] == scene.placed
