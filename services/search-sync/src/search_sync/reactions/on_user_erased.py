"""An erased user is found no more, and their name goes from their orders."""

from contracts.ids import UserId
from contracts.reader import Reader
from runtime.reaction import Event, reaction
from search_sync.store import Projection


class Erased(Reader, source="starling.users", event="UserErased.v1"):
    """What search reads of it."""

    user_id: UserId


def project_erased_user(event: Event[Erased], projection: Projection) -> None:
    """Leave a tombstone, then take the name from the orders.

    An event that brings nothing new goes on to the orders all the same: its first delivery may
    have ended before it was through with them.
    """
    user = projection.change_user(
        event.tenant, event.data.user_id, lambda known: known.erased(event.revision)
    )
    projection.name_customer(user)


handler = reaction(project_erased_user, projection=Projection.connect)
