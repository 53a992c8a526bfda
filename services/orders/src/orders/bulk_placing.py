"""Placing the orders of a bulk, each once, however often the message comes and whoever dies."""

import json
from dataclasses import dataclass
from datetime import datetime

from orders.api.place_orders import NewOrders
from orders.bulk import Bulk, Bulks, Ended
from orders.domain.orders import Order
from orders.placing import NewOrder, Placing
from runtime.cause import Cause
from runtime.changes import Change, Exists
from runtime.logs import logger
from runtime.problems import Problem
from runtime.queued import Accepted, Delivery


def place_all(delivery: Delivery[NewOrders], bulks: Bulks, placing: Placing, now: datetime) -> None:
    """Place the orders of a bulk that have not ended; what is refused is kept with the reason.

    Raises
    ------
    Exception
        What went wrong with the first that could not be placed now, when the others have had
        their turn: the same message will do.
    """
    asked, tenant = delivery.asked, delivery.tenant
    bulk = _begun(delivery, bulks, now)
    if bulk.problem is not None or isinstance(asked, Problem):
        return
    bulk_id = delivery.id
    if bulk.same_as is not None:
        # Its message may have been lost on the way to here, so this one serves as well.
        bulk_id = bulk.same_as
        bulk = bulks.find(tenant, bulk_id) or bulk
    each = _Each(bulk_id, bulks, placing, delivery.cause, now)
    failures = [
        failure
        for index, order in enumerate(asked.orders)
        if index not in bulk.ended and (failure := each.place(index, order)) is not None
    ]
    if failures:
        raise failures[0]


@dataclass(frozen=True)
class _Each:
    bulk_id: str
    bulks: Bulks
    placing: Placing
    cause: Cause
    now: datetime

    def place(self, index: int, order: NewOrder) -> Exception | None:
        """Place one; return what went wrong, if that may pass."""
        tenant = self.cause.tenant

        def row(placed: Order) -> Change:
            ended = Ended(order_id=placed.id)
            return self.bulks.row(tenant, self.bulk_id, index, ended, self.now)

        try:
            try:
                self.placing.place(order, row, cause=self.cause, now=self.now)
            except Problem as problem:
                self.bulks.end(tenant, self.bulk_id, index, problem, self.now)
        except Exists:
            logger.info("order left out: it has ended", index=index)
        except Exception as failure:  # noqa: BLE001 - whatever it was, the other orders go on
            return failure
        return None


def _begun(delivery: Delivery[NewOrders], bulks: Bulks, now: datetime) -> Bulk:
    """Return the bulk as it is known, which it is from here on."""
    tenant, asked, once = delivery.tenant, delivery.asked, delivery.once
    known = bulks.find(tenant, delivery.id)
    if known is not None:
        return known
    receipts: list[Change] = []
    if isinstance(asked, Problem):
        bulk = Bulk(count=0, problem=asked.document())
    else:
        bulk = Bulk(count=len(asked.orders))
    if once is not None:
        try:
            given = once.replay(bulks.table)
        except Problem as reused:
            bulk = Bulk(count=0, problem=reused.document())
        else:
            if given is None:
                receipts = [once.receipt(202, Accepted(id=delivery.id))]
            else:
                bulk = bulk.model_copy(update={"same_as": json.loads(given.body)["id"]})
    bulks.add(tenant, delivery.id, bulk, now, *receipts)
    return bulk
