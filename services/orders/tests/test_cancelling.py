"""POST /orders/{id}/cancel."""

from typing import Any

import pytest

from orders.store import Orders
from runtime.changes import Key, RevisionConflict, Update
from runtime.commits import Commits, Crash
from runtime.conformance import Response


def open_orders(customer: str) -> list[str]:
    return list(Orders.connect().open_of("acme", customer))


def test_an_order_is_cancelled_and_told_whole(api: Any, customer: str, commits: Commits) -> None:
    order = api.place(customer, "tea", "jam").body
    assert open_orders(customer) == [order["id"]]
    response = api.cancel(order["id"], role="member")
    cancelled = response.body
    assert (response.status, response.headers["ETag"]) == (200, '"2"')
    assert cancelled == order | {
        "status": "cancelled",
        "cancelled_at": cancelled["cancelled_at"],
        "reason": "cancelled on request",
        "revision": 2,
    }
    assert cancelled["cancelled_at"] > order["placed_at"]
    assert api.get(order["id"]).body == cancelled
    assert api.list().body["items"] == [cancelled]
    assert api.list(query={"customer_id": customer}).body["items"] == [cancelled]
    assert open_orders(customer) == []
    name, metadata, data = commits.events()[-1]
    assert (name, metadata["revision"]) == ("OrderCancelled.v1", 2)
    told = ("customer_id", "items", "total", "type", "placed_at", "cancelled_at", "reason")
    assert data == {field: cancelled[field] for field in told} | {"order_id": order["id"]}


@pytest.mark.parametrize("headers", [{}, {"If-Match": '"1"'}])
def test_cancelling_a_cancelled_order_changes_nothing(
    api: Any, customer: str, commits: Commits, headers: dict[str, str]
) -> None:
    order = api.place(customer).body
    first = api.cancel(order["id"], headers=headers)
    again = api.cancel(order["id"], headers=headers)
    assert (again.status, again.body) == (200, first.body)
    assert len(commits.told) == 2


def test_a_stale_revision_is_not_cancelled(api: Any, customer: str) -> None:
    order = api.place(customer).body
    response = api.cancel(order["id"], headers={"If-Match": '"7"'})
    assert response.problem == (412, "stale")
    assert api.get(order["id"]).body == order


def test_of_two_cancellations_at_once_both_give_the_one_answer(
    api: Any, customer: str, commits: Commits
) -> None:
    order = api.place(customer).body
    winners: list[Response] = []
    commits.interrupt(lambda: winners.append(api.cancel(order["id"])))
    late = api.cancel(order["id"], headers={"If-Match": '"1"'})
    assert (late.status, late.body) == (200, winners[0].body)
    assert len(commits.told) == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_is_repaired_by_the_retry(
    api: Any, customer: str, commits: Commits, when: Any
) -> None:
    order = api.place(customer).body
    commits.crash(when=when)
    with pytest.raises(Crash):
        api.cancel(order["id"])
    assert api.cancel(order["id"]).body["revision"] == 2
    assert open_orders(customer) == []
    assert len(commits.told) == 2


@pytest.mark.parametrize(
    ("headers", "problem"), [({}, (409, "conflict")), ({"If-Match": '"1"'}, (412, "stale"))]
)
def test_an_order_that_goes_on_changing_is_given_up(
    api: Any,
    customer: str,
    monkeypatch: pytest.MonkeyPatch,
    headers: dict[str, str],
    problem: tuple[int, str],
) -> None:
    order = api.place(customer).body
    attempts = []

    def changed_again(*_: object, **__: object) -> None:
        attempts.append(1)
        change = Update(key=Key("pk", "sk"), data={}, revision=2, expected=1)
        raise RevisionConflict(change)

    monkeypatch.setattr(Orders, "save", changed_again)
    assert api.cancel(order["id"], headers=headers).problem == problem
    assert 1 < len(attempts) < 10
