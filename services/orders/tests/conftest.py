"""The orders service on an empty table."""

from collections.abc import Callable
from typing import Any

import pytest

from orders.api import (
    cancel_order,
    get_order,
    get_product,
    get_timeline,
    list_orders,
    place_order,
    put_product,
)
from orders.payments import secret
from orders.reactions import (
    on_user_deactivated,
    on_user_deactivated_v2,
    on_user_erased,
    on_user_registered,
)
from orders.store import Customers
from runtime.clients import client
from runtime.conformance import Response, ask
from runtime.ids import new_id
from runtime.reaction import Reaction
from runtime.table import Table
from runtime.testing import Context, Queues, incoming, queue_event

USERS_EVENTS: dict[str, tuple[Reaction, int, dict[str, Any]]] = {
    "UserRegistered.v1": (
        on_user_registered.handler,
        1,
        {"name": "Ada", "email": "ada@example.com", "registered_at": "2026-11-20T08:30:00Z"},
    ),
    "UserDeactivated.v2": (
        on_user_deactivated_v2.handler,
        2,
        {"reason": "DELETED", "deactivated_at": "2026-11-20T08:30:00Z"},
    ),
    "UserDeactivated.v1": (
        on_user_deactivated.handler,
        2,
        {"reason": "user deleted", "deactivated_at": "2026-11-20T08:30:00Z"},
    ),
    "UserErased.v1": (on_user_erased.handler, 3, {"erased_at": "2026-11-20T08:30:00Z"}),
}


class Api:
    """The service's endpoints, asked as an admin of acme unless said otherwise."""

    def put(self, sku: str = "tea", *, amount: int = 500, **request: Any) -> Response:
        given = {"name": f"A {sku}", "price": {"amount": amount, "currency": "EUR"}, "stock": 9}
        body = given | request.pop("body", {})
        return ask(put_product.handler, path={"sku": sku}, body=body, **request)

    def product(self, sku: str, **request: Any) -> Response:
        return ask(get_product.handler, path={"sku": sku}, **request)

    def place(self, customer: str, *skus: str, body: Any = None, **request: Any) -> Response:
        items = [{"sku": sku, "quantity": 2} for sku in skus or ("tea",)]
        given = {"customer_id": customer, "items": items} | (body or {})
        return ask(place_order.handler, body=given, **request)

    def get(self, order_id: str, **request: Any) -> Response:
        return ask(get_order.handler, path={"id": order_id}, **request)

    def timeline(self, order_id: str, **request: Any) -> Response:
        return ask(get_timeline.handler, path={"id": order_id}, **request)

    def list(self, **request: Any) -> Response:
        return ask(list_orders.handler, **request)

    def cancel(self, order_id: str, **request: Any) -> Response:
        return ask(cancel_order.handler, path={"id": order_id}, **request)


class Bus:
    """Delivers users' events to the reactions, as their queues do."""

    def event(self, name: str, user: str, **more: Any) -> dict[str, Any]:
        _, revision, data = USERS_EVENTS[name]
        whole = {"user_id": user} | data | more.pop("data", {})
        more = {"revision": revision} | more
        return incoming("starling.users", name, whole, subject=user, **more)

    def deliver(self, event: dict[str, Any]) -> None:
        """Deliver an event that is handled without failure."""
        assert self.attempt(event) == []

    def attempt(self, event: dict[str, Any]) -> list[Any]:
        """Deliver an event; return the failures."""
        handler = USERS_EVENTS[event["detail-type"]][0]
        failures: list[Any] = handler(queue_event(event), Context())["batchItemFailures"]
        return failures

    def send(self, name: str, user: str, **more: Any) -> None:
        self.deliver(self.event(name, user, **more))


@pytest.fixture
def api(service_table: Table, cursor_secret: None) -> Api:
    return Api()


@pytest.fixture
def bus(service_table: Table, queues: Queues) -> Bus:
    return Bus()


@pytest.fixture
def put_secret(aws: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a text where the functions find the payment secret."""
    manager = client("secretsmanager")
    made = manager.create_secret(Name="starling/unit/orders/payments")
    monkeypatch.setenv("PAYMENTS_SECRET_ARN", made["ARN"])
    secret._connected.cache_clear()
    return lambda text: manager.put_secret_value(SecretId=made["ARN"], SecretString=text) and None


@pytest.fixture
def customer(api: Api) -> str:
    """An active customer of acme, where there is tea at 5 EUR and jam at 3."""
    user = new_id("usr")
    Customers.connect().project("acme", user, "active", 1)
    api.put("tea", amount=500)
    api.put("jam", amount=300)
    return user
