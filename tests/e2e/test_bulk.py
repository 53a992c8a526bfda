"""Orders in bulk: the gateway takes them into a queue by itself, and each is placed once."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from ulid import ULID

from infra.journey_steps import until
from infra.tap import tapped
from tests.e2e.client import Tenant, UnderTest, assert_problem

PATH = "/orders/bulk"
ATTEMPTS = "10"  # of the worker


class Shop:
    """A tenant with a customer whom orders knows, and a lamp on sale."""

    def __init__(self, stage: UnderTest, tenant: Tenant) -> None:
        self.stage, self.tenant = stage, tenant
        self.customer = tenant.user()["id"]
        tenant.product("lamp")
        self.first = tenant.order(self.customer)["id"]

    def order(self, sku: str = "lamp", quantity: object = 1, **more: Any) -> dict[str, Any]:
        items = [{"sku": sku, "quantity": quantity}]
        return {"customer_id": self.customer, "items": items, **more}

    def post(self, body: object, **headers: str) -> httpx.Response:
        return self.tenant.member.send("POST", "orders", PATH, json=body, headers=headers)

    def send(self, *orders: Any, **headers: str) -> str:
        """Send orders that are accepted, and return the id."""
        answer = self.post({"orders": list(orders)}, **headers)
        assert answer.status_code == 202, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "no-store"
        assert int(answer.headers["retry-after"]) >= 1
        assert list(answer.json()) == ["id"]
        return str(answer.json()["id"])

    def get(self, bulk: str) -> httpx.Response:
        return self.tenant.member.send("GET", "orders", f"{PATH}/{bulk}")

    def done(self, bulk: str) -> dict[str, Any]:
        """Wait until all orders of a bulk have ended, and return it."""
        answer = until(
            f"the orders of {bulk} ended",
            lambda: self.get(bulk),
            lambda a: a.status_code == 200 and a.json()["status"] == "done",
        )
        document: dict[str, Any] = answer.json()
        return document

    def placed(self) -> set[str]:
        """Return the ids of all orders but the first."""
        listed = self.tenant.pages("orders", "/orders", limit=50)
        return {order["id"] for order in listed} - {self.first}

    def queue(self, end: str) -> str:
        (url,) = (
            url
            for name, url in self.stage.outputs["queues"]["orders"].items()
            if name.endswith(end)
        )
        return str(url)

    def put_into_queue(self, body: object, **attributes: str) -> None:
        """Send a message as the gateway and the worker do."""
        given = {"tenant": self.tenant.name, "user": "by-hand", "headers": urlencode({})}
        self.stage.client("sqs").send_message(
            QueueUrl=self.queue("place-orders"),
            MessageBody=json.dumps(body),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": text}
                for name, text in (given | attributes).items()
                if text
            },
        )

    def dead(self, text: str) -> list[dict[str, Any]]:
        """Return (and leave) what is in the dead-letter queue and holds a text."""
        answer = self.stage.client("sqs").receive_message(
            QueueUrl=self.queue("place-orders-dlq"),
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            MessageAttributeNames=["All"],
        )
        return [message for message in answer.get("Messages", []) if text in message["Body"]]


@pytest.fixture
def shop(stage: UnderTest, tenant: Tenant) -> Shop:
    return Shop(stage, tenant)


def reason(message: dict[str, Any]) -> str:
    return str(message["MessageAttributes"]["reason"]["StringValue"])


def test_each_order_ends_for_itself(shop: Shop) -> None:
    stranger = {"customer_id": f"usr_{ULID()}", "items": shop.order()["items"]}
    bulk = shop.done(
        shop.send(
            shop.order(quantity=2, type="EXPRESS", payment_method="pm_card_visa"),
            stranger,
            shop.order("gold"),
            shop.order(),
        )
    )
    ends = [(order["index"], order["status"]) for order in bulk["orders"]]
    assert ends == [(0, "placed"), (1, "refused"), (2, "refused"), (3, "placed")]
    first, unknown, no_gold, last = bulk["orders"]
    assert unknown["problem"]["type"] == "/problems/unknown-customer"
    assert no_gold["problem"]["type"] == "/problems/unknown-product"
    assert no_gold["problem"]["errors"][0]["field"] == "items.0.sku"
    assert shop.placed() == {first["order_id"], last["order_id"]}
    order = shop.tenant.member.send("GET", "orders", f"/orders/{first['order_id']}").json()
    assert (order["type"], order["total"]["amount"]) == ("EXPRESS", 2 * 1999)
    assert "pm_card_visa" not in json.dumps(bulk)


def test_ten_orders_at_once_and_no_word_is_lost_on_the_way(shop: Shop) -> None:
    # What a form, a template or a URL would read as something of its own.
    odd = "a+b&c=d%20 \"e\" $input.body #set('x') é"
    sku = "lamp"
    shop.tenant.admin.send(
        "PUT",
        "orders",
        f"/products/{sku}",
        json={"name": odd, "price": {"amount": 1, "currency": "EUR"}, "stock": 100},
    )
    bulk = shop.done(shop.send(*[shop.order()] * 10))
    assert [order["status"] for order in bulk["orders"]] == ["placed"] * 10
    assert len(shop.placed()) == 10


def test_what_is_wrong_is_refused_at_the_gateway_and_not_queued(shop: Shop) -> None:
    caller = shop.tenant.member

    def send(content: str, kind: str = "application/json") -> httpx.Response:
        return caller.http.post(
            f"{caller.apis['orders']}{PATH}",
            content=content.encode(),
            headers={"Authorization": f"Bearer {caller.token}", "Content-Type": kind},
            timeout=30,
        )

    good = {"orders": [shop.order()]}
    wrong: tuple[object, ...] = (
        {"orders": []},
        {"orders": [shop.order()] * 11},
        {"orders": [shop.order()], "tenant": "globex"},
        {"orders": [shop.order(), {"items": []}]},
        {"orders": [shop.order(quantity="1")]},
        {"orders": [shop.order(quantity=0)]},
        {"orders": [shop.order(sku="te a")]},
        {"orders": [shop.order(type="express")]},
        {"orders": [shop.order(payment_method="4242424242424242")]},
        {"orders": [shop.order(status="paid")]},
        {"orders": {"0": shop.order()}},
        {},
        [shop.order()],
    )
    for bad in wrong:
        assert_problem(send(json.dumps(bad)), 400, "invalid-request")
    assert_problem(send("{"), 400, "invalid-request")
    assert_problem(send(""), 400)
    assert_problem(send(json.dumps(good), "text/plain"), 415)
    assert_problem(send(" " * 70_000 + json.dumps(good)), 413, "too-large")
    for token in ("", "Bearer nonsense", f"Bearer {caller.token[:-9]}"):
        headers = {"Authorization": token} if token else {}
        answer = caller.http.post(f"{caller.apis['orders']}{PATH}", json=good, headers=headers)
        assert_problem(answer, 401, "unauthenticated")
    bulk = shop.done(shop.send(shop.order()))
    assert shop.placed() == {bulk["orders"][0]["order_id"]}


def test_what_the_gateway_cannot_see_is_told_afterwards(shop: Shop) -> None:
    caller = shop.tenant.member
    order = json.dumps(shop.order())
    answer = caller.http.post(
        f"{caller.apis['orders']}{PATH}",
        content=f'{{"orders": [{order}], "orders": [{order}]}}'.encode(),
        headers={"Authorization": f"Bearer {caller.token}", "Content-Type": "application/json"},
    )
    assert answer.status_code == 202, answer.text
    bulk = shop.done(answer.json()["id"])
    assert bulk["orders"] == []
    assert bulk["problem"]["type"] == "/problems/malformed-request"
    assert shop.placed() == set()


def test_a_bulk_belongs_to_its_callers_tenant_whatever_the_request_says(
    shop: Shop, new_tenant: Callable[[], Tenant]
) -> None:
    other = new_tenant()
    answer = shop.tenant.member.send(
        "POST",
        "orders",
        PATH,
        json={"orders": [shop.order()]},
        headers={"tenant": other.name, "X-Tenant": other.name},
        params={"tenant": other.name},
    )
    bulk = answer.json()["id"]
    shop.done(bulk)
    assert_problem(other.member.send("GET", "orders", f"{PATH}/{bulk}"), 404, "not-found")
    assert list(other.pages("orders", "/orders", limit=10)) == []
    assert len(shop.placed()) == 1


def test_an_id_that_nobody_gave_is_not_found(shop: Shop) -> None:
    assert_problem(shop.get(f"{ULID()}"), 404, "not-found")


def test_the_same_key_places_once(shop: Shop) -> None:
    key = {"Idempotency-Key": "a&b=c+d"}
    first, second = (shop.send(shop.order(), shop.order(), **key) for _ in range(2))
    assert first != second
    assert shop.done(first)["orders"] == shop.done(second)["orders"]
    third = shop.done(shop.send(shop.order(), **key))
    assert third["problem"]["type"] == "/problems/idempotency-key-reused"
    assert len(shop.placed()) == 2


def test_the_callers_correlation_id_leads_to_every_order(stage: UnderTest, shop: Shop) -> None:
    correlation = f"bulk-{ULID()}"
    told: set[str] = set()
    with tapped(stage.stage, kind="OrderPlaced.v1", tenant=shop.tenant.name) as batches:
        sent = shop.send(shop.order(), shop.order(), **{"X-Correlation-Id": correlation})
        placed = {order["order_id"] for order in shop.done(sent)["orders"]}

        def listen() -> set[str]:
            for event in next(batches):
                if event["detail"]["metadata"]["correlation_id"] == correlation:
                    told.add(event["detail"]["data"]["order_id"])
            return told

        until("both orders were told under it", listen, lambda orders: orders == placed)
    assert len(placed) == 2


def test_a_message_that_comes_twice_places_once(shop: Shop) -> None:
    body = {"orders": [shop.order(), shop.order()]}
    bulk = shop.send(*body["orders"])
    for _ in range(4):
        shop.put_into_queue(body, origin=bulk)
    ended = shop.done(bulk)
    # Behind them in the queue: when it is done, they are likely gone too, and if not, no matter.
    shop.done(shop.send(shop.order("gold")))
    assert shop.done(bulk) == ended
    assert len(shop.placed()) == 2


def test_what_may_pass_is_tried_again_until_it_does(stage: UnderTest, shop: Shop) -> None:
    bulk = f"{ULID()}"
    with Unreadable(stage, shop, bulk) as unreadable:
        shop.put_into_queue({"orders": [shop.order()]}, origin=bulk)
        url = shop.queue("place-orders")
        name = "ApproximateNumberOfMessagesDelayed"
        until(
            "the message was sent again, with a delay",
            lambda: stage.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name]),
            lambda answer: int(answer["Attributes"][name]) > 0,
        )
        unreadable.mend()
    assert [order["status"] for order in shop.done(bulk)["orders"]] == ["placed"]
    assert len(shop.placed()) == 1


def test_after_the_last_attempt_it_is_kept_with_the_reason(stage: UnderTest, shop: Shop) -> None:
    bulk = f"{ULID()}"
    with Unreadable(stage, shop, bulk):
        shop.put_into_queue({"orders": [shop.order()]}, origin=bulk, attempt=ATTEMPTS)
        (dead,) = until("it was set aside", lambda: shop.dead(shop.customer), bool)
        assert reason(dead).startswith(f"gave up after {ATTEMPTS} attempts: ")
        kept = {name: of["StringValue"] for name, of in dead["MessageAttributes"].items()}
    assert kept["tenant"] == shop.tenant.name
    # What it takes to send it again by hand.
    shop.put_into_queue(json.loads(dead["Body"]), **kept)
    assert [order["status"] for order in shop.done(bulk)["orders"]] == ["placed"]


def test_a_message_that_says_no_tenant_is_set_aside_at_once(shop: Shop) -> None:
    shop.put_into_queue({"orders": [shop.order()], "tenant": shop.tenant.name}, tenant="")
    (dead,) = until("it was set aside", lambda: shop.dead(shop.customer), bool)
    assert reason(dead) == "not from the gateway: no authenticated caller: no tenant"
    assert shop.placed() == set()


class Unreadable:
    """A row that the worker can make nothing of, in the place of a bulk's; gone in the end."""

    def __init__(self, stage: UnderTest, shop: Shop, bulk: str) -> None:
        self.dynamodb = stage.client("dynamodb")
        self.table = stage.stage.named("orders")
        self.key = {"pk": {"S": f"TENANT#{shop.tenant.name}#BULK#{bulk}"}, "sk": {"S": "BULK"}}

    def __enter__(self) -> "Unreadable":
        # In the table's layout, or its stream's consumer would set it aside as well.
        item = {**self.key, "revision": {"N": "1"}, "data": {"M": {"count": {"S": "?"}}}}
        self.dynamodb.put_item(TableName=self.table, Item=item)
        return self

    def mend(self) -> None:
        self.dynamodb.delete_item(TableName=self.table, Key=self.key)

    def __exit__(self, *_: object) -> None:
        self.mend()
