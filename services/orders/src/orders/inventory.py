"""The pieces that orders reserve, give back and take, each line of an order once.

That a line holds pieces is an item of its own below the order. It comes and goes in the same write
as the pieces do, so whoever tries again finds what was done, and goes on from there.
"""

import random
import time
from collections.abc import Callable
from datetime import datetime

from contracts.events.orders import InventoryLow
from contracts.limits import Entry
from orders.domain.products import Product
from orders.domain.stock import LOW, OutOfStock, Stock, became_low
from orders.products import product_key, product_of
from orders.store import order_key
from runtime.cause import Cause
from runtime.changes import (
    Change,
    ConditionFailed,
    Contended,
    Create,
    Gone,
    Key,
    Require,
    Take,
    Update,
)
from runtime.outbox import outgoing
from runtime.table import InTable, Stored

_ATTEMPTS = 6
_PAUSE_SECONDS = 0.02

Rule = Callable[[Stock, Product], Stock]
"""Gives the stock after a change."""


class NotOpen(Exception):
    """The order does not wait for its goods any more: it has them, or it has ended."""


class Inventory(InTable):
    """The stock of all tenants; each call is about one tenant's."""

    def free(self, tenant: str, product: Product) -> int:
        """Return how many pieces of the product may be reserved."""
        return _stock(self._table.get(_stock_key(tenant, product.sku))).free(product)

    def reserve(
        self, order_id: str, sku: str, quantity: int, *, cause: Cause, now: datetime
    ) -> None:
        """Reserve the pieces of one line; it is done once, however often it is asked for.

        Raises
        ------
        orders.domain.stock.OutOfStock
            Not as many are free.
        NotOpen
            The order does not wait for them.
        runtime.changes.Contended
            Others change the stock all the time: try again.
        """
        holds = Create(key=_holds_key(cause.tenant, order_id, sku), data={"quantity": quantity})
        waits = Require(key=order_key(cause.tenant, order_id), data={"status": "placed"})
        try:
            self._change(
                sku, lambda stock, of: stock.reserve(of, quantity), (holds, waits), cause, now
            )
        except OutOfStock:
            if self._table.get(holds.key) is None:  # else it holds them already
                raise
        except ConditionFailed as failure:
            if failure.change is waits:
                raise NotOpen(f"{order_id} does not wait for goods") from failure
            # It holds them already.

    def release(self, order_id: str, *, cause: Cause, now: datetime) -> None:
        """Give back all that the order holds; twice is once.

        Raises
        ------
        runtime.changes.Contended
            Others change the stock all the time: try again.
        """
        self._settle(order_id, Stock.release, cause, now)

    def take(self, order_id: str, *, cause: Cause, now: datetime) -> None:
        """Take all that the order holds: it is sold; twice is once.

        Raises
        ------
        runtime.changes.Contended
            Others change the stock all the time: try again.
        """
        self._settle(order_id, Stock.take, cause, now)

    def _settle(
        self,
        order_id: str,
        how: Callable[[Stock, Product, int], Stock],
        cause: Cause,
        now: datetime,
    ) -> None:
        pk, prefix = _holds_key(cause.tenant, order_id, "")
        for held in self._table.every(pk, prefix=prefix):
            quantity = int(held.data["quantity"])

            def rule(stock: Stock, of: Product, quantity: int = quantity) -> Stock:
                return how(stock, of, quantity)

            try:
                sku = held.key.sk.removeprefix(prefix)
                self._change(sku, rule, (Take(key=held.key),), cause, now)
            except Gone:  # another attempt of this one settled it
                continue

    def _change(
        self, sku: str, rule: Rule, others: tuple[Change, ...], cause: Cause, now: datetime
    ) -> None:
        """Change the stock together with others; the failure of one of these is the caller's."""
        for attempt in range(_ATTEMPTS):
            try:
                return self._try(sku, rule, others, cause, now)
            except ConditionFailed as failure:
                if failure.change in others:
                    raise
            # Who lost the race goes on at another moment than the others who did.
            time.sleep(random.uniform(0, _PAUSE_SECONDS * 2**attempt))  # noqa: S311 - jitter
        raise Contended(f"the stock of {sku} changes all the time")

    def _try(
        self, sku: str, rule: Rule, others: tuple[Change, ...], cause: Cause, now: datetime
    ) -> None:
        keys = product_key(cause.tenant, sku), _stock_key(cause.tenant, sku)
        found = self._table.get_many(keys)
        said, stored = found.get(keys[0]), found.get(keys[1])
        if said is None:
            raise OutOfStock(f"{sku} is not on sale")
        product, before = product_of(said), _stock(stored)
        after = rule(before, product)
        revision = stored.revision + 1 if stored else 1
        low = became_low(product, before, after)
        events = [_low(product, after, revision, cause, now)] if low else []
        data = after.model_dump(mode="json")
        write = (
            Update(
                key=keys[1], data=data, revision=revision, expected=stored.revision, events=events
            )
            if stored
            else Create(key=keys[1], data=data, events=events)
        )
        # The caller's come first, so that what was done before is known as such.
        known = {"as_of": product.as_of} if product.as_of else None
        same = Require(key=keys[0], revision=said.revision, data=known)
        self._table.commit(*others, same, write)


def _low(product: Product, stock: Stock, revision: int, cause: Cause, now: datetime) -> Entry:
    data = InventoryLow(
        sku=product.sku, name=product.name, free=stock.free(product), low=LOW, noticed_at=now
    )
    return outgoing(data, subject=product.sku, revision=revision, cause=cause, now=now)


def _stock(stored: Stored | None) -> Stock:
    return Stock(**stored.data) if stored else Stock()


def _stock_key(tenant: str, sku: str) -> Key:
    return Key(product_key(tenant, sku).pk, "STOCK")


def _holds_key(tenant: str, order_id: str, sku: str) -> Key:
    return Key(order_key(tenant, order_id).pk, f"HOLDS#{sku}")
