"""A placed order can be found, by its customer's name too."""

from contracts.reader import Reader
from runtime.reaction import Event, reaction
from search_sync.order_fields import OrderFields
from search_sync.store import Projection


class Placed(OrderFields, Reader, source="starling.orders", event="OrderPlaced.v1"):
    """What search reads of it."""


def project_placed_order(event: Event[Placed], projection: Projection) -> None:
    """Keep the order."""
    projection.save_order(event.data.order(event.tenant, event.revision, "placed"))


handler = reaction(project_placed_order, projection=Projection.connect)
