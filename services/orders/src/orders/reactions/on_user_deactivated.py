"""A deactivation as version 1 tells it: read until none can come that has no version 2 beside it.

It keeps its queue to itself, so that no message ever meets a function that cannot read it.
"""

from datetime import datetime

from contracts.casts.user_deactivated import to_v2
from contracts.ids import UserId
from contracts.reader import Reader
from contracts.values import Reason
from orders.reactions import on_user_deactivated_v2 as v2
from orders.store import Customers, Orders
from runtime.reaction import Event, reaction


class DeactivatedV1(Reader, source="starling.users", event="UserDeactivated.v1"):
    """What orders read of a deactivation before version 2."""

    user_id: UserId
    reason: Reason


def on_user_deactivated(
    event: Event[DeactivatedV1], customers: Customers, orders: Orders, now: datetime
) -> None:
    """Do what version 2 of the same fact asks for.

    Both have one id and both functions one name, which is what the inbox remembers: whichever
    comes first, it is done once.
    """
    data = v2.Deactivated.model_validate(to_v2(event.data.model_dump()))
    cast = Event(metadata=event.metadata, data=data, reaction=event.reaction)
    v2.on_user_deactivated(cast, customers, orders, now)


handler = reaction(
    on_user_deactivated, fact=True, customers=Customers.connect, orders=Orders.connect
)
