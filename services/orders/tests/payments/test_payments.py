"""Payments: what is asked of the provider, and what its answers mean."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import MAX_AMOUNT, Money
from orders.payments import (
    ListedPayment,
    Payment,
    PaymentDeclined,
    PaymentRefused,
    Payments,
    ProviderUnavailable,
    gateway,
)
from orders.payments.circuit import THRESHOLD
from orders.payments.model import from_provider, to_provider
from orders.payments.secret import BadSecret
from runtime.settings import BadSetting

PRICE = Money(amount=1999, currency="EUR")
CAPTURED = Payment("pi_1", "captured", 1999, "EUR", 0)
REFUNDED = Payment("pi_1", "captured", 1999, "EUR", 1999)


def begin(payments: Payments, amount: Money = PRICE, method: str = "pm_card_visa") -> Payment:
    return payments.begin(
        tenant="acme", order_id="ord_1", amount=amount, method=method, key="ord_1"
    )


def test_beginning_tells_the_provider_what_it_is_for_and_charges_nothing(
    provider: Any, payments: Payments
) -> None:
    provider.will(provider.intent("requires_confirmation"))
    assert begin(payments) == Payment("pi_1", "pending", 1999, "EUR", 0)
    (asked,) = provider.asked
    assert (asked.method, asked.path) == ("POST", "/v1/payment_intents")
    assert asked.form == {
        "amount": "1999",
        "currency": "eur",
        "payment_method": "pm_card_visa",
        "payment_method_types[0]": "card",
        "capture_method": "automatic",
        "metadata[order_id]": "ord_1",
        "metadata[tenant_id]": "acme",
        "expand[0]": "latest_charge",
    }


def test_capturing_confirms_without_the_customer(provider: Any, payments: Payments) -> None:
    provider.will(provider.charged())
    assert payments.capture("pi_1", key="ord_1") == CAPTURED
    (asked,) = provider.asked
    assert asked.path == "/v1/payment_intents/pi_1/confirm"
    assert asked.form["off_session"] == "true"
    assert asked.form["error_on_requires_action"] == "true"


def test_one_key_is_another_for_each_thing_done(provider: Any, payments: Payments) -> None:
    provider.will(provider.intent("requires_confirmation"))
    provider.will(provider.charged())
    provider.will(provider.charged())
    provider.will({"id": "re_1"})
    provider.will(provider.charged(1999))
    begin(payments)
    payments.capture("pi_1", key="ord_1")
    payments.undo("pi_1", key="ord_1")
    assert provider.keys == ["ord_1:begin", "ord_1:capture", "", "ord_1:refund", ""]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "card_declined", "decline_code": "generic_decline"}, "generic_decline"),
        ({"code": "expired_card"}, "expired_card"),
        ({}, "card_error"),
    ],
)
def test_a_banks_no_is_a_decline(
    provider: Any, payments: Payments, error: dict[str, str], code: str
) -> None:
    provider.will_refuse(402, type="card_error", message="Ada's card …", **error)
    with pytest.raises(PaymentDeclined) as raised:
        payments.capture("pi_1", key="ord_1")
    assert (raised.value.code, str(raised.value)) == (code, code)


@pytest.mark.parametrize("param", ["amount", "currency", "payment_method"])
def test_a_payment_that_the_provider_does_not_take_is_a_decline(
    provider: Any, payments: Payments, param: str
) -> None:
    provider.will_refuse(400, type="invalid_request_error", code="resource_missing", param=param)
    with pytest.raises(PaymentDeclined, match="resource_missing"):
        begin(payments)


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, {"type": "idempotency_error"}, "idempotency_error"),
        (400, {"code": "parameter_unknown", "param": "colour"}, "parameter_unknown"),
        (404, {"code": "resource_missing", "param": "intent"}, "resource_missing"),
        (418, {}, "418"),
    ],
)
def test_what_no_retry_and_no_other_card_helps_is_refused(
    provider: Any, payments: Payments, status: int, error: dict[str, str], code: str
) -> None:
    provider.will_refuse(status, **error)
    with pytest.raises(PaymentRefused) as raised:
        begin(payments)
    assert raised.value.code == code


@pytest.mark.parametrize("status", [401, 403, 409, 429, 500, 503])
def test_what_may_pass_later_is_unavailable(provider: Any, payments: Payments, status: int) -> None:
    provider.will_refuse(status, code="lock_timeout")
    with pytest.raises(ProviderUnavailable):
        begin(payments)


def test_a_payment_that_is_under_way_at_the_provider_is_pending(
    provider: Any, payments: Payments
) -> None:
    provider.will(provider.intent("processing"))
    assert payments.capture("pi_1", key="ord_1").status == "pending"


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        ("requires_action", None, "authentication_required"),
        ("requires_payment_method", {"decline_code": "lost_card", "code": "x"}, "lost_card"),
        ("requires_payment_method", {"code": "expired_card"}, "expired_card"),
        ("requires_payment_method", None, "payment_failed"),
    ],
)  # fmt: skip
def test_a_payment_that_was_not_taken_is_a_decline(
    provider: Any, payments: Payments, status: str, error: dict[str, str] | None, code: str
) -> None:
    provider.will(provider.intent(status, last_payment_error=error))
    with pytest.raises(PaymentDeclined) as raised:
        payments.capture("pi_1", key="ord_1")
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("status", "known"), [("succeeded", "captured"), ("canceled", "cancelled")]
)
def test_what_was_captured_or_cancelled_before_is_told_as_it_is(
    provider: Any, payments: Payments, status: str, known: str
) -> None:
    provider.will_refuse(400, code="payment_intent_unexpected_state")
    provider.will(provider.intent(status))
    assert payments.capture("pi_1", key="ord_1").status == known


def test_a_key_that_is_stuck_with_a_failure_is_followed_by_another(
    provider: Any, payments: Payments
) -> None:
    provider.will_refuse(500, replayed=True)
    provider.will_refuse(500, replayed=True)
    provider.will(provider.charged())
    assert payments.capture("pi_1", key="ord_1") == CAPTURED
    assert provider.keys == ["ord_1:capture", "ord_1:capture:2", "ord_1:capture:3"]


def test_keys_that_are_all_stuck_are_given_up(provider: Any, payments: Payments) -> None:
    for _ in range(5):
        provider.will_refuse(500, replayed=True)
    with pytest.raises(ProviderUnavailable):
        payments.capture("pi_1", key="ord_1")


def test_a_decline_that_is_said_again_is_one(provider: Any, payments: Payments) -> None:
    provider.will_refuse(402, replayed=True, type="card_error", code="card_declined")
    with pytest.raises(PaymentDeclined):
        payments.capture("pi_1", key="ord_1")
    assert len(provider.asked) == 1


def test_finding_tells_what_was_refunded(provider: Any, payments: Payments) -> None:
    provider.will(provider.charged(500))
    assert payments.find("pi_1") == Payment("pi_1", "captured", 1999, "EUR", 500)
    assert provider.asked[0].form == {"expand[0]": "latest_charge"}


@pytest.mark.parametrize("payment_id", ["", "pi_1/confirm", "../v1/refunds", "pi_é", "re_1"])
def test_what_is_no_id_is_not_asked_for(provider: Any, payments: Payments, payment_id: str) -> None:
    with pytest.raises(ValueError, match="not the id"):
        payments.find(payment_id)
    assert provider.asked == []


@pytest.mark.parametrize(
    "changed", [{"id": None}, {"id": "x"}, {"currency": 1}, {"amount": "1"}, {"status": []}]
)
def test_an_answer_that_is_no_payment_is_refused(
    provider: Any, payments: Payments, changed: dict[str, Any]
) -> None:
    provider.will(provider.charged() | changed)
    with pytest.raises(PaymentRefused, match="unreadable"):
        payments.find("pi_1")


def test_undoing_gives_back_all_that_was_captured(provider: Any, payments: Payments) -> None:
    provider.will(provider.charged(500))
    provider.will({"id": "re_1"})
    provider.will(provider.charged(1999))
    assert payments.undo("pi_1", key="ord_1") == REFUNDED
    assert provider.asked[1].path == "/v1/refunds"
    assert provider.asked[1].form == {"payment_intent": "pi_1", "reason": "requested_by_customer"}


@pytest.mark.parametrize("status", ["requires_confirmation", "requires_payment_method"])
def test_undoing_cancels_what_was_not_captured(
    provider: Any, payments: Payments, status: str
) -> None:
    provider.will(provider.intent(status))
    provider.will(provider.intent("canceled"))
    assert payments.undo("pi_1", key="ord_1").status == "cancelled"
    assert provider.asked[1].path == "/v1/payment_intents/pi_1/cancel"
    assert provider.keys[1] == f"ord_1:cancel:{status}"


def test_what_is_undone_is_left_as_it_is(provider: Any, payments: Payments) -> None:
    provider.will(provider.charged(1999))
    provider.will(provider.intent("canceled"))
    assert payments.undo("pi_1", key="ord_1") == REFUNDED
    assert payments.undo("pi_1", key="ord_1").status == "cancelled"
    assert len(provider.asked) == 2


def test_what_is_captured_while_it_is_cancelled_is_given_back(
    provider: Any, payments: Payments
) -> None:
    provider.will(provider.intent("processing"))
    provider.will_refuse(400, code="payment_intent_unexpected_state")
    provider.will(provider.charged())
    provider.will({"id": "re_1"})
    provider.will(provider.charged(1999))
    assert payments.undo("pi_1", key="ord_1") == REFUNDED


def test_two_that_undo_give_back_once(provider: Any, payments: Payments) -> None:
    provider.will(provider.charged())
    provider.will_refuse(400, code="charge_already_refunded")
    provider.will(provider.charged(1999))
    assert payments.undo("pi_1", key="ord_1") == REFUNDED


def test_a_refund_that_was_refused_before_is_asked_anew(provider: Any, payments: Payments) -> None:
    provider.will(provider.charged())
    provider.will_refuse(400, replayed=True, code="balance_insufficient")
    provider.will({"id": "re_1"})
    provider.will(provider.charged(1999))
    assert payments.undo("pi_1", key="ord_1") == REFUNDED
    assert provider.keys[1:3] == ["ord_1:refund", "ord_1:refund:2"]


def test_a_refund_that_is_refused_now_is_told(provider: Any, payments: Payments) -> None:
    provider.will(provider.charged())
    provider.will_refuse(400, code="balance_insufficient")
    with pytest.raises(PaymentRefused, match="balance_insufficient"):
        payments.undo("pi_1", key="ord_1")


def test_while_the_provider_is_at_it_undoing_waits(provider: Any, payments: Payments) -> None:
    for _ in range(3):
        provider.will(provider.intent("processing"))
        provider.will_refuse(400, code="payment_intent_unexpected_state")
    with pytest.raises(ProviderUnavailable):
        payments.undo("pi_1", key="ord_1")


def test_listing_goes_through_all_pages(provider: Any, payments: Payments) -> None:
    first, second = provider.charged(), provider.intent("canceled", id="pi_2", metadata={})
    provider.will({"data": [first], "has_more": True})
    provider.will({"data": [second], "has_more": False})
    since, until = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
    assert list(payments.list(since=since, until=until)) == [
        ListedPayment("pi_1", "captured", 1999, "EUR", 0, order_id="ord_1", tenant="acme"),
        ListedPayment("pi_2", "cancelled", 1999, "EUR", 0, order_id=None, tenant=None),
    ]
    assert [one.form.get("starting_after") for one in provider.asked] == [None, "pi_1"]
    assert provider.asked[0].form["created[gte]"] == str(int(since.timestamp()))
    assert provider.asked[0].form["created[lt]"] == str(int(until.timestamp()))


def test_a_list_that_is_none_is_refused(provider: Any, payments: Payments) -> None:
    provider.will({"data": {}})
    now = datetime.now(UTC)
    with pytest.raises(PaymentRefused, match="unreadable"):
        list(payments.list(since=now, until=now))


def test_a_dead_provider_is_left_alone(provider: Any, payments: Payments) -> None:
    for _ in range(THRESHOLD):
        provider.will_refuse(500)
    for _ in range(THRESHOLD + 10):
        with pytest.raises(ProviderUnavailable):
            begin(payments)
    assert len(provider.asked) == THRESHOLD


def test_without_the_secret_nothing_is_asked_nor_counted_against_the_provider(
    provider: Any, payments: Payments, put_secret: Callable[[str], None]
) -> None:
    put_secret("{}")
    for _ in range(THRESHOLD + 1):
        with pytest.raises(BadSecret, match="api_key"):
            begin(payments)
    put_secret(json.dumps({"api_key": "sk_test_1", "webhook_secrets": ["whsec_1"]}))
    provider.will(provider.intent("requires_confirmation"))
    assert begin(payments).status == "pending"


@pytest.mark.parametrize(
    "url", ["http://example.com", "https://", "https://a/b", "https://a@b", "ftp://127.0.0.1:1"]
)
def test_the_provider_is_at_home_or_spoken_to_over_https(
    payments: Payments, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    gateway._connected.cache_clear()
    monkeypatch.setenv("PAYMENTS_URL", url)
    with pytest.raises(BadSetting, match="PAYMENTS_URL"):
        Payments.connect()


def test_unless_said_otherwise_the_provider_is_stripe(
    payments: Payments, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway._connected.cache_clear()
    monkeypatch.delenv("PAYMENTS_URL")
    assert Payments.connect()._provider._url == "https://api.stripe.com"


@given(st.integers(0, MAX_AMOUNT // 100), st.sampled_from(["EUR", "JPY", "ISK", "UGX", "MGA"]))
def test_an_amount_that_the_provider_takes_is_the_same_on_the_way_back(
    amount: int, currency: str
) -> None:
    whole = amount * 100
    assert from_provider(to_provider(Money(amount=whole, currency=currency)), currency) == whole


@pytest.mark.parametrize(
    ("amount", "currency", "theirs"),
    [(1999, "EUR", 1999), (500, "JPY", 500), (5, "ISK", 500), (5, "UGX", 500), (500, "MGA", 5)],
)
def test_amounts_are_in_the_providers_unit(amount: int, currency: str, theirs: int) -> None:
    assert to_provider(Money(amount=amount, currency=currency)) == theirs


def test_an_amount_below_the_providers_unit_is_a_decline() -> None:
    with pytest.raises(PaymentDeclined):
        to_provider(Money(amount=501, currency="MGA"))
