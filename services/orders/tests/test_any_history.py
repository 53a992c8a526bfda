"""Whatever happens in whatever order, with crashes and races: what must hold in the end."""

from collections import Counter
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.store import Customers, Orders
from runtime.commits import Commits, Crash
from runtime.ids import new_id, new_ulid

EVENTS = ("UserRegistered.v1", "UserDeactivated.v1", "UserDeactivated.v2", "UserErased.v1")


class Step(NamedTuple):
    """Something that happens, and what goes wrong: at the nth commit a crash, or another step."""

    what: str
    nth: int
    trouble: Any


STEPS = st.builds(
    Step,
    st.sampled_from([*EVENTS, "place", "cancel"]),
    st.integers(1, 4),
    st.sampled_from(["", "", "before", "after", *EVENTS, "place", "cancel"]),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEPS, max_size=12), last=st.permutations(EVENTS))
def test_no_history_leaves_an_order_of_a_deleted_user_open(
    api: Any, bus: Any, commits: Commits, steps: list[Step], last: list[str]
) -> None:
    user = new_id("usr")
    tenant = f"t-{user[4:].lower()}"
    commits.told.clear()
    api.put("tea", tenant=tenant)
    ids = {name.partition(".")[0]: new_ulid() for name in EVENTS}
    events = {
        name: bus.event(name, user, tenant=tenant, event_id=ids[name.partition(".")[0]])
        for name in EVENTS
    }

    def do(what: str) -> None:
        if what in events:
            bus.deliver(events[what])
        elif what == "place":
            assert api.place(user, tenant=tenant).status in (201, 409)
        else:
            for order in api.list(tenant=tenant, query={"limit": "1"}).body["items"]:
                assert api.cancel(order["id"], tenant=tenant).status == 200

    for step in steps:
        if step.trouble in {"before", "after"}:
            commits.crash(nth=step.nth, when=step.trouble)
        elif step.trouble:
            commits.interrupt(partial(do, step.trouble), nth=step.nth)
        with suppress(Crash):
            do(step.what)
        commits.calm()
    for name in last:
        do(name)

    assert Customers.connect().status(tenant, user) == "erased"
    assert api.place(user, tenant=tenant).problem == (409, "inactive-customer")
    assert list(Orders.connect().open_of(tenant, user)) == []
    orders = api.list(tenant=tenant, query={"limit": "100"}).body["items"]
    assert {(order["status"], order["revision"]) for order in orders} <= {("cancelled", 2)}
    told = Counter((name, data["order_id"]) for name, _, data in commits.events())
    ids = [order["id"] for order in orders]
    assert told == Counter(
        (name, i) for i in ids for name in ("OrderPlaced.v1", "OrderCancelled.v1")
    )
