"""POST /orders/bulk behind the gateway, and GET /orders/bulk/{id}."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from orders.api import get_bulk
from orders.store import Customers
from orders.workers import place_orders
from runtime.clients import client
from runtime.commits import Commits, Crash
from runtime.conformance import Response, ask
from runtime.ids import new_id
from runtime.inbox import RETENTION
from runtime.table import Table
from runtime.testing import TABLE, Context, Queues, queue_event


class Line:
    """The queue behind the gateway: hands messages over, and keeps those that are sent again."""

    def __init__(self, queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
        self.again: list[dict[str, Any]] = []
        self.queues = queues
        sqs = client("sqs")
        send = sqs.send_message

        def sent(**call: Any) -> Any:
            if call["QueueUrl"] == queues.queue:
                self.again.append(call)
            return send(**call)

        monkeypatch.setattr(sqs, "send_message", sent)

    def message(
        self,
        body: Any,
        name: str = "message-0",
        *,
        tenant: str = "acme",
        headers: dict[str, str] | None = None,
        **attributes: str,
    ) -> dict[str, Any]:
        """Return a message as the gateway makes it of a request."""
        given = {"tenant": tenant, "user": "ada", "headers": urlencode(headers or {})}
        event = queue_event(body, attributes=given | attributes)
        event["Records"][0]["messageId"] = name
        return event

    def deliver(self, event: dict[str, Any]) -> None:
        assert place_orders.handler(event, Context()) == {"batchItemFailures": []}

    def send(self, *orders: Any, **more: Any) -> None:
        self.deliver(self.message({"orders": list(orders)}, **more))

    def deliver_again(self) -> None:
        """Deliver the one message that was sent again, under its new id."""
        (call,) = self.again
        self.again.clear()
        attributes = {n: a["StringValue"] for n, a in call["MessageAttributes"].items()}
        event = queue_event(call["MessageBody"], attributes=attributes)
        event["Records"][0]["messageId"] = f"later-{attributes['attempt']}"
        self.deliver(event)


@pytest.fixture
def line(api: Any, queues: Queues, monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(queues, monkeypatch)


def bulk(name: str = "message-0", **request: Any) -> Response:
    return ask(get_bulk.handler, path={"id": name}, **request)


def ends(name: str = "message-0") -> list[str]:
    return [order["status"] for order in bulk(name).body["orders"]]


def order(customer: str, *skus: str, **more: Any) -> dict[str, Any]:
    items = [{"sku": sku, "quantity": 1} for sku in skus or ("tea",)]
    return {"customer_id": customer, "items": items, **more}


def placed(api: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.list().body["items"]
    return items


def test_each_order_ends_for_itself(api: Any, line: Line, customer: str, commits: Commits) -> None:
    stranger = new_id("usr")
    line.send(
        order(customer, "tea", "jam", payment_method="pm_card_visa", type="EXPRESS"),
        order(stranger),
        order(customer, "gold", "tea"),
        order(customer, "jam"),
    )
    answer = bulk(role="member")
    assert answer.status == 200
    first, unknown, no_gold, last = answer.body["orders"]
    assert answer.body == {
        "id": "message-0",
        "status": "done",
        "orders": [first, unknown, no_gold, last],
        "problem": None,
    }
    assert [o["index"] for o in answer.body["orders"]] == [0, 1, 2, 3]
    assert [o["status"] for o in answer.body["orders"]] == [
        "placed",
        "refused",
        "refused",
        "placed",
    ]
    assert [o["problem"] for o in (first, last)] == [None, None]
    assert api.get(first["order_id"]).body["total"] == {"amount": 800, "currency": "EUR"}
    assert api.get(first["order_id"]).body["type"] == "EXPRESS"
    assert unknown["order_id"] is None
    assert unknown["problem"] == {
        "type": "/problems/unknown-customer",
        "title": "The customer is not known",
        "status": 409,
        "detail": "no user by this id has been registered",
        "errors": [{"field": "customer_id", "detail": "not known"}],
    }
    assert no_gold["problem"]["type"] == "/problems/unknown-product"
    assert [error["field"] for error in no_gold["problem"]["errors"]] == ["items.0.sku"]
    told = [metadata["subject"] for name, metadata, _ in commits.events()]
    assert told == [first["order_id"], last["order_id"]]
    assert {metadata["causation_id"] for _, metadata, _ in commits.events()} == {"message-0"}


def test_a_message_that_comes_twice_places_once(
    api: Any, line: Line, customer: str, commits: Commits
) -> None:
    event = line.message({"orders": [order(customer), order(new_id("usr")), order(customer)]})
    line.deliver(event)
    before = bulk().body
    line.deliver(event)
    assert bulk().body == before
    assert len(placed(api)) == len(commits.told) == 2


def test_a_refusal_stands_though_the_order_could_be_placed_later(
    api: Any, line: Line, customer: str
) -> None:
    event = line.message({"orders": [order(customer, "gold")]})
    line.deliver(event)
    api.put("gold")
    line.deliver(event)
    assert ends() == ["refused"]
    assert placed(api) == []


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
@pytest.mark.parametrize("when", ["before", "after"])
def test_whoever_dies_midway_is_followed_by_one_who_goes_on(
    line: Line, customer: str, commits: Commits, nth: int, when: Any
) -> None:
    event = line.message({"orders": [order(customer), order(new_id("usr")), order(customer)]})
    commits.crash(nth=nth, when=when)
    with pytest.raises(Crash):
        place_orders.handler(event, Context())
    line.deliver(event)
    assert ends() == ["placed", "refused", "placed"]
    assert len(commits.told) == 2


@pytest.mark.parametrize("nth", [2, 3, 4])
def test_of_two_at_once_each_order_is_placed_by_one(
    api: Any, line: Line, customer: str, commits: Commits, nth: int
) -> None:
    event = line.message({"orders": [order(customer), order(new_id("usr")), order(customer)]})
    commits.interrupt(lambda: line.deliver(event), nth=nth)
    line.deliver(event)
    assert ends() == ["placed", "refused", "placed"]
    assert len(placed(api)) == len(commits.told) == 2
    assert line.again == []


def test_of_two_at_the_very_beginning_one_comes_again(
    api: Any, line: Line, customer: str, commits: Commits
) -> None:
    event = line.message({"orders": [order(customer)]})
    commits.interrupt(lambda: line.deliver(event))
    line.deliver(event)
    line.deliver_again()
    assert ends() == ["placed"]
    assert len(placed(api)) == 1


def test_what_may_pass_is_tried_again_and_the_others_have_their_turn(
    api: Any, line: Line, customer: str, commits: Commits
) -> None:
    def fail() -> None:
        raise ConnectionError

    commits.interrupt(fail, nth=2)
    line.send(order(customer), order(customer, "jam"))
    assert (bulk().body["status"], ends()) == ("accepted", ["waiting", "placed"])
    assert bulk().body["orders"][0] == {
        "index": 0,
        "status": "waiting",
        "order_id": None,
        "problem": None,
    }
    line.deliver_again()
    assert (bulk().body["status"], ends()) == ("done", ["placed", "placed"])
    assert len(placed(api)) == 2
    assert bulk("later-2").problem == (404, "not-found")


def test_after_the_last_attempt_it_is_kept_with_the_reason_and_can_be_sent_again(
    api: Any, line: Line, customer: str, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as down:
        down.setattr(Table, "get_many", fail)
        line.send(order(customer))
        for _ in range(place_orders.ATTEMPTS - 1):
            line.deliver_again()
    assert line.again == []
    (dead,) = line.queues.dead()
    attributes = {n: a["StringValue"] for n, a in dead["MessageAttributes"].items()}
    assert (
        attributes["reason"] == f"gave up after {place_orders.ATTEMPTS} attempts: ConnectionError"
    )
    assert ends() == ["waiting"]
    # Moved back, it is another message to SQS, and the same request to us.
    redriven = queue_event(dead["Body"], attributes=attributes)
    redriven["Records"][0]["messageId"] = "redriven"
    line.deliver(redriven)
    assert ends() == ["placed"]
    assert len(placed(api)) == 1


def test_the_same_key_and_body_place_once_and_both_ids_tell_of_it(
    api: Any, line: Line, customer: str
) -> None:
    key = {"Idempotency-Key": "k-1", "idempotency-key": ""}
    line.send(order(customer), order(customer, "gold"), name="first", headers=key)
    line.send(order(customer), order(customer, "gold"), name="second", headers=key)
    assert bulk("first").body["orders"] == bulk("second").body["orders"]
    assert bulk("second").body["id"] == "second"
    assert ends("second") == ["placed", "refused"]
    assert len(placed(api)) == 1


def test_a_repetition_serves_when_the_first_message_got_lost_midway(
    api: Any, line: Line, customer: str, commits: Commits
) -> None:
    key = {"idempotency-key": "k-1"}
    body = {"orders": [order(customer), order(customer)]}
    commits.crash(nth=3)
    with pytest.raises(Crash):
        place_orders.handler(line.message(body, "first", headers=key), Context())
    assert ends("first") == ["placed", "waiting"]
    line.deliver(line.message(body, "second", headers=key))
    assert ends("first") == ends("second") == ["placed", "placed"]
    assert len(placed(api)) == 2


def test_the_same_key_with_another_body_is_refused_as_a_whole(
    api: Any, line: Line, customer: str
) -> None:
    key = {"idempotency-key": "k-1"}
    line.send(order(customer), name="first", headers=key)
    line.send(order(customer, "jam"), name="second", headers=key)
    answer = bulk("second").body
    assert (answer["status"], answer["orders"]) == ("done", [])
    assert answer["problem"]["type"] == "/problems/idempotency-key-reused"
    assert len(placed(api)) == 1


def test_two_tenants_keys_and_ids_are_their_own(api: Any, line: Line, customer: str) -> None:
    Customers.connect().project("globex", customer, "active", 1)
    api.put("tea", tenant="globex")
    key = {"idempotency-key": "k-1"}
    line.send(order(customer), headers=key)
    line.send(order(customer), headers=key, tenant="globex")
    assert len(placed(api)) == len(api.list(tenant="globex").body["items"]) == 1
    assert bulk().body["orders"] != bulk(tenant="globex").body["orders"]


def test_another_tenants_bulk_is_not_there(line: Line, customer: str) -> None:
    line.send(order(customer))
    assert bulk(tenant="globex").problem == (404, "not-found")


def test_a_tenant_in_the_body_is_not_believed(api: Any, line: Line, customer: str) -> None:
    line.deliver(line.message({"orders": [order(customer)], "tenant": "globex"}))
    assert bulk().body["problem"]["type"] == "/problems/invalid-request"
    assert bulk(tenant="globex").problem == (404, "not-found")
    assert placed(api) == []


@pytest.mark.parametrize(
    ("body", "problem", "fields"),
    [
        ("{", "malformed-request", []),
        ('{"orders": [], "orders": []}', "malformed-request", []),
        ('{"orders": []}', "invalid-request", ["orders"]),
        ('{"orders": [{"items": []}]}', "invalid-request", None),
    ],
)
def test_what_the_gateway_let_through_is_refused_as_a_whole(
    api: Any, line: Line, body: str, problem: str, fields: list[str] | None
) -> None:
    line.deliver(line.message(body))
    answer = bulk().body
    assert (answer["status"], answer["orders"]) == ("done", [])
    assert answer["problem"]["type"] == f"/problems/{problem}"
    named = [error["field"] for error in answer["problem"].get("errors", [])]
    assert named == (["orders.0.customer_id", "orders.0.items"] if fields is None else fields)
    assert line.queues.dead() == []


def test_ten_orders_at_the_most(line: Line, customer: str) -> None:
    line.send(*[order(customer)] * 10)
    assert ends() == ["placed"] * 10
    line.send(*[order(customer)] * 11, name="eleven")
    assert bulk("eleven").body["problem"]["type"] == "/problems/invalid-request"


def test_the_rows_hold_no_payment_method_and_outlive_every_message(
    line: Line, customer: str
) -> None:
    line.send(order(customer, payment_method="pm_1Abc"), order(customer, "gold"))
    rows = [
        item
        for item in client("dynamodb").scan(TableName=TABLE)["Items"]
        if "#BULK#" in item["pk"]["S"]
    ]
    assert sorted(row["sk"]["S"] for row in rows) == ["BULK", "END#00", "END#01"]
    assert "pm_1Abc" not in json.dumps(rows)
    least = (datetime.now(UTC) + RETENTION).timestamp() - 60
    assert all(int(row["expires_at"]["N"]) >= least for row in rows)
