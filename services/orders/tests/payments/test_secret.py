"""The payment secret: cached for a while, checked, and never told."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from orders.payments.model import ProviderUnavailable
from orders.payments.secret import CACHE_SECONDS, BadSecret, PaymentSecret
from runtime import clients
from runtime.settings import BadSetting

Put = Callable[[str], None]


def text(**changes: Any) -> str:
    return json.dumps({"api_key": "sk_test_1", "webhook_secrets": ["whsec_1"]} | changes)


def test_it_is_read_again_after_five_minutes(put_secret: Put) -> None:
    passed = [0.0]
    connected = PaymentSecret.connect()
    secret = PaymentSecret(
        clients.client("secretsmanager"), connected._secret_id, clock=lambda: passed[0]
    )
    put_secret(text())
    assert secret.keys().api_key == "sk_test_1"
    put_secret(text(api_key="sk_test_2", webhook_secrets=["whsec_2", "whsec_1"]))
    passed[0] = CACHE_SECONDS - 1
    assert secret.keys().api_key == "sk_test_1"
    passed[0] = CACHE_SECONDS
    assert secret.keys() == ("sk_test_2", ("whsec_2", "whsec_1"))


def test_what_is_forgotten_is_read_again(put_secret: Put) -> None:
    put_secret(text())
    secret = PaymentSecret.connect()
    assert secret.keys().api_key == "sk_test_1"
    put_secret(text(api_key="rk_live_2"))
    secret.forget()
    assert PaymentSecret.connect().keys().api_key == "rk_live_2"


def test_until_somebody_has_put_it_there_payments_wait(put_secret: Put) -> None:
    with pytest.raises(ProviderUnavailable):
        PaymentSecret.connect().keys()
    put_secret(text())
    assert PaymentSecret.connect().keys()


def test_without_its_name_nothing_is_read(aws: None) -> None:
    with pytest.raises(BadSetting, match="PAYMENTS_SECRET_ARN"):
        PaymentSecret.connect()


@pytest.mark.parametrize(
    "given",
    [
        "sk_test_hidden",
        "[]",
        "{}",
        text(api_key=None),
        text(api_key="pk_test_hidden"),
        text(api_key="sk_test_hid\nden"),
        text(webhook_secrets=None),
        text(webhook_secrets=[]),
        text(webhook_secrets="whsec_hidden"),
        text(webhook_secrets=["hidden"]),
        text(webhook_secrets=[["whsec_hidden"]]),
        text(webhook_secrets=["whsec_hidden"] * 5),
    ],
)
def test_a_secret_that_is_not_as_it_should_be_is_refused_and_not_told(
    put_secret: Put, given: str
) -> None:
    put_secret(given)
    with pytest.raises(BadSecret) as raised:
        PaymentSecret.connect().keys()
    assert "hid" not in str(raised.value)


def test_what_it_holds_is_not_shown(put_secret: Put) -> None:
    put_secret(text())
    keys = PaymentSecret.connect().keys()
    assert "sk_test" not in f"{keys} {keys!r} {[keys]}"
