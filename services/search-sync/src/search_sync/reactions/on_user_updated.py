"""A user who changed their name is found by the new one, and so are their orders."""

from contracts.ids import UserId
from contracts.reader import Reader
from contracts.values import Email, Name
from runtime.reaction import Event, reaction
from search_sync.store import Projection


class Updated(Reader, source="starling.users", event="UserUpdated.v1"):
    """What search reads of it."""

    user_id: UserId
    name: Name
    email: Email


def project_updated_user(event: Event[Updated], projection: Projection) -> None:
    """Keep the name and the address, then name the customer on their orders.

    An event that brings nothing new goes on to the orders all the same: its first delivery may
    have ended before it was through with them.
    """
    user = projection.change_user(
        event.tenant,
        event.data.user_id,
        lambda known: known.described(
            name=event.data.name, email=event.data.email, revision=event.revision
        ),
    )
    projection.name_customer(user)


handler = reaction(project_updated_user, projection=Projection.connect)
