"""A rejected order is shown as such; why is for the orders service to tell."""

from contracts.reader import Reader
from runtime.reaction import Event, reaction
from search_sync.order_fields import OrderFields
from search_sync.store import Projection


class Rejected(OrderFields, Reader, source="starling.orders", event="OrderRejected.v1"):
    """What search reads of it."""


def project_rejected_order(event: Event[Rejected], projection: Projection) -> None:
    """Keep the order."""
    projection.save_order(event.data.order(event.tenant, event.revision, "rejected"))


handler = reaction(project_rejected_order, projection=Projection.connect)
