"""A picture that is gone is nobody's avatar any more."""

from datetime import datetime

from contracts.reader import Reader
from runtime.reaction import Event, reaction
from users.avatars import AvatarFields, change_avatar
from users.domain import users as rules
from users.store import Users


class Deleted(AvatarFields, Reader, source="starling.media", event="MediaDeleted.v1"):
    """What users reads of an upload that is gone."""


def on_media_deleted(event: Event[Deleted], users: Users, now: datetime) -> None:
    """Take the avatar away if it is this one, and do not set it if it is told to be ready late."""
    picture = event.data
    if picture.user_id:
        change_avatar(
            users,
            picture.user_id,
            lambda user: rules.hide(user, picture.media_id, at=now),
            cause=event.cause,
        )


handler = reaction(on_media_deleted, users=Users.connect)
