"""An erased user stays known as one who may not order."""

from contracts.ids import UserId
from contracts.reader import Reader
from orders.store import Customers
from runtime.reaction import Event, reaction


class Erased(Reader, source="starling.users", event="UserErased.v1"):
    """What orders reads of an erasure."""

    user_id: UserId


def on_user_erased(event: Event[Erased], customers: Customers) -> None:
    """Keep a tombstone. Open orders are the business of the deactivation, which is told too."""
    customers.project(event.tenant, event.data.user_id, "erased", event.revision)


handler = reaction(on_user_erased, customers=Customers.connect)
