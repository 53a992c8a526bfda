"""A deactivated user is shown as such."""

from contracts.ids import UserId
from contracts.reader import Reader
from runtime.reaction import Event, reaction
from search_sync.store import Projection


class Deactivated(Reader, source="starling.users", event="UserDeactivated.v1"):
    """What search reads of it."""

    user_id: UserId


def project_deactivated_user(event: Event[Deactivated], projection: Projection) -> None:
    """Keep the status."""
    projection.change_user(
        event.tenant, event.data.user_id, lambda known: known.deactivated(event.revision)
    )


handler = reaction(project_deactivated_user, projection=Projection.connect)
