"""POST /webhooks/payments, and the worker behind it: each event once, and none of them believed."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orders.api import receive_payment_webhook
from orders.api.receive_payment_webhook import Received
from orders.domain import orders as rules
from orders.domain.orders import Order
from orders.payments import Payments
from orders.payments.signature import TOLERANCE_SECONDS, fingerprint
from orders.store import Orders
from orders.webhooks import KNOWN, Hint, Intake, Replayed, hint_of
from orders.workers import payment_webhooks
from runtime.changes import Key
from runtime.clients import client
from runtime.commits import Commits, Crash
from runtime.conformance import Response, send
from runtime.gateway import MAX_BODY_BYTES
from runtime.ids import new_id
from runtime.inbox import RETENTION
from runtime.table import Table
from runtime.testing import NOW, TABLE, Context, Queues, cause, queue_event, request_event

OLD, NEW = "whsec_old", "whsec_new"
PAYMENT = "pi_1"
SUCCEEDED = "payment_intent.succeeded"


def seconds(later: float = 0) -> int:
    return int(datetime.now(UTC).timestamp() + later)


def signature(raw: bytes, *by: str, at: int | None = None) -> str:
    at = seconds() if at is None else at
    signed = f"{at}.".encode() + raw
    made = [hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in by or (NEW,)]
    return ",".join([f"t={at}", *(f"v1={one}" for one in made)])


def event(
    kind: str = SUCCEEDED, order: str = "", *, tenant: str = "acme", name: str = "", **more: Any
) -> dict[str, Any]:
    """Return an event as the provider tells it."""
    charge = kind.startswith("charge")
    thing = {
        "id": "ch_1" if charge else PAYMENT,
        "object": "charge" if charge else "payment_intent",
        "amount": 1000,
        "client_secret": "pi_1_secret_of_the_customer",
        "metadata": {"order_id": order or new_id("ord"), "tenant_id": tenant},
    }
    if charge:
        thing["payment_intent"] = PAYMENT
    return {
        "id": name or f"evt_{new_id('x')[2:]}",
        "object": "event",
        "type": kind,
        "data": {"object": thing | more},
    }


class Hook:
    """The endpoint and its queue, as the provider and the worker see them."""

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, told: Any, header: str | None = None, *by: str, **more: Any) -> Response:
        raw = told if isinstance(told, bytes) else json.dumps(told).encode()
        header = signature(raw, *by) if header is None else header
        request = request_event(raw=raw.decode(), headers={"stripe-signature": header}) | more
        del request["requestContext"]["authorizer"]
        return send(receive_payment_webhook.handler, request)

    def queued(self) -> list[Any]:
        """Return what is in the queue, and take it out."""
        answer = client("sqs").receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions that keep nothing of the test before."""
    for one in (receive_payment_webhook.handler, payment_webhooks.handler):
        monkeypatch.setattr(one._collaborators, "_made", None)


@pytest.fixture
def hook(
    put_secret: Callable[[str], None],
    service_table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> Hook:
    put_secret(json.dumps({"api_key": "sk_test_1", "webhook_secrets": [OLD, NEW]}))
    url = client("sqs").create_queue(QueueName="payment-webhooks")["QueueUrl"]
    monkeypatch.setenv("PAYMENT_WEBHOOKS_QUEUE_URL", url)
    return Hook(url)


def rows() -> list[dict[str, Any]]:
    return client("dynamodb").scan(TableName=TABLE)["Items"]


# ---- what is taken


@pytest.mark.parametrize("kind", sorted(KNOWN))
def test_a_signed_event_is_queued_without_anything_of_the_customer(hook: Hook, kind: str) -> None:
    told = event(kind, "ord_01JZ0000000000000000000000", name="evt_1")
    response = hook.send(told)
    assert (response.status, response.body) == (200, {"id": "evt_1"})
    about = {"tenant_id": "acme", "order_id": "ord_01JZ0000000000000000000000"}
    assert hook.queued() == [
        {"event_id": "evt_1", "type": kind, "about": about | {"payment_id": PAYMENT}}
    ]


@pytest.mark.parametrize("by", [(OLD,), (NEW,), (OLD, NEW), ("whsec_other", OLD)])
def test_while_the_secret_is_changed_each_of_both_is_good(hook: Hook, by: tuple[str, ...]) -> None:
    assert hook.send(event(), None, *by).status == 200
    assert len(hook.queued()) == 1


@pytest.mark.parametrize("later", [-TOLERANCE_SECONDS + 5, TOLERANCE_SECONDS - 5])
def test_a_clock_may_be_wrong_by_the_tolerance(hook: Hook, later: int) -> None:
    raw = json.dumps(event()).encode()
    assert hook.send(raw, signature(raw, at=seconds(later))).status == 200


def test_a_body_in_base_64_is_verified_as_the_bytes_that_it_was(hook: Hook) -> None:
    raw = json.dumps(event(name="evt_1", note="é"), ensure_ascii=False).encode()
    encoded = {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
    assert hook.send(raw, None, NEW, **encoded).status == 200
    assert [one["event_id"] for one in hook.queued()] == ["evt_1"]


def test_white_space_counts_and_content_types_do_not(hook: Hook) -> None:
    raw = json.dumps(event(), indent=3).encode() + b"\n"
    request = request_event(
        raw=raw.decode(), headers={"Stripe-Signature": signature(raw), "Content-Type": "text/odd"}
    )
    assert send(receive_payment_webhook.handler, request).status == 200


def test_an_event_of_no_interest_is_taken_too(hook: Hook) -> None:
    told = event("v2.core.account[requirements].updated", name="evt_1")
    assert hook.send(told).status == 200
    (message,) = hook.queued()
    assert message["about"] is None


@pytest.mark.parametrize(
    "more",
    [
        {"metadata": {}},
        {"metadata": None},
        {"metadata": {"order_id": "ord_1", "tenant_id": "acme"}},
        {"metadata": {"order_id": "ord_01JZ0000000000000000000000", "tenant_id": "Acme#"}},
        {"metadata": {"order_id": "ord_01JZ0000000000000000000000\n", "tenant_id": "acme"}},
        {"metadata": {"order_id": ["ord_01JZ0000000000000000000000"], "tenant_id": "acme"}},
        {"metadata": "order_id"},
        {"id": "pi_1#2"},
        {"id": None},
        {"object": "charge", "payment_intent": None},
        {"object": "charge"},
    ],
    ids=str,
)
def test_an_event_that_names_no_order_is_taken_without_one(
    hook: Hook, more: dict[str, Any]
) -> None:
    assert hook.send(event(**more)).status == 200
    (message,) = hook.queued()
    assert message["about"] is None


def test_an_event_whose_data_are_odd_is_taken_without_an_order(hook: Hook) -> None:
    odd: tuple[Any, ...] = (None, [], {}, {"object": None}, {"object": [1]}, "x", 7)
    for data in odd:
        assert hook.send(event() | {"data": data}).status == 200
    assert {message["about"] for message in hook.queued()} == {None}


# ---- what is refused


@pytest.fixture
def nothing_happens(hook: Hook) -> Iterator[None]:
    yield
    assert hook.queued() == []
    assert rows() == []


@pytest.mark.usefixtures("nothing_happens")
class TestRefused:
    def test_without_a_signature(self, hook: Hook) -> None:
        raw = json.dumps(event()).encode()
        good = signature(raw)
        for header in ("", "x", good.partition(",")[0], good.partition(",")[2], good.upper()):
            assert hook.send(raw, header).problem == (401, "unauthenticated")
        request = request_event(raw=raw.decode(), headers={"Authorization": "Bearer x.y.z"})
        response = send(receive_payment_webhook.handler, request)
        assert response.problem == (401, "unauthenticated")

    def test_with_anothers_secret(self, hook: Hook) -> None:
        for by in (("whsec_other",), ("whsec_ne",), ("",)):
            assert hook.send(event(), None, *by).problem == (401, "unauthenticated")

    @pytest.mark.parametrize("later", [-TOLERANCE_SECONDS - 5, TOLERANCE_SECONDS + 5, -86_400])
    def test_at_another_time(self, hook: Hook, later: int) -> None:
        raw = json.dumps(event()).encode()
        response = hook.send(raw, signature(raw, at=seconds(later)))
        assert response.problem == (401, "unauthenticated")

    def test_with_another_time_than_was_signed(self, hook: Hook) -> None:
        raw = json.dumps(event()).encode()
        old = signature(raw, at=seconds(-86_400))
        fresh = f"t={seconds()},{old.partition(',')[2]}"
        assert hook.send(raw, fresh).problem == (401, "unauthenticated")

    def test_with_another_body_than_was_signed(self, hook: Hook) -> None:
        raw = json.dumps(event()).encode()
        for other in (raw.replace(b"acme", b"evil"), raw + b" ", b""):
            assert hook.send(other, signature(raw)).problem == (401, "unauthenticated")

    def test_larger_than_any_event(self, hook: Hook) -> None:
        large = event(note="x" * MAX_BODY_BYTES)
        assert hook.send(large).problem == (400, "malformed-request")
        assert hook.send(large, "").problem == (400, "malformed-request")

    @pytest.mark.parametrize(
        "raw",
        [
            *(b"", b"null", b"[]", b"{", b"{}", b'{"id": NaN}', b'"evt_1"', b"7"),
            b'{"id": "evt_1"}',
            b'{"id": "evt_1", "type": 7}',
            b'{"id": "evt_1#", "type": "payment_intent.succeeded"}',
            b'{"id": "evt_1", "type": "a b"}',
            b'{"id": "evt_1", "type": ' + b"[" * 20 + b"]" * 20 + b"}",
            b"[" * 60_000,
        ],
        ids=lambda raw: str(raw[:40]),
    )
    def test_signed_but_no_event(self, hook: Hook, raw: bytes) -> None:
        assert hook.send(raw).problem == (400, "malformed-request")

    @pytest.mark.parametrize("raw", [b'{"id": "\xff"}', b"\xed\xa0\x80"])
    def test_signed_but_no_text(self, hook: Hook, raw: bytes) -> None:
        encoded = {"body": base64.b64encode(raw).decode(), "isBase64Encoded": True}
        request = request_event(headers={"Stripe-Signature": signature(raw)}) | encoded
        response = send(receive_payment_webhook.handler, request)
        assert response.problem == (400, "malformed-request")


def test_a_refusal_says_nothing_of_the_body_and_is_counted(
    hook: Hook, metrics: Callable[[], list[str]], logged: Callable[[], str]
) -> None:
    response = hook.send(event(name="evt_1"), None, "whsec_other")
    assert metrics() == ["PaymentWebhooksRefused"]
    assert "evt_1" not in json.dumps(response.body)
    assert "ord_" not in logged()


def test_while_nobody_has_put_the_secret_there_the_provider_is_to_come_again(
    hook: Hook, put_secret: Callable[[str], None]
) -> None:
    put_secret("{}")
    assert hook.send(event()).problem == (500, "internal-error")
    assert hook.queued() == []


# ---- replays


def test_what_was_sent_before_is_refused(hook: Hook) -> None:
    raw = json.dumps(event()).encode()
    header = signature(raw, OLD, NEW)
    assert hook.send(raw, header).status == 200
    at, one, other = header.split(",")
    for again in (
        header,
        f"{at},{other},{one}",
        f"{other},{at}",
        f"{one},v0=ab,{at}",
        f" {header}",
    ):
        assert hook.send(raw, again).problem == (400, "replayed")
    assert len(hook.queued()) == 1


def test_an_event_that_the_provider_repeats_is_taken_again(hook: Hook) -> None:
    raw = json.dumps(event()).encode()
    for later in (0, 1, 2):
        assert hook.send(raw, signature(raw, at=seconds(later))).status == 200
    assert len(hook.queued()) == 3


def test_of_many_replays_at_once_one_is_queued(hook: Hook) -> None:
    raw = json.dumps(event()).encode()
    header = signature(raw)
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(hook.send(raw, header).status))
        for _ in range(8)
    ]
    receive_payment_webhook.handler.prepare()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [400] * 7
    assert len(hook.queued()) == 1


HINT = Hint(event_id="evt_1", type=SUCCEEDED)


def test_what_was_sent_is_remembered_for_as_long_as_it_is_good(hook: Hook) -> None:
    intake = Intake.connect()
    intake.take(HINT, "f", NOW)
    # Signed as far ahead as may be, it is good until then.
    with pytest.raises(Replayed):
        intake.take(HINT, "f", NOW + timedelta(seconds=2 * TOLERANCE_SECONDS))
    intake.take(HINT, "f", NOW + timedelta(seconds=2 * TOLERANCE_SECONDS + 1))
    assert len(hook.queued()) == 2
    (row,) = rows()
    assert int(row["expires_at"]["N"]) > NOW.timestamp() + 4 * TOLERANCE_SECONDS


def test_what_could_not_be_queued_is_taken_when_it_is_sent_again(
    hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = json.dumps(event()).encode()
    header = signature(raw)

    def fail(**_: object) -> None:
        raise ConnectionError("no queue")

    with monkeypatch.context() as broken:
        broken.setattr(client("sqs"), "send_message", fail)
        assert hook.send(raw, header).problem == (500, "internal-error")
    assert hook.send(raw, header).status == 200
    assert len(hook.queued()) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_event_is_not_lost_if_its_function_ends_half_way(
    hook: Hook, commits: Commits, when: Any
) -> None:
    intake = Intake.connect()
    commits.crash(when=when)
    with pytest.raises(Crash):
        intake.take(HINT, "first", NOW)
    commits.calm()
    assert hook.queued() == []
    intake.take(HINT, "as the provider sends it again", NOW)
    assert len(hook.queued()) == 1


def test_a_fingerprint_is_of_time_and_body() -> None:
    raw = b"{}"
    one = fingerprint(raw, signature(raw, OLD, at=1000))
    assert one == fingerprint(raw, signature(raw, NEW, OLD, at=1000))
    assert one != fingerprint(raw, signature(raw, OLD, at=1001))
    assert one != fingerprint(b"{} ", signature(raw, OLD, at=1000))


# ---- the worker


class Worked:
    """An order that waits for its payment, the provider, and the worker."""

    def __init__(self, order: Order, queues: Queues, provider: Any) -> None:
        self.order, self.queues, self.provider = order, queues, provider

    def hear(self, *events: dict[str, Any], good: bool = True) -> None:
        messages = [hint_of(one).model_dump() for one in events]
        answer = payment_webhooks.handler(queue_event(*messages), Context())
        assert (answer["batchItemFailures"] == []) == good

    def told(self, kind: str = SUCCEEDED, **more: Any) -> dict[str, Any]:
        return event(kind, more.pop("order", self.order.id), **more)

    @property
    def now(self) -> Order:
        return Orders.connect().get("acme", self.order.id)

    def become(self, rule: Callable[[Order], Order]) -> None:
        Orders.connect().change(self.order.id, rule, now=NOW, cause=cause())


@pytest.fixture
def worked(api: Any, customer: str, queues: Queues, provider: Any, payments: Payments) -> Worked:
    order = api.place(customer).body
    made = Worked(Orders.connect().get("acme", order["id"]), queues, provider)
    made.become(lambda order: rules.reserve(order, at=NOW))
    made.become(lambda order: rules.begin_payment(order, payment_id=PAYMENT))
    return made


def events_of(commits: Commits) -> list[str]:
    return [name for name, _, _ in commits.events()]


def test_the_provider_is_asked_and_the_order_confirmed(worked: Worked, commits: Commits) -> None:
    before = len(commits.told)
    worked.provider.will(worked.provider.charged())
    worked.hear(worked.told(name="evt_1"))
    assert worked.now.status == "confirmed"
    told = commits.events()[before:]
    assert [name for name, _, _ in told] == ["PaymentCaptured.v1", "OrderConfirmed.v1"]
    assert {metadata["correlation_id"] for _, metadata, _ in told} == {"evt_1"}
    assert {metadata["tenant_id"] for _, metadata, _ in told} == {"acme"}


@pytest.mark.parametrize("kind", sorted(KNOWN))
def test_an_event_is_not_believed(worked: Worked, kind: str) -> None:
    worked.provider.will(worked.provider.intent("processing"))
    before = worked.now
    worked.hear(worked.told(kind))
    assert worked.now == before


def test_an_event_is_looked_into_once(worked: Worked, metrics: Callable[[], list[str]]) -> None:
    worked.provider.will(worked.provider.charged())
    told = worked.told()
    metrics()
    worked.hear(told, told)
    worked.hear(told)
    assert len(worked.provider.asked) == 1
    assert metrics() == ["PaymentWebhooks"] * 3


def test_that_an_event_was_handled_is_kept_for_as_long_as_it_may_come_again(
    worked: Worked,
) -> None:
    worked.provider.will(worked.provider.charged())
    worked.hear(worked.told(name="evt_1"))
    stored = Table.connect().get(Key("TENANT#acme#INBOX#payment-webhooks#evt_1", "MARK#all"))
    assert stored
    assert stored.expires_at
    left = stored.expires_at - datetime.now(UTC).timestamp()
    assert left == pytest.approx(RETENTION.total_seconds(), abs=600)


def test_the_order_of_events_does_not_matter(worked: Worked) -> None:
    worked.become(lambda order: rules.cancel(order, reason="changed my mind", at=NOW))
    for _ in range(2):
        worked.provider.will(worked.provider.charged(refunded=1999))
    worked.hear(worked.told("charge.refunded"), worked.told(SUCCEEDED))
    assert worked.now.status == "cancelled"
    assert worked.now.refunded_at


def test_a_worker_that_ends_before_its_mark_looks_again(worked: Worked, commits: Commits) -> None:
    told = worked.told()
    worked.provider.will(worked.provider.charged())
    commits.crash(nth=2)  # the mark; first came the order
    with pytest.raises(Crash):
        worked.hear(told)
    revision = worked.now.revision
    worked.provider.will(worked.provider.charged())
    worked.hear(told)
    assert worked.now.revision == revision
    assert len(events_of(commits)) == len(set(events_of(commits)))


def test_while_the_provider_does_not_answer_the_event_comes_again(worked: Worked) -> None:
    told = worked.told()
    worked.provider.will({"error": {}}, 500)
    before = worked.now
    worked.hear(told, good=False)
    assert worked.now == before
    worked.provider.will(worked.provider.charged())
    worked.hear(told)
    assert worked.now.status == "confirmed"


def test_what_the_provider_refuses_to_tell_is_set_aside(worked: Worked) -> None:
    worked.provider.will_refuse(404, type="invalid_request_error", code="resource_missing")
    worked.hear(worked.told())
    (dead,) = worked.queues.dead()
    reason = dead["MessageAttributes"]["reason"]["StringValue"]
    assert reason == "the payment provider refuses to tell: resource_missing"


@pytest.mark.parametrize(
    "more",
    [
        {"tenant": "globex"},
        {"order": "ord_01JZ0000000000000000000000"},
        {"id": "pi_2"},
    ],
    ids=str,
)
def test_what_is_about_no_order_of_the_tenant_with_that_payment_changes_nothing(
    worked: Worked, more: dict[str, Any]
) -> None:
    before = worked.now
    worked.hear(worked.told(**more))
    assert worked.now == before
    assert worked.provider.asked == []


def test_other_types_and_events_without_an_order_are_acknowledged_and_counted(
    worked: Worked, metrics: Callable[[], list[str]], logged: Callable[[], str]
) -> None:
    metrics()
    worked.hear(worked.told("customer.created"), worked.told(metadata={"order_id": "secret"}))
    assert metrics() == ["PaymentWebhooks"] * 2
    assert worked.provider.asked == []
    assert worked.queues.dead() == []
    assert "payment webhook names no order" in logged()
    assert "secret" not in logged()


@pytest.mark.parametrize(
    "message",
    [
        *("", "null", "[]", "{}", "[" * 30_000),
        {"event_id": "evt_1", "type": SUCCEEDED, "about": {}},
        {"event_id": "evt_1", "type": SUCCEEDED, "amount": 7},
        {"event_id": "1", "type": SUCCEEDED},
    ],
    ids=lambda message: str(message)[:30],
)
def test_what_is_no_message_of_the_endpoint_is_set_aside(worked: Worked, message: Any) -> None:
    answer = payment_webhooks.handler(queue_event(message), Context())
    assert answer == {"batchItemFailures": []}
    assert len(worked.queues.dead()) == 1


def test_an_answer_is_as_it_is_declared() -> None:
    assert receive_payment_webhook.handler.answer is Received
    assert receive_payment_webhook.handler.token is False
