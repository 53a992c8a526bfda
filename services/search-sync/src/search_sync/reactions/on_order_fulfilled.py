"""A fulfilled order is shown as on its way to its customer."""

from contracts.reader import Reader
from runtime.reaction import Event, reaction
from search_sync.order_fields import OrderFields
from search_sync.store import Projection


class Fulfilled(OrderFields, Reader, source="starling.orders", event="OrderFulfilled.v1"):
    """What search reads of it."""


def project_fulfilled_order(event: Event[Fulfilled], projection: Projection) -> None:
    """Keep the order."""
    projection.save_order(event.data.order(event.tenant, event.revision, "fulfilled"))


handler = reaction(project_fulfilled_order, projection=Projection.connect)
