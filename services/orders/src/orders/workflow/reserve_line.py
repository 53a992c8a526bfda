"""Reserves the pieces of one line of an order."""

from datetime import datetime

from orders.inventory import Inventory
from orders.step import LineStep
from runtime.task import task


def reserve_line(step: LineStep, inventory: Inventory, now: datetime) -> None:
    """Reserve them; again it is the same.

    Raises
    ------
    OutOfStock
        Not as many are free.
    NotOpen
        The order does not wait for them any more.
    Contended
        Others change the stock: try again.
    """
    inventory.reserve(step.order_id, step.sku, step.quantity, cause=step.cause, now=now)


handler = task(reserve_line, inventory=Inventory.connect)
