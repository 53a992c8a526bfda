"""A picture that was uploaded as somebody's avatar becomes it."""

from datetime import datetime

from contracts.reader import Reader
from runtime.reaction import Event, reaction
from users.avatars import AvatarFields, change_avatar
from users.domain import users as rules
from users.store import Users


class Ready(AvatarFields, Reader, source="starling.media", event="MediaReady.v1"):
    """What users reads of a picture that can be shown."""

    renditions: tuple[object, ...]
    """Its copies: what they are is media's business, but without one there is nothing to show."""


def on_media_ready(event: Event[Ready], users: Users, now: datetime) -> None:
    """Set the avatar, unless a newer picture was ready before, or this one is gone already."""
    picture = event.data
    if picture.user_id and picture.renditions:
        change_avatar(
            users,
            picture.user_id,
            lambda user: rules.show(user, picture.media_id, at=now),
            cause=event.cause,
        )


handler = reaction(on_media_ready, users=Users.connect)
