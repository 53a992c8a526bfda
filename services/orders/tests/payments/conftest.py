"""A provider that answers as a test says, and AWS in the process."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import pytest

from orders.payments import Payments, gateway
from runtime.logs import logger
from runtime.serving import Asked, Reply, serving
from runtime.table import Table

API_KEY = "sk_test_of_the_tests"
WEBHOOK_SECRET = "whsec_of_the_tests"


@dataclass
class Form:
    """A request that came, with what its form says."""

    method: str
    path: str
    headers: Mapping[str, str]
    form: dict[str, str]


@dataclass
class Scripted:
    """A provider: answers in the order in which it was told to, and remembers what came."""

    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    asked: list[Form] = field(default_factory=list)

    def will(self, body: Any, status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.replies.append(Reply(body, status, named))

    def will_refuse(self, status: int, *, replayed: bool = False, **error: Any) -> None:
        headers = {"Idempotent_Replayed": "true"} if replayed else {}
        self.will({"error": error}, status, **headers)

    def intent(self, status: str = "succeeded", **more: Any) -> dict[str, Any]:
        """Return a payment intent, as far as anything is read of it."""
        return {
            "id": "pi_1",
            "object": "payment_intent",
            "amount": 1999,
            "currency": "eur",
            "status": status,
            "latest_charge": None,
            "metadata": {"order_id": "ord_1", "tenant_id": "acme"},
        } | more

    def charged(self, refunded: int = 0) -> dict[str, Any]:
        """Return a payment intent that was captured."""
        return self.intent(latest_charge={"id": "ch_1", "amount_refunded": refunded})

    def answer(self, request: Asked) -> Reply:
        path, _, query = request.path.partition("?")
        form = dict(parse_qsl(request.body.decode() or query))
        self.asked.append(Form(request.method, path, request.headers, form))
        return self.replies.pop(0)

    @property
    def keys(self) -> list[str]:
        return [one.headers.get("idempotency-key", "") for one in self.asked]


@pytest.fixture
def provider() -> Iterator[Scripted]:
    script = Scripted()
    with serving(script.answer) as script.url:
        yield script
    assert script.replies == []


@pytest.fixture
def payments(
    provider: Scripted,
    put_secret: Callable[[str], None],
    service_table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Payments]:
    """The service's payments, at that provider."""
    put_secret(json.dumps({"api_key": API_KEY, "webhook_secrets": [WEBHOOK_SECRET]}))
    monkeypatch.setenv("PAYMENTS_URL", provider.url)
    gateway._connected.cache_clear()
    made = Payments.connect()
    yield made
    made._provider._http.clear()
    gateway._connected.cache_clear()


@pytest.fixture
def logged() -> Iterator[Callable[[], str]]:
    """Return what tells what was logged since the test began."""
    handler: Any = logger.registered_handler
    text = io.StringIO()
    before = handler.setStream(text)
    yield text.getvalue
    handler.setStream(before)


@pytest.fixture
def metrics(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """Return what tells the metrics that were counted since it was last asked, in order."""

    def counted() -> list[str]:
        lines = [
            json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line
        ]
        return [
            metric["Name"]
            for line in lines
            for directive in line["_aws"]["CloudWatchMetrics"]
            for metric in directive["Metrics"]
        ]

    return counted
