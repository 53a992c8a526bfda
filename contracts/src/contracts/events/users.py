"""What the users service publishes. Each event carries all that a consumer needs."""

from typing import Annotated, Literal

from pydantic import WithJsonSchema

from contracts.event import EventData
from contracts.ids import MediaId, UserId
from contracts.values import CODE, Email, Name, Reason, Timestamp

SOURCE = "starling.users"

DeactivationReason = Annotated[
    Literal["DELETED", "OTHER"], WithJsonSchema({"type": "string", "pattern": CODE})
]
"""Why a user was deactivated: ``DELETED`` by an admin; ``OTHER``: only a note says.

The producer writes these alone. The schema promises no more than a code, so that a minor may add
one: a consumer takes a code that it does not know as ``OTHER``.
"""


class UserRegistered(EventData, source=SOURCE, version="1.0"):
    """A user was created, active from the start."""

    user_id: UserId
    name: Name
    email: Email
    registered_at: Timestamp
    """When the user was created, in UTC."""


class UserUpdated(EventData, source=SOURCE, version="1.1"):
    """A user's name, e-mail address or avatar changed. Carries all, as they are now."""

    user_id: UserId
    name: Name
    email: Email
    avatar: MediaId | None = None
    """The upload that is the user's picture; none, if there is no picture."""
    updated_at: Timestamp
    """When one of them changed, in UTC."""


class UserDeactivated(EventData, source=SOURCE, version="1.0"):
    """A user may no longer act: no new order is taken, open ones are cancelled."""

    user_id: UserId
    reason: Reason
    """Why, in a sentence."""
    deactivated_at: Timestamp
    """When it was done, in UTC."""


class UserDeactivatedV2(EventData, source=SOURCE, version="2.0"):
    """A user may no longer act. The reason is a code to act on; a note, if any, is for people."""

    user_id: UserId
    reason: DeactivationReason
    note: Reason | None = None
    """What a person said of it, for people."""
    deactivated_at: Timestamp
    """When it was done, in UTC."""


class UserErased(EventData, source=SOURCE, version="1.0"):
    """A user's personal data is gone: whoever keeps a copy erases it too. Only the id stays."""

    user_id: UserId
    erased_at: Timestamp
    """When it was done, in UTC."""
