"""What the payments sandbox forgets, so that it never grows without end."""

import threading
from http import HTTPStatus

import pytest

from infra.local.payments import book, idempotency, webhooks
from infra.local.payments.book import Book, Charge, Intent, Refund
from infra.local.payments.faults import Faults
from infra.local.payments.idempotency import Answer, Keys
from infra.local.payments.refusals import Refused
from infra.local.payments.webhooks import Endpoint, Webhooks


def intent(order: str) -> Intent:
    metadata = {"order_id": order}
    return Intent(1999, "eur", None, metadata, None, "automatic", None, "requires_payment_method")


def test_the_oldest_payments_and_refunds_are_forgotten(monkeypatch):
    monkeypatch.setattr(book, "MAX_OBJECTS", 3)
    kept = Book()
    for number in range(5):
        made = intent(f"ord_{number}")
        kept.add(made)
        kept.refund(Refund(made, Charge("pm_card_visa", None), number, None, {}))
    assert [one["order_id"] for one in kept.ledger()] == ["ord_2", "ord_3", "ord_4"]
    assert [one.amount for one in kept.refunds.values()] == [2, 3, 4]


def test_the_oldest_keys_are_forgotten(monkeypatch):
    monkeypatch.setattr(idempotency, "MAX_KEYS", 3)
    keys = Keys()
    done = []

    def ask(number: int) -> Answer:
        def work() -> Answer:
            done.append(number)
            return Answer(HTTPStatus.OK, b"")

        return keys.once(f"key {number}", "/", {}, work)

    for number in (0, 1, 2, 3, 1, 0, 3):
        ask(number)
    assert done == [0, 1, 2, 3, 0]


def test_a_key_in_use_is_not_forgotten(monkeypatch):
    monkeypatch.setattr(idempotency, "MAX_KEYS", 1)
    keys = Keys()
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> Answer:
        begun.set()
        go_on.wait(120)
        return Answer(HTTPStatus.OK, b"")

    thread = threading.Thread(target=keys.once, args=("slow", "/", {}, slow))
    thread.start()
    begun.wait(120)
    for number in range(3):
        keys.once(f"key {number}", "/", {}, lambda: Answer(HTTPStatus.OK, b""))
    with pytest.raises(Refused) as caught:
        keys.once("slow", "/", {}, slow)
    go_on.set()
    thread.join()
    assert caught.value.status == HTTPStatus.CONFLICT


def test_a_key_whose_request_broke_down_is_free_again():
    keys = Keys()
    with pytest.raises(ZeroDivisionError):
        keys.once("key", "/", {}, lambda: Answer(1 // 0, b""))
    assert keys.once("key", "/", {}, lambda: Answer(HTTPStatus.OK, b"done")).content == b"done"


def test_events_that_nobody_could_take_in_are_given_up(monkeypatch):
    monkeypatch.setattr(webhooks, "MAX_WAITING", 2)
    faults = Faults()
    faults.add({"mode": "webhook_late", "milliseconds": 600_000})
    hooks = Webhooks(faults)
    hooks.set(Endpoint.of({"url": "http://127.0.0.1:1/", "secrets": ["whsec_a"]}))
    for _ in range(5):
        hooks.tell("payment_intent.canceled", {}, {})
    told = hooks.told()
    assert (told["waiting"], told["given_up"]) == (2, 3)
