"""A registered user is a customer who may order."""

from contracts.ids import UserId
from contracts.reader import Reader
from orders.store import Customers
from orders.tenants import Tenants
from runtime.reaction import Event, reaction


class Registered(Reader, source="starling.users", event="UserRegistered.v1"):
    """What orders reads of a registration."""

    user_id: UserId


def on_user_registered(event: Event[Registered], customers: Customers, tenants: Tenants) -> None:
    """Keep the customer, unless something newer is known: then this event is dropped.

    The tenant is remembered in any case: whoever comes first, its orders are reported on.
    """
    tenants.remember(event.tenant)
    customers.project(event.tenant, event.data.user_id, "active", event.revision)


handler = reaction(on_user_registered, customers=Customers.connect, tenants=Tenants.connect)
