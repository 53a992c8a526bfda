"""Gives the pieces of an order back to the stock."""

from datetime import datetime

from orders.inventory import Inventory
from orders.step import OrderStep
from runtime.task import task


def release_inventory(step: OrderStep, inventory: Inventory, now: datetime) -> None:
    """Give them back; again it is the same."""
    inventory.release(step.order_id, cause=step.cause, now=now)


handler = task(release_inventory, inventory=Inventory.connect)
