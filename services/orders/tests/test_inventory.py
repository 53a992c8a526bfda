"""What orders reserve, give back and take of a product: each piece once, whatever goes wrong."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.domain.orders import Order
from orders.domain.stock import LOW, OutOfStock
from orders.inventory import Inventory, NotOpen
from orders.store import Orders
from runtime.cause import Cause
from runtime.changes import Contended
from runtime.commits import Commits, Crash

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


class Warehouse:
    """The inventory, and the orders of one tenant, of two pieces of tea each."""

    def __init__(self, api: Any, customer: str) -> None:
        self._api, self._customer = api, customer
        self.cause = Cause("acme", "req-1", "req-1")
        self._inventory = Inventory.connect()

    def order(self) -> Order:
        answer = self._api.place(self._customer, "tea")
        return Orders.connect().get("acme", answer.body["id"])

    def reserve(self, order: Order, quantity: int = 2, sku: str = "tea") -> None:
        self._inventory.reserve(order.id, sku, quantity, cause=self.cause, now=NOW)

    def release(self, order: Order) -> None:
        self._inventory.release(order.id, cause=self.cause, now=NOW)

    def take(self, order: Order) -> None:
        self._inventory.take(order.id, cause=self.cause, now=NOW)

    def put(self, stock: int) -> bool:
        """Say how many there are; return whether nobody else said so at the same time."""
        answer = self._api.put("tea", body={"stock": stock})
        assert answer.status in {200, 409}
        return bool(answer.status == 200)

    @property
    def free(self) -> int:
        stock: int = self._api.product("tea").body["stock"]
        return stock


@pytest.fixture
def warehouse(api: Any, customer: str) -> Warehouse:
    """Nine pieces of tea, and as many of jam."""
    return Warehouse(api, customer)


def test_what_is_reserved_is_not_free(warehouse: Warehouse) -> None:
    warehouse.reserve(warehouse.order())
    assert warehouse.free == 7


def test_what_is_given_back_is_free_again_once(warehouse: Warehouse) -> None:
    order = warehouse.order()
    warehouse.reserve(order)
    warehouse.release(order)
    warehouse.release(order)
    assert warehouse.free == 9


def test_what_is_taken_is_gone_once_and_not_given_back(warehouse: Warehouse) -> None:
    order = warehouse.order()
    warehouse.reserve(order)
    warehouse.take(order)
    warehouse.take(order)
    warehouse.release(order)
    assert warehouse.free == 7


def test_a_line_is_reserved_once_however_often_it_is_asked_for(warehouse: Warehouse) -> None:
    order = warehouse.order()
    for _ in range(3):
        warehouse.reserve(order)
    assert warehouse.free == 7


def test_each_line_of_an_order_is_settled(warehouse: Warehouse, api: Any) -> None:
    order = warehouse.order()
    warehouse.reserve(order)
    warehouse.reserve(order, 3, "jam")
    assert api.product("jam").body["stock"] == 6
    warehouse.release(order)
    assert (warehouse.free, api.product("jam").body["stock"]) == (9, 9)


def test_a_line_that_has_the_last_pieces_holds_them(warehouse: Warehouse) -> None:
    order = warehouse.order()
    for _ in range(2):
        warehouse.reserve(order, 9)
    assert warehouse.free == 0


def test_more_than_is_free_is_refused_and_nothing_is_reserved(warehouse: Warehouse) -> None:
    warehouse.reserve(warehouse.order(), 8)
    late = warehouse.order()
    with pytest.raises(OutOfStock, match="1 of tea are free, 2 wanted"):
        warehouse.reserve(late)
    warehouse.release(late)
    assert warehouse.free == 1


def test_of_what_was_never_on_sale_nothing_is_free(warehouse: Warehouse) -> None:
    with pytest.raises(OutOfStock, match="cake is not on sale"):
        warehouse.reserve(warehouse.order(), 1, "cake")


def test_an_order_that_has_ended_reserves_nothing(warehouse: Warehouse, api: Any) -> None:
    order = warehouse.order()
    api.cancel(order.id)
    with pytest.raises(NotOpen):
        warehouse.reserve(order)
    assert warehouse.free == 9


def test_a_new_word_on_the_stock_counts_what_is_reserved_and_forgets_what_was_sold(
    warehouse: Warehouse,
) -> None:
    sold, reserved = warehouse.order(), warehouse.order()
    warehouse.reserve(sold)
    warehouse.take(sold)
    warehouse.reserve(reserved)
    warehouse.put(20)
    assert warehouse.free == 18
    warehouse.take(reserved)
    assert warehouse.free == 18


def test_a_merchant_who_counts_too_few_sells_nothing_until_there_are_more(
    warehouse: Warehouse,
) -> None:
    warehouse.reserve(warehouse.order(), 5)
    warehouse.put(3)
    assert warehouse.free == 0
    with pytest.raises(OutOfStock):
        warehouse.reserve(warehouse.order())
    warehouse.put(8)
    assert warehouse.free == 3


def test_few_free_pieces_are_told_once_until_there_were_enough_again(
    warehouse: Warehouse, commits: Commits
) -> None:
    def told() -> list[Any]:
        return [data for name, _, data in commits.events() if name == "InventoryLow.v1"]

    orders = [warehouse.order() for _ in range(4)]
    warehouse.reserve(orders[0], 9 - LOW)
    assert told() == []
    warehouse.reserve(orders[1], 1)
    warehouse.reserve(orders[2], 1)
    (low,) = told()
    expected = {"sku": "tea", "name": "A tea", "free": LOW - 1, "low": LOW}
    assert low == expected | {"noticed_at": "2026-11-20T08:30:00Z"}
    warehouse.release(orders[0])
    warehouse.reserve(orders[3], 4)
    assert [each["free"] for each in told()] == [LOW - 1, 3]


@pytest.mark.parametrize("other", ["reserve", "put"])
def test_others_who_come_between_lose_nothing(
    warehouse: Warehouse, commits: Commits, other: str
) -> None:
    mine, theirs = warehouse.order(), warehouse.order()
    between: dict[str, Callable[[], object]] = {
        "reserve": partial(warehouse.reserve, theirs),
        "put": partial(warehouse.put, 7),
    }
    commits.interrupt(between[other])
    warehouse.reserve(mine)
    assert warehouse.free == 5


def test_a_stock_that_changes_all_the_time_is_left_for_later(
    warehouse: Warehouse, commits: Commits
) -> None:
    order = warehouse.order()
    counts = iter(range(10, 100))

    def again() -> None:
        warehouse.put(next(counts))
        commits.interrupt(again)

    commits.interrupt(again)
    with pytest.raises(Contended):
        warehouse.reserve(order)
    commits.calm()
    assert warehouse.free == next(counts) - 1


class Step(NamedTuple):
    """What happens to which order, or how many pieces are said; and at which commit it dies."""

    what: str
    which: int
    trouble: str


STEPS = st.builds(
    Step,
    st.sampled_from(["reserve", "reserve", "release", "take", "put"]),
    st.integers(0, 5),
    st.sampled_from(["", "", "before", "after", "reserve", "release", "put"]),
)


class History:
    """What should be so, after all that happened to six orders of two pieces each."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._orders = [warehouse.order() for _ in range(6)]
        self._do: dict[str, Callable[[int], None]] = {
            "put": self._put,
            "release": self._release,
            "reserve": self._reserve,
            "take": self._take,
        }
        self.begin()

    def begin(self) -> None:
        """Start from nine pieces, none of them reserved or sold."""
        for order in self._orders:
            self._warehouse.release(order)
        assert self._warehouse.put(9)
        self._said, self._sold, self._held = 9, 0, [0] * 6

    def do(self, what: str, which: int) -> None:
        self._do[what](which)

    def holds(self) -> bool:
        left = self._said - self._sold - sum(self._held)
        return self._warehouse.free == max(0, left)

    def _put(self, which: int) -> None:
        if self._warehouse.put(6 + which):
            self._said, self._sold = 6 + which, 0

    def _reserve(self, which: int) -> None:
        try:
            self._warehouse.reserve(self._orders[which])
        except OutOfStock:
            assert self._said - self._sold - sum(self._held) < 2
        else:
            self._held[which] = 2

    def _release(self, which: int) -> None:
        self._warehouse.release(self._orders[which])
        self._held[which] = 0

    def _take(self, which: int) -> None:
        self._warehouse.take(self._orders[which])
        self._sold, self._held[which] = self._sold + self._held[which], 0


def test_no_history_sells_a_piece_twice_or_loses_one(
    warehouse: Warehouse, commits: Commits
) -> None:
    history = History(warehouse)

    @settings(max_examples=50, deadline=None)
    @given(steps=st.lists(STEPS, max_size=14))
    def check(steps: list[Step]) -> None:
        history.begin()
        for step in steps:
            if step.trouble in {"before", "after"}:
                commits.crash(when="before" if step.trouble == "before" else "after")
            elif step.trouble:
                commits.interrupt(partial(history.do, step.trouble, (step.which + 1) % 6))
            try:
                history.do(step.what, step.which)
            except Crash:  # whoever died is started again
                history.do(step.what, step.which)
            commits.calm()
            assert history.holds()

    check()
