"""Faults of the payments sandbox: a provider at its worst, seen with Stripe's own SDK."""

import contextlib
import socket
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from infra.journey_steps import until

HEAD = "POST /v1/payment_intents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sk_test_a\r\n"


@pytest.fixture
def api(sandbox):
    return sandbox.client()


@pytest.fixture
def order():
    return f"ord_{uuid.uuid4().hex}"


@pytest.fixture
def fault(sandbox):
    """Switch a fault on; all are off after the test."""

    def switch(mode: str, **more):
        told = sandbox.control("POST", "/_faults", {"mode": mode, **more})
        return told["faults"]

    yield switch
    sandbox.control("DELETE", "/_faults")


def wanted(order: str, **more):
    return {
        "amount": 1999,
        "currency": "eur",
        "payment_method": "pm_card_visa",
        "metadata": {"order_id": order},
    } | more


def pay(api, order: str, key: str | None = None):
    options = {"idempotency_key": key} if key else {}
    return api.payment_intents.create(wanted(order, confirm=True), options)


def statuses(sandbox, order: str) -> list[str]:
    return [one["status"] for one in sandbox.charges(order)]


@pytest.mark.parametrize(
    "mode_and_code",
    [("decline", "generic_decline"), ("insufficient_funds", "insufficient_funds")],
)
def test_a_good_card_may_be_declined(sandbox, api, order, fault, mode_and_code):
    mode, decline_code = mode_and_code
    fault(mode)
    with pytest.raises(stripe.CardError) as caught:
        pay(api, order)
    assert caught.value.json_body["error"]["decline_code"] == decline_code
    assert statuses(sandbox, order) == ["failed"]
    sandbox.control("DELETE", "/_faults")
    assert pay(api, order).status == "succeeded"


@pytest.mark.parametrize(
    "mode_and_error", [("error_500", stripe.APIError), ("error_429", stripe.RateLimitError)]
)
def test_a_request_may_fail_before_it_began(sandbox, api, order, fault, mode_and_error):
    mode, error = mode_and_error
    fault(mode)
    for ask in (lambda: pay(api, order, order), api.payment_intents.list):
        with pytest.raises(error) as caught:
            ask()
        assert caught.value.http_status == int(mode[-3:])
    assert statuses(sandbox, order) == []
    sandbox.control("DELETE", "/_faults")
    assert pay(api, order, order).status == "succeeded"


def test_an_sdk_that_tries_again_gets_through(sandbox, order, fault):
    fault("error_500", times=1)
    fault("reset_after_charge", times=1)
    assert pay(sandbox.client(retries=3), order).status == "succeeded"
    assert statuses(sandbox, order) == ["succeeded"]


def test_a_failure_after_the_charge_is_all_that_its_key_ever_tells(sandbox, api, order, fault):
    intent = api.payment_intents.create(wanted(order))
    fault("error_500_after_charge")
    options = {"idempotency_key": f"pay {order}"}
    for replayed in (None, "true"):
        with pytest.raises(stripe.APIError) as caught:
            api.payment_intents.confirm(intent.id, options=options)
        assert caught.value.http_status == 500
        assert caught.value.headers["Stripe-Should-Retry"] == "false"
        assert caught.value.headers.get("Idempotent-Replayed") == replayed
        sandbox.control("DELETE", "/_faults")
    assert api.payment_intents.retrieve(intent.id).status == "succeeded"
    assert statuses(sandbox, order) == ["succeeded"]


def test_a_decline_is_told_though_charges_fail(api, order, fault):
    fault("error_500_after_charge")
    with pytest.raises(stripe.CardError):
        api.payment_intents.create(
            wanted(order, payment_method="pm_card_chargeDeclined", confirm=True)
        )


def test_a_connection_may_end_before_the_charge(sandbox, api, order, fault):
    intent = api.payment_intents.create(wanted(order))
    fault("reset_before_charge")
    with pytest.raises(stripe.APIConnectionError):
        api.payment_intents.confirm(intent.id)
    assert statuses(sandbox, order) == ["requires_confirmation"]


def test_a_connection_may_end_after_the_charge_which_is_not_repeated(sandbox, api, order, fault):
    intent = api.payment_intents.create(wanted(order))
    options = {"idempotency_key": f"pay {order}"}
    fault("reset_after_charge")
    for _ in range(2):
        with pytest.raises(stripe.APIConnectionError):
            api.payment_intents.confirm(intent.id, options=options)
    assert statuses(sandbox, order) == ["succeeded"]
    sandbox.control("DELETE", "/_faults")
    again = api.payment_intents.confirm(intent.id, options=options)
    assert again.status == "succeeded"
    assert again.last_response.headers["Idempotent-Replayed"] == "true"


def test_a_refund_may_lose_its_answer_and_is_not_repeated(sandbox, api, order, fault):
    intent = pay(api, order)
    options = {"idempotency_key": f"undo {order}"}
    fault("reset_after_charge", times=1)
    with pytest.raises(stripe.APIConnectionError):
        api.refunds.create({"payment_intent": intent.id}, options)
    assert api.refunds.create({"payment_intent": intent.id}, options).amount == 1999
    assert sandbox.charges(order)[0]["refunded"] == 1999


@pytest.mark.parametrize("mode", ["reset_before_charge", "reset_after_charge"])
def test_what_moves_no_money_is_not_reset(api, order, fault, mode):
    fault(mode)
    intent = api.payment_intents.create(wanted(order))
    assert api.payment_intents.retrieve(intent.id).id == intent.id
    assert api.refunds.list().object == "list"
    assert api.payment_intents.cancel(intent.id).status == "canceled"


@pytest.mark.parametrize("mode", ["reset_before_charge", "reset_after_charge"])
def test_a_reset_is_one_for_the_operating_system(sandbox, fault, mode):
    fault(mode)
    body = "amount=1999&currency=eur&payment_method=pm_card_visa&confirm=true"
    request = f"{HEAD}Content-Length: {len(body)}\r\n\r\n{body}"
    with socket.create_connection(("127.0.0.1", sandbox.daemon.port), timeout=60) as client:
        client.sendall(request.encode())
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_caller_that_does_not_wait_is_charged_all_the_same(sandbox, api, order, fault):
    intent = api.payment_intents.create(wanted(order))
    fault("latency", milliseconds=300)
    head = HEAD.replace("payment_intents", f"payment_intents/{intent.id}/confirm")
    with socket.create_connection(("127.0.0.1", sandbox.daemon.port)) as hasty:
        hasty.sendall(f"{head}Idempotency-Key: {order}\r\n\r\n".encode())
    until("it is charged", lambda: statuses(sandbox, order), lambda it: it == ["succeeded"], 120)
    sandbox.control("DELETE", "/_faults")
    again = api.payment_intents.confirm(intent.id, options={"idempotency_key": order})
    assert again.last_response.headers["Idempotent-Replayed"] == "true"


def test_a_request_that_is_still_carried_out_is_not_begun_again(sandbox, api, order, fault):
    fault("latency", milliseconds=600_000, times=1)
    body = f"amount=1999&currency=eur&metadata[order_id]={order}"
    head = f"{HEAD}Idempotency-Key: {order}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", sandbox.daemon.port)) as client:
        client.sendall((head + body).encode())

        def waits() -> bool:
            return sandbox.control("GET", "/_faults")["faults"][0]["hits"] == 1

        until("the first waits", waits, bool, 120)
        body = {"amount": 1999, "currency": "eur", "metadata": {"order_id": order}}
        with pytest.raises(stripe.APIError) as caught:
            api.payment_intents.create(body, {"idempotency_key": order})
    assert caught.value.http_status == 409
    assert caught.value.json_body["error"]["code"] == "idempotency_key_in_use"
    assert statuses(sandbox, order) == []


# ---- which requests are struck


def struck(sandbox, fault, seed: int, **more) -> list[bool]:
    fault("error_500", seed=seed, **more)
    api = sandbox.client()
    found = []
    for _ in range(30):
        try:
            api.refunds.list()
        except stripe.APIError:
            found.append(True)
        else:
            found.append(False)
    return found


def test_a_seed_says_which_requests_are_struck(sandbox, fault):
    first = struck(sandbox, fault, 7, rate=0.5)
    assert struck(sandbox, fault, 7, rate=0.5) == first
    assert struck(sandbox, fault, 8, rate=0.5) != first
    assert 5 < sum(first) < 25


def test_a_fault_strikes_no_more_often_than_it_is_told(sandbox, fault):
    assert struck(sandbox, fault, 0, times=2) == [True] * 2 + [False] * 28
    assert struck(sandbox, fault, 0, rate=0) == [False] * 30


def test_faults_are_told_and_switched_off(sandbox, api, fault):
    assert fault("latency", milliseconds=1) == [
        {"mode": "latency", "rate": 1.0, "seed": 0, "milliseconds": 1, "times": None, "hits": 0}
    ]
    fault("decline", rate=0.25, seed=3, times=4)
    api.refunds.list()
    told = sandbox.control("GET", "/_faults")["faults"]
    assert [(one["mode"], one["hits"]) for one in told] == [("latency", 1), ("decline", 0)]
    assert [one["rate"] for one in fault("decline", rate=0.5)] == [1.0, 0.5]
    assert sandbox.control("DELETE", "/_faults") == {"faults": []}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"mode": "earthquake"},
        {"mode": ["decline"]},
        {"mode": "decline", "rate": 1.5},
        {"mode": "decline", "rate": "often"},
        {"mode": "decline", "rate": True},
        {"mode": "decline", "seed": -1},
        {"mode": "decline", "seed": 0.5},
        {"mode": "latency", "milliseconds": 600_001},
        {"mode": "decline", "times": "twice"},
        {"mode": "decline", "color": "red"},
    ],
    ids=str,
)
def test_a_fault_that_is_none_is_refused(sandbox, body):
    assert sandbox.control("POST", "/_faults", body)["error"]["type"] == "invalid_request_error"
    assert sandbox.control("GET", "/_faults") == {"faults": []}


# ---- everything at once


def test_who_asks_again_with_the_same_key_is_charged_once_whatever_happens(sandbox, fault):
    """Orders at once, every fault around a charge: the ledger says what each caller was told."""
    for seed, mode in enumerate(
        ("error_500", "error_429", "reset_before_charge", "reset_after_charge", "decline")
    ):
        fault(mode, rate=0.3, seed=seed)
    fault("latency", rate=0.3, milliseconds=20)
    local = threading.local()

    def settle(order: str) -> str:
        local.api = getattr(local, "api", None) or sandbox.client()
        while True:
            with contextlib.suppress(
                stripe.APIError, stripe.RateLimitError, stripe.APIConnectionError
            ):
                try:
                    return pay(local.api, order, order).status
                except stripe.CardError:
                    return "failed"

    orders = [f"ord_{uuid.uuid4().hex}" for _ in range(60)]
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(settle, orders))
    sandbox.control("DELETE", "/_faults")
    assert [statuses(sandbox, order) for order in orders] == [[one] for one in told]
    assert set(told) == {"succeeded", "failed"}
