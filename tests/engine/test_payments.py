"""Orders' payments at the payments sandbox, at its best and at its worst."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from queue import Queue
from typing import Any
from urllib.request import Request, urlopen

import pytest
import stripe
from aws_lambda_powertools.utilities.circuit_breaker import base
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import Money
from infra import tools
from infra.local import engines
from infra.local.daemon import Daemon
from orders.payments import Payment, PaymentDeclined, PaymentRefused, Payments, ProviderUnavailable
from orders.payments.breaker import RECOVERY_SECONDS, Breaker
from orders.payments.circuit import THRESHOLD, Circuit
from orders.payments.provider import Provider
from orders.payments.secret import PaymentSecret
from orders.payments.signature import Stale, Unsigned, verify
from runtime import clients
from runtime.serving import Asked, Reply, serving
from runtime.settings import settings
from runtime.table import Table

PRICE = Money(amount=1999, currency="EUR")
SECRETS = ["whsec_new", "whsec_old"]
ORDERS = 200
THREADS = 8
FINAL = {"captured", "cancelled", "failed"}


class Sandbox:
    """The sandbox's own side: its faults and its ledger."""

    def __init__(self, url: str) -> None:
        self.url = url

    def control(self, method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.url}{path}", content, method=method), timeout=20) as answer:  # noqa: S310 - on this machine
            return json.load(answer)

    def fault(self, mode: str, **more: Any) -> None:
        self.control("POST", "/_faults", {"mode": mode, "seed": 7} | more)

    def well(self) -> None:
        self.control("DELETE", "/_faults")

    def charges(self, prefix: str) -> list[dict[str, Any]]:
        told = self.control("GET", "/_ledger")["charges"]
        return [one for one in told if (one["order_id"] or "").startswith(prefix)]

    def calls(self) -> int:
        return sum(self.control("GET", "/_calls")["calls"].values())


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    tools.ensure("bare")
    folder = tmp_path_factory.mktemp("payments")
    (folder / "logs").mkdir()
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    daemon = engines.start_payments(folder, port)
    try:
        engines.wait_until_ready(daemon, engines.PAYMENTS_READY)
        yield daemon
    finally:
        daemon.stop()


@pytest.fixture
def sandbox(engine: Daemon) -> Iterator[Sandbox]:
    made = Sandbox(f"http://127.0.0.1:{engine.port}")
    yield made
    made.well()
    made.control("DELETE", "/_webhooks")


_NUMBERS = count(1)


@pytest.fixture
def prefix() -> str:
    """What the ids of this test's orders begin with: the sandbox keeps those of all tests."""
    return f"ord_{next(_NUMBERS)}_"


class OneAtATime:
    """moto's DynamoDB, with each call as atomic as DynamoDB's own."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        def call(**parameters: Any) -> Any:
            with self._lock:
                return getattr(self._dynamodb, name)(**parameters)

        return call


class Clock:
    """The breaker's time, which passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(base.CircuitBreakerHandler, "_now", staticmethod(made))
    return made


@pytest.fixture
def connect(
    sandbox: Sandbox, service_table: Table, clock: Clock
) -> Iterator[Callable[..., Payments]]:
    """Make the payments of one more instance."""
    manager = clients.client("secretsmanager")
    keys = {"api_key": "sk_test_engine", "webhook_secrets": SECRETS}
    made = manager.create_secret(Name="payments", SecretString=json.dumps(keys))
    shared: Any = OneAtATime(clients.client("dynamodb"))
    opened: list[Provider] = []

    def instance(**patience: Any) -> Payments:
        secret = PaymentSecret(manager, made["ARN"])
        opened.append(Provider(secret, sandbox.url, **patience))
        return Payments(opened[-1], Breaker(Circuit(shared, settings.table_name, clock)))

    yield instance
    for provider in opened:
        provider._http.clear()


@pytest.fixture
def payments(connect: Callable[..., Payments]) -> Payments:
    return connect()


def begin(payments: Payments, order_id: str, method: str = "pm_card_visa") -> Payment:
    return payments.begin(
        tenant="acme", order_id=order_id, amount=PRICE, method=method, key=order_id
    )


def pay(payments: Payments, order_id: str, method: str = "pm_card_visa") -> Payment:
    return payments.capture(begin(payments, order_id, method).id, key=order_id)


def patiently(work: Callable[[], Payment], attempts: int = 50) -> Payment:
    """Do it as a workflow does: again while the provider is not there."""
    for _ in range(attempts - 1):
        try:
            return work()
        except ProviderUnavailable:
            continue
    return work()


def test_a_card_that_pays_is_charged_once_and_told_as_captured(
    payments: Payments, sandbox: Sandbox, prefix: str
) -> None:
    begun = begin(payments, f"{prefix}1")
    assert (begun.status, begun.refunded) == ("pending", 0)
    assert [one["status"] for one in sandbox.charges(prefix)] == ["requires_confirmation"]
    paid = payments.capture(begun.id, key=f"{prefix}1")
    assert paid == Payment(begun.id, "captured", 1999, "EUR", 0) == payments.find(begun.id)
    (charge,) = sandbox.charges(prefix)
    assert (charge["status"], charge["amount"], charge["refunded"]) == ("succeeded", 1999, 0)
    assert charge["tenant_id"] == "acme"


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_unknown", "resource_missing"),
    ],
)
def test_a_card_that_does_not_pay_is_declined_each_time(
    payments: Payments, sandbox: Sandbox, prefix: str, method: str, code: str
) -> None:
    for _ in range(2):
        with pytest.raises(PaymentDeclined) as raised:
            pay(payments, f"{prefix}1", method)
        assert raised.value.code == code
    assert all(one["status"] != "succeeded" for one in sandbox.charges(prefix))
    assert len(sandbox.charges(prefix)) <= 1


def test_after_a_decline_another_card_pays(
    payments: Payments, sandbox: Sandbox, prefix: str
) -> None:
    with pytest.raises(PaymentDeclined):
        pay(payments, f"{prefix}1", "pm_card_chargeDeclined")
    again = payments.begin(
        tenant="acme", order_id=f"{prefix}1", amount=PRICE, method="pm_card_visa", key=f"{prefix}b"
    )
    assert payments.capture(again.id, key=f"{prefix}b").status == "captured"
    assert [one["status"] for one in sandbox.charges(prefix)] == ["failed", "succeeded"]


def test_everything_twice_is_once(payments: Payments, sandbox: Sandbox, prefix: str) -> None:
    first, second = pay(payments, f"{prefix}1"), pay(payments, f"{prefix}1")
    assert first == second
    for _ in range(2):
        assert payments.undo(first.id, key=f"{prefix}1").refunded == 1999
    (charge,) = sandbox.charges(prefix)
    assert charge["refunded"] == 1999


def test_one_key_for_another_payment_is_refused(payments: Payments, prefix: str) -> None:
    begin(payments, f"{prefix}1")
    with pytest.raises(PaymentRefused, match="idempotency_error"):
        begin(payments, f"{prefix}1", "pm_card_mastercard")


def test_a_payment_that_nobody_knows_is_refused(payments: Payments) -> None:
    for call in (payments.find, lambda one: payments.undo(one, key="k")):
        with pytest.raises(PaymentRefused, match="resource_missing"):
            call("pi_unknown")


def test_amounts_that_the_provider_does_not_take_are_declined(payments: Payments) -> None:
    for amount in (0, 49, 10**9):
        with pytest.raises(PaymentDeclined):
            payments.begin(
                tenant="acme",
                order_id="ord",
                amount=Money(amount=amount, currency="EUR"),
                method="pm_card_visa",
                key=f"amount-{amount}",
            )


@pytest.mark.parametrize("how", ["begun", "declined", "captured"])
def test_in_whatever_state_undoing_leaves_no_money_taken(
    payments: Payments, sandbox: Sandbox, prefix: str, how: str
) -> None:
    method = "pm_card_chargeDeclined" if how == "declined" else "pm_card_visa"
    begun = begin(payments, f"{prefix}1", method)
    if how == "captured":
        payments.capture(begun.id, key=f"{prefix}1")
    if how == "declined":
        with pytest.raises(PaymentDeclined):
            payments.capture(begun.id, key=f"{prefix}1")
    undone = payments.undo(begun.id, key=f"{prefix}1")
    assert undone == payments.undo(begun.id, key=f"{prefix}2")
    assert kept(sandbox.charges(prefix)) == 0
    if how == "begun":  # a capture that comes late takes nothing
        assert payments.capture(begun.id, key=f"{prefix}1").status == "cancelled"
        assert kept(sandbox.charges(prefix)) == 0


def kept(charges: list[dict[str, Any]]) -> int:
    """Return the money that was taken and not given back."""
    paid = [one for one in charges if one["status"] == "succeeded"]
    return sum(one["amount"] - one["refunded"] for one in paid)


def test_capturing_and_undoing_at_once_leaves_no_money_taken(
    connect: Callable[..., Payments], sandbox: Sandbox, prefix: str
) -> None:
    begun = [begin(connect(), f"{prefix}{number}") for number in range(20)]

    def race(payment: Payment) -> None:
        start = threading.Barrier(2)

        def capture() -> None:
            start.wait(20)
            patiently(lambda: connect().capture(payment.id, key=payment.id))

        with ThreadPoolExecutor(1) as other:
            captured = other.submit(capture)
            start.wait(20)
            patiently(lambda: connect().undo(payment.id, key=payment.id))
            captured.result(20)

    for payment in begun:
        race(payment)
    assert kept(sandbox.charges(prefix)) == 0


@pytest.mark.parametrize(
    ("mode", "orders"),
    [
        ("reset_before_charge", 50),
        ("reset_after_charge", ORDERS),
        ("error_500", 50),
        ("error_500_after_charge", 50),
    ],
)
def test_a_provider_that_fails_often_charges_each_order_once(
    connect: Callable[..., Payments], sandbox: Sandbox, prefix: str, mode: str, orders: int
) -> None:
    sandbox.fault(mode, rate=0.3)
    instances = [connect() for _ in range(THREADS)]

    def order(number: int) -> Payment:
        payments, order_id = instances[number % THREADS], f"{prefix}{number:03}"
        return patiently(lambda: pay(payments, order_id))

    with ThreadPoolExecutor(THREADS) as pool:
        paid = list(pool.map(order, range(orders)))
    assert Counter(one.status for one in paid) == {"captured": orders}
    charged = Counter(
        one["order_id"] for one in sandbox.charges(prefix) if one["status"] == "succeeded"
    )
    assert charged == {f"{prefix}{number:03}": 1 for number in range(orders)}
    faults = sandbox.control("GET", "/_faults")["faults"]
    assert faults[0]["hits"] > orders / 10


def test_a_provider_that_fails_often_gives_back_once(
    connect: Callable[..., Payments], sandbox: Sandbox, prefix: str
) -> None:
    payments = connect()
    paid = [pay(payments, f"{prefix}{number}") for number in range(30)]
    for mode in ("reset_after_charge", "error_500_after_charge"):
        sandbox.fault(mode, rate=0.3)
    for one in paid:
        undone = patiently(partial(payments.undo, one.id, key=one.id))
        assert undone.refunded == undone.amount
    assert [one["refunded"] for one in sandbox.charges(prefix)] == [1999] * 30


def test_an_answer_that_comes_too_late_is_asked_for_again(
    connect: Callable[..., Payments], sandbox: Sandbox, prefix: str
) -> None:
    payments = connect(read=0.2)
    begun = begin(payments, f"{prefix}1")
    sandbox.fault("latency", milliseconds=1000, times=1)
    with pytest.raises(ProviderUnavailable):
        payments.capture(begun.id, key=f"{prefix}1")
    paid = patiently(lambda: payments.capture(begun.id, key=f"{prefix}1"), attempts=100_000)
    assert paid.status == "captured"
    assert len(sandbox.charges(prefix)) == 1


def test_a_dead_provider_gets_few_calls_of_200_orders_and_all_are_paid_when_it_is_back(
    connect: Callable[..., Payments], sandbox: Sandbox, prefix: str, clock: Clock
) -> None:
    instances = [connect() for _ in range(THREADS)]
    waiting = [f"{prefix}{number:03}" for number in range(ORDERS)]

    def try_all() -> list[str]:
        """Return the orders that go on waiting."""

        def attempt(number: int) -> bool:
            try:
                pay(instances[number % THREADS], waiting[number])
            except ProviderUnavailable:
                return False
            return True

        with ThreadPoolExecutor(THREADS) as pool:
            done = list(pool.map(attempt, range(len(waiting))))
        return [one for one, paid in zip(waiting, done, strict=True) if not paid]

    sandbox.fault("error_500")
    before = sandbox.calls()
    probes = 3
    for _ in range(1 + probes):
        assert try_all() == waiting
        clock.now += RECOVERY_SECONDS
    assert sandbox.calls() - before == THRESHOLD + probes
    sandbox.well()
    for _ in range(ORDERS):
        waiting = try_all()
        clock.now += RECOVERY_SECONDS
        if not waiting:
            break
    assert waiting == []
    charges = sandbox.charges(prefix)
    assert [one["status"] for one in charges] == ["succeeded"] * ORDERS
    assert len({one["order_id"] for one in charges}) == ORDERS


def test_a_list_has_all_payments_of_its_time_and_their_orders(
    payments: Payments, sandbox: Sandbox, prefix: str
) -> None:
    paid = {pay(payments, f"{prefix}{number}").id: f"{prefix}{number}" for number in range(105)}
    undone = next(iter(paid))
    payments.undo(undone, key=f"{prefix}undo")
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    listed = {one.id: one for one in payments.list(since=now - hour, until=now + hour)}
    assert {name: listed[name].order_id for name in paid} == paid
    assert {listed[name].tenant for name in paid} == {"acme"}
    assert listed[undone].refunded == 1999
    assert list(payments.list(since=now - 2 * hour, until=now - hour)) == []


@given(
    event=st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.none())),
    secret=st.from_regex(r"whsec_[A-Za-z0-9]{1,40}", fullmatch=True),
)
def test_what_stripes_sdk_signs_is_taken(event: dict[str, Any], secret: str) -> None:
    now = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    body = (
        json.dumps(event, ensure_ascii=False)
        .encode("utf-8", "surrogatepass")
        .decode("utf-8", "replace")
    )
    header = stripe.WebhookSignature.generate_signature_header(
        body, secret, timestamp=int(now.timestamp())
    )
    raw = body.encode()
    assert verify(raw, header, [secret], now) == json.loads(body)
    with pytest.raises(Unsigned):
        verify(raw + b" ", header, [secret], now)
    with pytest.raises(Stale):
        verify(raw, header, [secret], now + timedelta(minutes=6))


@pytest.mark.parametrize("known", [SECRETS, SECRETS[:1], SECRETS[1:]])
def test_what_the_sandbox_sends_is_known_as_the_providers(
    payments: Payments, sandbox: Sandbox, prefix: str, known: list[str]
) -> None:
    came: Queue[Asked] = Queue()

    def take(asked: Asked) -> Reply:
        came.put(asked)
        return Reply()

    with serving(take) as url:
        sandbox.control("POST", "/_webhooks", {"url": url, "secrets": SECRETS})
        paid = pay(payments, f"{prefix}1")
        asked = came.get(timeout=20)
    raw, header = asked.body, asked.headers["stripe-signature"]
    event = verify(raw, header, known, datetime.now(UTC))
    assert event["type"] == "payment_intent.succeeded"
    assert event["data"]["object"]["id"] == paid.id
    with pytest.raises(Unsigned):
        verify(raw, header, ["whsec_other"], datetime.now(UTC))
