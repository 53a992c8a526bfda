"""The rules of merging and of showing, without any storage."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import Money
from search_sync.domain.documents import document, title
from search_sync.domain.rows import Line, Order, User

UNKNOWN = User(tenant="acme", id="usr_1")

# Each event's step, at the revision that its place in the list gives it.
STEPS: list[Callable[[User], User]] = [
    lambda user: user.described(name="Ada", email="ada@example.com", revision=1),
    lambda user: user.described(name="Ada King", email="ada@example.com", revision=2),
    lambda user: user.deactivated(3),
    lambda user: user.described(name="Ada", email="king@example.com", revision=4),
    lambda user: user.erased(5),
]


def order(**changes: Any) -> Order:
    fields = {
        "tenant": "acme",
        "id": "ord_1",
        "customer_id": "usr_1",
        "status": "placed",
        "lines": (Line(sku="TEA-1", name="Green tea", quantity=2),),
        "total": Money(amount=900, currency="EUR"),
        "placed_at": "2026-11-20T08:30:00Z",
        "revision": 1,
    }
    return Order.model_validate(fields | changes)


def told(steps: list[int]) -> User:
    user = UNKNOWN
    for step in steps:
        user = STEPS[step](user)
    return user


@given(st.lists(st.integers(0, len(STEPS) - 1), max_size=12))
def test_what_is_known_of_a_user_depends_on_what_was_told_not_on_when(steps: list[int]) -> None:
    assert told(steps) == told(sorted(set(steps)))


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_old_news_leave_the_very_same_user(step: int) -> None:
    user = told(list(range(len(STEPS))))
    assert STEPS[step](user) is user


def test_an_order_never_takes_an_older_name() -> None:
    new = UNKNOWN.described(name="Ada King", email="a@example.com", revision=2)
    old = UNKNOWN.described(name="Ada", email="a@example.com", revision=1)
    named = order().bought_by(new)
    assert named.customer_name == "Ada King"
    assert named.bought_by(old) is named


def test_a_users_document_shows_the_name() -> None:
    user = told([0, 2])
    assert document(user) == {
        "tenant": "acme",
        "kind": "user",
        "id": "usr_1",
        "title": "Ada",
        "status": "deactivated",
        "revision": 3,
        "name": "Ada",
        "email": "ada@example.com",
    }


def test_an_orders_document_holds_what_it_is_found_by_and_what_is_shown() -> None:
    assert document(order(customer_name="Ada")) == {
        "tenant": "acme",
        "kind": "order",
        "id": "ord_1",
        "title": "2 \N{MULTIPLICATION SIGN} Green tea",
        "status": "placed",
        "revision": 1,
        "customer_id": "usr_1",
        "customer_name": "Ada",
        "products": ["Green tea"],
        "skus": ["TEA-1"],
        "total": {"amount": 900, "currency": "EUR"},
        "placed_at": "2026-11-20T08:30:00Z",
    }


def test_a_user_without_a_known_name_has_no_document() -> None:
    assert document(told([2])) is None


def test_an_erased_user_has_no_document() -> None:
    assert document(told([0, 4])) is None


def test_a_long_orders_title_names_the_first_lines() -> None:
    lines = [Line(sku=f"S{n}", name=f"Thing {n}", quantity=n) for n in range(1, 6)]
    assert title(lines).replace("\N{MULTIPLICATION SIGN}", "x") == (
        "1 x Thing 1, 2 x Thing 2, 3 x Thing 3 and 2 more"
    )
