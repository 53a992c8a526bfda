"""Webhooks of the payments sandbox, read with Stripe's own SDK."""

import json
import queue
import uuid
from collections.abc import Iterator

import pytest
import stripe

from infra.journey_steps import until
from infra.local.payments.webhooks import ATTEMPTS, Endpoint, signature
from runtime.serving import Asked, Reply, serving

SECRETS = ["whsec_new", "whsec_old"]


class Receiver:
    """Keeps the events that come, and answers with the statuses that it is told, else with 200."""

    def __init__(self) -> None:
        self.came: queue.Queue[tuple[bytes, str]] = queue.Queue()
        self.statuses: list[int] = []
        self.url = ""

    def answer(self, asked: Asked) -> Reply:
        assert asked.path == "/payments?of=sandbox"
        status = self.statuses.pop(0) if self.statuses else 200
        # Before the answer, after which the next may come.
        self.came.put((asked.body, asked.headers["stripe-signature"]))
        return Reply(b"", status, {"Location": self.url} if status == 302 else {})

    def event(self):
        """Return the next event, as the SDK reads it with the newest secret."""
        content, header = self.came.get(timeout=120)
        return stripe.Webhook.construct_event(content, header, SECRETS[0])


@pytest.fixture
def receiver(sandbox) -> Iterator[Receiver]:
    made = Receiver()
    with serving(made.answer) as url:
        made.url = f"{url}/payments?of=sandbox"
        sandbox.control("POST", "/_webhooks", {"url": made.url, "secrets": SECRETS})
        yield made
        sandbox.control("DELETE", "/_faults")
        sandbox.control("DELETE", "/_webhooks")
        quiet(sandbox)


@pytest.fixture
def api(sandbox):
    return sandbox.client()


def pay(api, card: str = "pm_card_visa", order: str = "ord_1", key: str | None = None):
    return api.payment_intents.create(
        {
            "amount": 1999,
            "currency": "eur",
            "payment_method": card,
            "confirm": True,
            "metadata": {"order_id": order},
        },
        {"idempotency_key": key} if key else {},
    )


def quiet(sandbox):
    """Return what became of the events, when none waits any more."""
    return until(
        "no event waits",
        lambda: sandbox.control("GET", "/_webhooks"),
        lambda told: told["waiting"] == 0,
        120,
    )


def since(before, after) -> dict[str, int]:
    return {
        name: after[name] - before[name] for name in ("delivered", "failed", "given_up", "lost")
    }


# ---- what is told


def test_a_payment_s_success_is_told_with_the_payment_and_the_request(receiver, api):
    key = uuid.uuid4().hex
    intent = pay(api, key=key)
    event = receiver.event()
    assert event.type == "payment_intent.succeeded"
    assert event.id.startswith("evt_")
    assert event.data.object.to_dict() == intent.to_dict()
    request = intent.last_response.headers["Request-Id"]
    assert event.request.to_dict() == {"id": request, "idempotency_key": key}


def test_a_decline_is_told(receiver, api):
    with pytest.raises(stripe.CardError):
        pay(api, "pm_card_chargeDeclinedInsufficientFunds")
    event = receiver.event()
    assert event.type == "payment_intent.payment_failed"
    assert event.data.object.last_payment_error.decline_code == "insufficient_funds"
    assert event.data.object.status == "requires_payment_method"


def test_giving_up_and_giving_back_are_told(receiver, api):
    intent = api.payment_intents.create({"amount": 1999, "currency": "eur"})
    api.payment_intents.cancel(intent.id)
    event = receiver.event()
    assert (event.type, event.data.object.id) == ("payment_intent.canceled", intent.id)
    charged = pay(api)
    assert receiver.event().type == "payment_intent.succeeded"
    for amount, total in ((900, 900), (1099, 1999)):
        api.refunds.create({"payment_intent": charged.id, "amount": amount})
        event = receiver.event()
        charge = event.data.object
        assert (event.type, charge.id) == ("charge.refunded", charged.latest_charge)
        assert (charge.amount_refunded, charge.refunded) == (total, total == 1999)
        assert event.data.previous_attributes["amount_refunded"] == total - amount


def test_a_replayed_request_is_told_once(receiver, api, sandbox):
    key = uuid.uuid4().hex
    for _ in range(3):
        pay(api, key=key)
    quiet(sandbox)
    assert receiver.came.qsize() == 1


def test_where_nobody_listens_nothing_is_sent(sandbox, api):
    before = sandbox.control("GET", "/_webhooks")
    pay(api)
    assert before["url"] is None
    assert sandbox.control("GET", "/_webhooks") == before


# ---- signatures


def test_each_secret_signs_and_no_other_does(receiver, api):
    pay(api)
    content, header = receiver.came.get(timeout=120)
    assert header.count("v1=") == 2
    for secret in SECRETS:
        assert stripe.Webhook.construct_event(content, header, secret).object == "event"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(content, header, "whsec_other")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(content.replace(b"1999", b"1"), header, SECRETS[0])


@pytest.mark.parametrize("content", ["{}", '{"name": "Zoë \U0001f4a1"}', ""])
def test_a_signature_is_the_one_that_stripe_s_sdk_makes(content):
    made = signature(content.encode(), ["whsec_a"], 1_700_000_000)
    assert made == stripe.WebhookSignature.generate_signature_header(
        content, "whsec_a", 1_700_000_000
    )


# ---- until they are taken


@pytest.mark.parametrize("refusal", [500, 400, 302])
def test_an_event_that_is_not_taken_comes_again(receiver, sandbox, api, refusal):
    sandbox.control(
        "POST",
        "/_webhooks",
        {"url": receiver.url, "secrets": SECRETS, "retry_milliseconds": 1},
    )
    before = sandbox.control("GET", "/_webhooks")
    receiver.statuses = [refusal, refusal, 204]
    pay(api)
    after = quiet(sandbox)
    assert len({receiver.event().id for _ in range(3)}) == 1
    assert receiver.came.empty()
    assert since(before, after) == {"delivered": 1, "failed": 2, "given_up": 0, "lost": 0}


def test_an_event_that_nobody_ever_takes_is_given_up(sandbox, api):
    place = {"url": "http://127.0.0.1:1/", "secrets": SECRETS, "retry_milliseconds": 1}
    before = sandbox.control("POST", "/_webhooks", place)
    pay(api)
    after = quiet(sandbox)
    assert since(before, after) == {"delivered": 0, "failed": ATTEMPTS, "given_up": 1, "lost": 0}


def test_attempts_are_ever_farther_apart():
    place = Endpoint.of({"url": "http://127.0.0.1:1/", "secrets": SECRETS})
    waits = [place.patience(attempts) for attempts in range(1, ATTEMPTS)]
    assert waits == [0.5, 1, 2, 4, 8]


def test_many_events_all_arrive(receiver, api, sandbox):
    ids = {pay(api).id for _ in range(100)}
    quiet(sandbox)
    assert {receiver.event().data.object.id for _ in range(100)} == ids


# ---- at worst


def test_an_event_may_be_lost(receiver, sandbox, api):
    before = sandbox.control("GET", "/_webhooks")
    sandbox.control("POST", "/_faults", {"mode": "webhook_lost", "times": 1})
    pay(api)
    second = pay(api)
    assert receiver.event().data.object.id == second.id
    after = quiet(sandbox)
    assert since(before, after) == {"delivered": 1, "failed": 0, "given_up": 0, "lost": 1}


def test_an_event_may_come_twice(receiver, sandbox, api):
    sandbox.control("POST", "/_faults", {"mode": "webhook_doubled"})
    pay(api)
    first, second = receiver.event(), receiver.event()
    assert first.to_dict() == second.to_dict()


def test_an_event_may_come_after_later_ones(receiver, sandbox, api):
    late = {"mode": "webhook_late", "milliseconds": 600_000, "times": 1}
    sandbox.control("POST", "/_faults", late)
    pay(api)
    second = pay(api)
    assert receiver.event().data.object.id == second.id
    told = until(
        "the second was taken",
        lambda: sandbox.control("GET", "/_webhooks"),
        lambda told: told["waiting"] < 2,
        120,
    )
    assert told["waiting"] == 1


def test_an_event_that_is_late_comes(receiver, sandbox, api):
    sandbox.control("POST", "/_faults", {"mode": "webhook_late", "milliseconds": 50})
    intent = pay(api)
    assert receiver.event().data.object.id == intent.id


def test_what_waits_is_forgotten_when_nobody_is_to_hear_it(receiver, sandbox, api):
    sandbox.control("POST", "/_faults", {"mode": "webhook_late", "milliseconds": 600_000})
    pay(api)
    assert sandbox.control("GET", "/_webhooks")["waiting"] == 1
    assert sandbox.control("DELETE", "/_webhooks")["waiting"] == 0


def test_events_may_come_in_another_order(receiver, sandbox, api):
    held = {"mode": "webhook_out_of_order", "milliseconds": 600_000}
    sandbox.control("POST", "/_faults", held)
    made = [pay(api, order=f"ord_{number}").id for number in range(4)]
    came = [receiver.event().data.object.id for _ in range(4)]
    assert sorted(came) == sorted(made)
    for first, second in (made[:2], made[2:]):
        assert came.index(second) < came.index(first)


def test_an_event_that_is_held_back_comes_even_if_none_follows(receiver, sandbox, api):
    held = {"mode": "webhook_out_of_order", "milliseconds": 50}
    sandbox.control("POST", "/_faults", held)
    intent = pay(api)
    assert receiver.event().data.object.id == intent.id


# ---- where they may go


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://127.0.0.1:4566/"},
        {"url": "http://192.0.2.1/"},
        {"url": "http://localhost:80/"},
        {"url": "http://127.0.0.1@192.0.2.1/"},
        {"url": "http://a@127.0.0.1/"},
        {"url": "http://127.0.0.1:99999/"},
        {"url": "http://127.0.0.1/a b"},
        {"url": "http://127.0.0.1/\r\nX: y"},
        {"url": "http://127.0.0.1/ü"},
        {"url": None},
        {"url": 5},
        {"url": ["http://127.0.0.1/"]},
        {"secrets": []},
        {"secrets": ["sk_test_a"]},
        {"secrets": "whsec_a"},
        {"secrets": [5]},
        {"secrets": ["whsec_a"] * 11},
        {"retry_milliseconds": 0},
        {"retry_milliseconds": True},
        {"color": "red"},
    ],
    ids=str,
)
def test_events_go_nowhere_but_to_this_machine(sandbox, change):
    body = {"url": "http://127.0.0.1:4566/", "secrets": ["whsec_a"]} | change
    assert sandbox.control("POST", "/_webhooks", body)["error"]["message"]
    assert sandbox.control("GET", "/_webhooks")["url"] is None


def test_secrets_are_not_told(sandbox):
    place = {"url": "http://127.0.0.1:4566/a?b=c", "secrets": SECRETS}
    told = sandbox.control("POST", "/_webhooks", place)
    assert (told["url"], told["secrets"]) == (place["url"], 2)
    assert "whsec" not in json.dumps(told)
