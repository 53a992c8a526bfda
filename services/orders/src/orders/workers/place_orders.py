"""The orders of a bulk are placed, each for itself."""

from datetime import datetime

from orders.api.place_orders import NewOrders, route
from orders.bulk import Bulks
from orders.bulk_placing import place_all
from orders.placing import Placing
from runtime.queued import Delivery, consumer

ATTEMPTS = 10
"""With delays that double from two seconds on: 8 to 17 minutes in all."""


def place_orders(
    delivery: Delivery[NewOrders], bulks: Bulks, placing: Placing, now: datetime
) -> None:
    """Place those of its orders that have not ended yet."""
    place_all(delivery, bulks, placing, now)


handler = consumer(
    route, place_orders, attempts=ATTEMPTS, bulks=Bulks.connect, placing=Placing.connect
)
