"""A cancelled order is shown as such."""

from contracts.reader import Reader
from runtime.reaction import Event, reaction
from search_sync.order_fields import OrderFields
from search_sync.store import Projection


class Cancelled(OrderFields, Reader, source="starling.orders", event="OrderCancelled.v1"):
    """What search reads of it."""


def project_cancelled_order(event: Event[Cancelled], projection: Projection) -> None:
    """Keep the order."""
    projection.save_order(event.data.order(event.tenant, event.revision, "cancelled"))


handler = reaction(project_cancelled_order, projection=Projection.connect)
