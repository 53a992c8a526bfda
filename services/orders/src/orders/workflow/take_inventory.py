"""Takes the pieces of an order that has left out of the stock."""

from datetime import datetime

from orders.inventory import Inventory
from orders.step import OrderStep
from runtime.task import task


def take_inventory(step: OrderStep, inventory: Inventory, now: datetime) -> None:
    """Take them; again it is the same."""
    inventory.take(step.order_id, cause=step.cause, now=now)


handler = task(take_inventory, inventory=Inventory.connect)
