"""A confirmed order is shown as paid: its goods will leave."""

from contracts.reader import Reader
from runtime.reaction import Event, reaction
from search_sync.order_fields import OrderFields
from search_sync.store import Projection


class Confirmed(OrderFields, Reader, source="starling.orders", event="OrderConfirmed.v1"):
    """What search reads of it."""


def project_confirmed_order(event: Event[Confirmed], projection: Projection) -> None:
    """Keep the order."""
    projection.save_order(event.data.order(event.tenant, event.revision, "confirmed"))


handler = reaction(project_confirmed_order, projection=Projection.connect)
