"""Webhooks of the payment provider: who cannot sign changes nothing, and what is signed comes once.

Whether an event was handled is seen by the mark that its worker leaves.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from ulid import ULID

from infra.journey_steps import until
from tests.e2e.client import Tenant, UnderTest, assert_problem

PATH = "/webhooks/payments"
TOLERANCE_SECONDS = 300


class Provider:
    """Who has the webhooks' secrets, as the payment provider does."""

    def __init__(self, stage: UnderTest) -> None:
        self.stage = stage
        name = f"starling/{stage.stage.name}/orders/payments"
        held = stage.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
        self.secrets: list[str] = json.loads(held)["webhook_secrets"]

    def signature(self, raw: bytes, *by: str, at: int | None = None) -> str:
        at = int(time.time()) if at is None else at
        signed = f"{at}.".encode() + raw
        made = [
            hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in by or self.secrets
        ]
        return ",".join([f"t={at}", *(f"v1={one}" for one in made)])

    def send(self, event: Any, header: str | None = None, **headers: str) -> httpx.Response:
        raw = event if isinstance(event, bytes) else json.dumps(event).encode()
        signed = {"Stripe-Signature": self.signature(raw) if header is None else header}
        return self.stage.http.post(
            f"{self.stage.apis['orders']}{PATH}",
            content=raw,
            headers={"Content-Type": "application/json"} | signed | headers,
            timeout=30,
        )

    def handled(self, tenant: Tenant, event: dict[str, Any]) -> bool:
        """Whether an event of a tenant was handled."""
        key = f"TENANT#{tenant.name}#INBOX#payment-webhooks#{event['id']}"
        row = self.stage.client("dynamodb").get_item(
            TableName=self.stage.stage.named("orders"),
            Key={"pk": {"S": key}, "sk": {"S": "MARK#all"}},
            ConsistentRead=True,
        )
        return "Item" in row

    def wait_for(self, tenant: Tenant, event: dict[str, Any]) -> None:
        until(f"{event['id']} was handled", lambda: self.handled(tenant, event), bool)


@pytest.fixture
def provider(stage: UnderTest) -> Provider:
    return Provider(stage)


def event(tenant: Tenant, kind: str = "payment_intent.succeeded") -> dict[str, Any]:
    """Return an event about an order that there is not."""
    metadata = {"order_id": f"ord_{ULID()}", "tenant_id": tenant.name}
    intent = {"id": "pi_none", "object": "payment_intent", "metadata": metadata, "note": "é"}
    return {"id": f"evt_{ULID()}", "object": "event", "type": kind, "data": {"object": intent}}


def test_what_is_signed_is_taken_without_a_token_and_handled(
    provider: Provider, tenant: Tenant
) -> None:
    for kind in ("payment_intent.succeeded", "payment_intent.payment_failed"):
        told = event(tenant, kind)
        # As it was sent, whatever white space and characters it has.
        answer = provider.send(json.dumps(told, indent=2, ensure_ascii=False).encode())
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"id": told["id"]}
        provider.wait_for(tenant, told)


def test_each_secret_is_good_alone(provider: Provider, tenant: Tenant) -> None:
    for secret in provider.secrets:
        raw = json.dumps(event(tenant)).encode()
        assert provider.send(raw, provider.signature(raw, secret)).status_code == 200


def test_what_is_not_proven_is_refused_and_not_queued(provider: Provider, tenant: Tenant) -> None:
    told = event(tenant)
    raw = json.dumps(told).encode()
    now = int(time.time())
    headers = [
        "",
        "nonsense",
        provider.signature(raw, "whsec_other"),
        provider.signature(raw, at=now - TOLERANCE_SECONDS - 60),
        provider.signature(raw, at=now + TOLERANCE_SECONDS + 60),
        provider.signature(raw + b" "),
        provider.signature(raw).replace("t=", "t=1", 1),
    ]
    token = {"Authorization": f"Bearer {tenant.admin.token}"}
    for header in headers:
        assert_problem(provider.send(raw, header), 401, "unauthenticated")
        assert_problem(provider.send(raw, header, **token), 401, "unauthenticated")
    large = told | {"more": "x" * 70_000}
    assert_problem(provider.send(large), 400, "malformed-request")
    assert_problem(provider.send(b"[" * 60_000), 400, "malformed-request")
    assert_problem(provider.send(b"{}"), 400, "malformed-request")
    assert_problem(provider.send(b""), 400, "malformed-request")
    last = event(tenant)
    assert provider.send(last).status_code == 200
    provider.wait_for(tenant, last)
    assert not provider.handled(tenant, told)


def test_what_was_sent_before_is_refused_and_what_is_signed_anew_is_taken(
    provider: Provider, tenant: Tenant
) -> None:
    told = event(tenant)
    raw = json.dumps(told).encode()
    now = int(time.time())
    header = provider.signature(raw, at=now)
    assert provider.send(raw, header).status_code == 200
    assert_problem(provider.send(raw, header), 400, "replayed")
    assert_problem(provider.send(raw, f"v0=00,{header}"), 400, "replayed")
    assert provider.send(raw, provider.signature(raw, at=now + 1)).status_code == 200
    provider.wait_for(tenant, told)


def test_other_types_and_events_that_name_no_order_are_acknowledged(
    provider: Provider, tenant: Tenant
) -> None:
    nobodys = event(tenant)
    nobodys["data"]["object"]["metadata"] = {}
    for told in (event(tenant, "customer.created"), nobodys):
        assert provider.send(told).status_code == 200


# ---- where the provider is the local stage's sandbox


class Sandbox:
    """The payments sandbox."""

    def __init__(self, stage: UnderTest, url: str) -> None:
        self.stage, self.url = stage, url

    def control(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        answer = self.stage.http.request(method, f"{self.url}{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def quiet(self) -> dict[str, Any]:
        """Return what became of the webhooks, when none waits any more."""
        return until(
            "no webhook waits",
            lambda: self.control("GET", "/_webhooks"),
            lambda told: told["waiting"] == 0,
        )


@pytest.fixture
def sandbox(stage: UnderTest) -> Iterator[Sandbox]:
    url = stage.outputs["payments_sandbox"]
    if url is None:
        pytest.skip("the provider itself cannot be told to fail")
    sandbox = Sandbox(stage, url)
    yield sandbox
    sandbox.control("DELETE", "/_faults")


@pytest.fixture
def buy(tenant: Tenant) -> Callable[[], str]:
    """Return what places an order with a card that pays, and returns its id."""
    customer = tenant.user()["id"]
    sku = tenant.product("lamp")
    tenant.order(customer, sku)  # as soon as orders knows the customer

    def place() -> str:
        items = [{"sku": sku, "quantity": 1}]
        body = {"customer_id": customer, "items": items, "payment_method": "pm_card_visa"}
        answer = tenant.member.send("POST", "orders", "/orders", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    return place


def paid(tenant: Tenant, order_id: str) -> None:
    until(
        f"{order_id} was paid",
        lambda: tenant.member.send("GET", "orders", f"/orders/{order_id}").json(),
        lambda order: order["status"] in {"confirmed", "fulfilled"},
    )


def test_the_sandbox_sends_its_webhooks_to_the_deployed_orders(
    stage: UnderTest, sandbox: Sandbox, tenant: Tenant, buy: Callable[[], str]
) -> None:
    before = sandbox.quiet()
    assert before["url"] == f"{stage.apis['orders']}{PATH}"
    paid(tenant, buy())
    after = until(
        "the payment was told",
        lambda: sandbox.control("GET", "/_webhooks"),
        lambda told: told["delivered"] > before["delivered"],
    )
    assert after["given_up"] == before["given_up"]


def test_a_webhook_tells_of_a_payment_whose_answer_never_comes(
    sandbox: Sandbox, tenant: Tenant, buy: Callable[[], str]
) -> None:
    sandbox.control("POST", "/_faults", {"mode": "reset_after_charge"})
    order_id = buy()
    paid(tenant, order_id)
    charges = sandbox.control("GET", "/_ledger")["charges"]
    assert [one["status"] for one in charges if one["order_id"] == order_id] == ["succeeded"]


@pytest.mark.parametrize("mode", ["webhook_lost", "webhook_doubled", "webhook_out_of_order"])
def test_an_order_is_paid_whatever_becomes_of_its_webhooks(
    sandbox: Sandbox, tenant: Tenant, buy: Callable[[], str], mode: str
) -> None:
    before = sandbox.quiet()["given_up"]
    sandbox.control("POST", "/_faults", {"mode": mode})
    orders = [buy(), buy()]
    for order_id in orders:
        paid(tenant, order_id)
    assert sandbox.quiet()["given_up"] == before
    charges = sandbox.control("GET", "/_ledger")["charges"]
    ours = [one["status"] for one in charges if one["order_id"] in orders]
    assert ours == ["succeeded", "succeeded"]
