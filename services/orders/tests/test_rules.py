"""The rules of orders, alone."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.money import MAX_AMOUNT, Money
from orders.domain import events, placing
from orders.domain import orders as rules
from orders.domain import products as product_rules
from orders.domain.orders import Line, Order
from orders.domain.placing import Wanted
from orders.domain.problems import MixedCurrencies, TotalTooLarge
from orders.domain.products import Product
from runtime.problems import InvalidRequest
from runtime.testing import NOW

AMOUNTS = st.integers(0, MAX_AMOUNT) | st.integers(0, 100_000)
QUANTITIES = st.integers(1, 10_000)


def line(amount: int, quantity: int = 1, currency: str = "EUR") -> Line:
    price = Money(amount=amount, currency=currency)
    return Line(sku="tea", name="Tea", quantity=quantity, price=price)


MEDIA = ("med_01K9XH7M4Q2V8R6T0W3Y5Z0001", "med_01K9XH7M4Q2V8R6T0W3Y5Z0002")
LINES = st.lists(st.builds(line, AMOUNTS, QUANTITIES), min_size=1, max_size=50)


def place(wanted: list[Wanted], **more: Any) -> Order:
    price = Money(amount=100, currency="EUR")
    products = {w.sku: Product(sku=w.sku, name="A", price=price, stock=0) for w in wanted}
    given: dict[str, Any] = {
        "customer_id": "usr_01JZ0000000000000000000000",
        "customer": "active",
        "wanted": wanted,
        "products": products,
        "type": "STANDARD",
        "payment_method": "pm_secret",
        "at": NOW,
    }
    return placing.place("ord_01JZ0000000000000000000000", **given | more)


@given(LINES)
def test_a_total_is_exact_or_refused(lines: list[Line]) -> None:
    amount = 0
    for each in lines:
        for _ in range(each.quantity % 3):
            amount += each.price.amount
        amount += each.price.amount * (each.quantity - each.quantity % 3)
    if amount > MAX_AMOUNT:
        with pytest.raises(TotalTooLarge):
            placing.total(lines)
    else:
        assert placing.total(lines) == Money(amount=amount, currency="EUR")


@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_change_a_total(lines: list[Line], random: Any) -> None:
    assume(sum(each.price.amount * each.quantity for each in lines) <= MAX_AMOUNT)
    shuffled = lines.copy()
    random.shuffle(shuffled)
    assert placing.total(shuffled) == placing.total(lines)


@pytest.mark.parametrize(
    ("lines", "fits"),
    [
        ([line(MAX_AMOUNT)], True),
        ([line(MAX_AMOUNT), line(0, 10_000)], True),
        ([line(MAX_AMOUNT), line(1)], False),
        ([line(MAX_AMOUNT, 2)], False),
    ],
)
def test_the_largest_total(lines: list[Line], fits: bool) -> None:
    if fits:
        assert placing.total(lines).amount == MAX_AMOUNT
    else:
        with pytest.raises(TotalTooLarge):
            placing.total(lines)


@given(st.lists(st.sampled_from(["EUR", "USD", "JPY"]), min_size=1, max_size=8))
def test_currencies_are_never_added_up(currencies: list[str]) -> None:
    lines = [line(1, currency=currency) for currency in currencies]
    if len(set(currencies)) == 1:
        assert placing.total(lines) == Money(amount=len(lines), currency=currencies[0])
    else:
        with pytest.raises(MixedCurrencies) as refused:
            placing.total(lines)
        odd = [f"items.{n}.sku" for n, c in enumerate(currencies) if c != currencies[0]]
        assert [error.field for error in refused.value.errors] == odd


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=10))
def test_an_order_has_each_product_once(skus: list[str]) -> None:
    wanted = [Wanted(sku, 1) for sku in skus]
    if len(set(skus)) == len(skus):
        assert [item.sku for item in place(wanted).items] == skus
    else:
        with pytest.raises(InvalidRequest) as refused:
            place(wanted)
        again = [f"items.{n}.sku" for n, sku in enumerate(skus) if sku in skus[:n]]
        assert [error.field for error in refused.value.errors] == again


def test_cancelling_a_cancelled_order_keeps_the_first_reason() -> None:
    order = rules.cancel(place([Wanted("tea", 1)]), reason="first", at=NOW)
    assert (order.status, order.revision) == ("cancelled", 2)
    assert rules.cancel(order, reason="second", at=NOW) is order


def test_the_payment_method_is_never_told() -> None:
    order = place([Wanted("tea", 1)])
    assert order.payment_method == "pm_secret"
    reserved = rules.reserve(order, at=NOW)
    confirmed = rules.confirm(rules.begin_payment(reserved, payment_id="pi_secret"), at=NOW)
    cancelled = rules.cancel(confirmed, reason="x", at=NOW)
    states = [
        order,
        reserved,
        confirmed,
        cancelled,
        rules.fulfil(confirmed, at=NOW),
        rules.reject(order, reason="out_of_stock", at=NOW),
    ]
    told = [event for state in states for event in events.told(state, NOW)]
    told.append(events.refunded(rules.refund(cancelled, at=NOW), NOW))
    assert len(told) == 7
    assert not [event for event in told if "secret" in event.model_dump_json()]


PRICE = Money(amount=1, currency="EUR")
TEA = Product(sku="tea", name="Tea", price=PRICE, stock=1, as_of="5")


@pytest.mark.parametrize(("as_of", "known"), [("6", "6"), ("5", "5"), ("4", "5")])
def test_the_same_product_is_no_revision_but_a_later_word(as_of: str, known: str) -> None:
    same = product_rules.replace(TEA, name="Tea", price=PRICE, stock=1, as_of=as_of)
    assert same == TEA.model_copy(update={"as_of": known})
    other = product_rules.replace(TEA, name="Tea", price=PRICE, stock=2, as_of=as_of)
    assert (other.revision, other.stock, other.as_of) == (2, 2, known)


ROWS = st.builds(product_rules.imported, st.sampled_from(MEDIA), st.integers(1, 10**9))


@given(st.lists(ROWS, unique=True, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_of_all_rows_of_a_product_the_same_one_stays_whatever_comes_when(
    rows: list[str], random: Any
) -> None:
    heard = rows * 2
    random.shuffle(heard)
    product = None
    for as_of in heard:
        stock = rows.index(as_of)
        said = Product(sku="tea", name="Tea", price=PRICE, stock=stock, as_of=as_of)
        product = product_rules.take_in(product, said) or product
    assert product
    assert (rows[product.stock], product.as_of) == (max(rows), max(rows))


def test_lines_are_compared_as_numbers_and_imports_by_when_they_were_asked_for() -> None:
    old, new = MEDIA
    places = [(old, 9), (old, 10), (old, 10**9), (new, 2), (new, 11)]
    told = [product_rules.imported(*place) for place in places]
    assert told == sorted(told)
