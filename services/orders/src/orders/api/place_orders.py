"""Place some orders at once: the gateway takes them into a queue, no function stands between."""

from typing import Annotated

from pydantic import Field

from orders.placing import NewOrder
from runtime.messages import Body
from runtime.queued import queued

MOST_ORDERS = 10


class NewOrders(Body):
    """What a caller asks for: each is as for ``POST /orders``."""

    orders: Annotated[list[NewOrder], Field(min_length=1, max_length=MOST_ORDERS)]


route = queued("POST", "/orders/bulk", NewOrders, queue="place-orders")
