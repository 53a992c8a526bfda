"""Of an erased user nothing is kept: their uploads are deleted, and none is taken any more."""

from datetime import datetime

from contracts.ids import UserId
from contracts.reader import Reader
from media.domain import events
from media.domain import uploads as rules
from media.store import Media
from runtime.reaction import Event, reaction

REASON = "OWNER_ERASED"


class Erased(Reader, source="starling.users", event="UserErased.v1"):
    """What media reads of an erasure."""

    user_id: UserId


def delete_uploads_of(event: Event[Erased], media: Media, now: datetime) -> None:
    """Take nothing more first; then what is there cannot grow, and is deleted one by one."""
    tenant, person = event.tenant, event.data.user_id
    media.erase_person(tenant, person, event.revision)
    for media_id in media.of(tenant, person):
        media.change(
            tenant,
            media_id,
            lambda one: rules.delete(one, REASON, at=now),
            tell=lambda one: events.deleted(one, REASON),
            causation_id=event.metadata.id,
        )


handler = reaction(delete_uploads_of, fact=True, media=Media.connect)
