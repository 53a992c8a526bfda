"""Many orders at once, crashes, cancellations, an unsure provider: what holds in the end."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import pytest

from orders.domain.orders import Order
from orders.payments import ProviderUnavailable
from orders.store import Orders

SEEDS = range(20)
DECLINED = "pm_card_chargeDeclined"


def ended(order_id: str) -> Order:
    order = Orders.connect().get("acme", order_id)
    assert order.status in {"fulfilled", "rejected", "cancelled"}, order.status
    return order


def unsure(random: Random, often: float) -> Callable[[], None]:
    """Return a provider's trouble: before or after the deed, its answer is lost."""

    def trouble() -> None:
        if random.random() < often:
            raise ProviderUnavailable("reset")

    return trouble


def must_hold(fulfilling: Any, order_id: str) -> None:
    """Check that an order is either fulfilled and paid once, or has cost nothing."""
    order = ended(order_id)
    kept = fulfilling.bank.kept(order_id)
    captured = [i for i in fulfilling.bank.intents.values() if i["order"] == order_id]
    assert sum(1 for one in captured if one["captured"]) <= 1
    assert kept == (order.total.amount if order.status == "fulfilled" else 0)
    refunded = any(one["refunded"] for one in captured)
    assert (order.refunded_at is not None) == refunded
    names = Counter(
        entry["detail-type"] for entry in fulfilling.commits.told if order_id in entry["detail"]
    )
    assert max(names.values()) == 1, names
    ends = {"OrderFulfilled.v1", "OrderRejected.v1", "OrderCancelled.v1"}
    assert len(ends & names.keys()) == 1
    assert ("PaymentRefunded.v1" in names) == refunded


@pytest.mark.parametrize("seed", SEEDS)
def test_fifty_orders_for_ten_pieces_are_ten_confirmed_and_forty_rejected(
    fulfilling: Any, customer: str, seed: int
) -> None:
    fulfilling.api.put("rare", body={"stock": 10})
    items = [{"sku": "rare", "quantity": 1}]
    ids = [fulfilling.order(customer, items=items) for _ in range(50)]
    fulfilling.run(Random(seed))  # noqa: S311 - which execution goes on, not a secret
    ends = Counter((order.status, order.reason) for order in map(ended, ids))
    assert ends == {("fulfilled", None): 10, ("rejected", "out_of_stock"): 40}
    assert fulfilling.api.product("rare").body["stock"] == 0
    for order_id in ids:
        must_hold(fulfilling, order_id)


def cancel(fulfilling: Any, order_id: str) -> None:
    answer = fulfilling.api.cancel(order_id)
    assert answer.status == 200 or answer.problem == (409, "order-ended")


class TestACancellation:
    """Driven in before each step of an order's life, and into the middle of each write."""

    def lived(self, fulfilling: Any, customer: str, moment: int, **body: Any) -> bool:
        """Cancel an order at a moment; return whether its life was as long as that."""
        placed = fulfilling.order(customer, **body)
        moments = iter(range(1_000))
        cancelled = []

        def maybe() -> None:
            if next(moments) == moment:
                cancelled.append(1)
                cancel(fulfilling, placed)

        maybe()
        fulfilling.run(Random(1), between=maybe)  # noqa: S311 - one execution
        if ended(placed).status == "cancelled":
            fulfilling.compensate(placed)
        must_hold(fulfilling, placed)
        taken = 2 if ended(placed).status == "fulfilled" else 0
        stock = fulfilling.api.product("tea").body["stock"]
        assert stock == 9 - taken
        if taken:  # put back, for the next
            fulfilling.api.put("tea")
        return bool(cancelled) and ended(placed).status == "cancelled"

    def test_ends_the_order_whole_or_comes_too_late(self, fulfilling: Any, customer: str) -> None:
        cancelled = [self.lived(fulfilling, customer, moment) for moment in range(16)]
        assert cancelled[0]
        assert cancelled[10]
        assert not cancelled[-1]
        assert cancelled == sorted(cancelled, reverse=True), "late, and then not late any more"

    def test_of_a_declined_order_leaves_nothing(self, fulfilling: Any, customer: str) -> None:
        for moment in range(12):
            self.lived(fulfilling, customer, moment, payment_method=DECLINED)

    @pytest.mark.parametrize("nth", range(1, 12))
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_in_the_middle_of_a_write_is_like_one_before_or_after(
        self, fulfilling: Any, customer: str, nth: int, when: Any
    ) -> None:
        placed = fulfilling.order(customer)
        fulfilling.commits.interrupt(partial(cancel, fulfilling, placed), nth=nth, when=when)
        fulfilling.run(Random(nth))  # noqa: S311 - one execution
        fulfilling.commits.calm()
        if ended(placed).status == "cancelled":
            fulfilling.compensate(placed)
        must_hold(fulfilling, placed)
        taken = 2 if ended(placed).status == "fulfilled" else 0
        assert fulfilling.api.product("tea").body["stock"] == 9 - taken


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_goes_wrong_money_and_goods_are_where_the_orders_say(
    fulfilling: Any, customer: str, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 - what goes wrong, not a secret
    fulfilling.bank.trouble = unsure(random, 0.2)
    fulfilling.api.put("rare", body={"stock": 7})
    methods = ["pm_card_visa", "pm_card_visa", DECLINED]
    ids = [
        fulfilling.order(
            customer,
            items=[{"sku": "rare", "quantity": random.randint(1, 3)}],
            payment_method=random.choice(methods),
            type=random.choice(["STANDARD", "EXPRESS"]),
        )
        for _ in range(8)
    ]
    fulfilling.hear(again=True)  # each event comes twice

    def trouble() -> None:
        dice = random.random()
        if dice < 0.02:
            cancel(fulfilling, random.choice(ids))
        elif dice < 0.05:
            fulfilling.commits.crash(nth=1, when=random.choice(["before", "after"]))

    def between() -> None:
        fulfilling.commits.calm()
        trouble()

    fulfilling.run(random, between=between)
    fulfilling.commits.calm()
    fulfilling.bank.trouble = lambda: None
    for order_id in ids:
        if ended(order_id).status == "cancelled":
            fulfilling.compensate(order_id)
            fulfilling.compensate(order_id)
    for parked in fulfilling.parked:
        fulfilling.catch_up(parked)
    sold = 0
    for order_id in ids:
        must_hold(fulfilling, order_id)
        order = ended(order_id)
        sold += sum(line.quantity for line in order.items) * (order.status == "fulfilled")
    assert fulfilling.api.product("rare").body["stock"] == 7 - sold
