"""Amounts as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import MAX_AMOUNT, Money, shown


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1999, "EUR", "19.99 EUR"),
        (5, "USD", "0.05 USD"),
        (0, "EUR", "0.00 EUR"),
        (1999, "JPY", "1999 JPY"),
        (1999, "KWD", "1.999 KWD"),
        (1, "CLF", "0.0001 CLF"),
        (MAX_AMOUNT, "EUR", "10000000000.00 EUR"),
        (10, "QQQ", "0.10 QQQ"),  # of a currency that nobody knows, as of most
    ],
)
def test_an_amount_is_shown_with_its_currencys_digits(
    amount: int, currency: str, text: str
) -> None:
    assert shown(Money(amount=amount, currency=currency)) == text


@given(st.integers(0, MAX_AMOUNT), st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
def test_no_digit_of_an_amount_is_lost(amount: int, currency: str) -> None:
    digits, _, unit = shown(Money(amount=amount, currency=currency)).partition(" ")
    assert (int(digits.replace(".", "")), unit) == (amount, currency)
