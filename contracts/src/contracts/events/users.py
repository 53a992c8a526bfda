"""What the users service publishes. Each event carries all that a consumer needs."""

from contracts.event import EventData
from contracts.ids import UserId
from contracts.values import Email, Name, Reason, Timestamp

SOURCE = "starling.users"


class UserRegistered(EventData, source=SOURCE, version="1.0"):
    """A user was created, active from the start."""

    user_id: UserId
    name: Name
    email: Email
    registered_at: Timestamp


class UserUpdated(EventData, source=SOURCE, version="1.0"):
    """A user's name or e-mail address changed. Carries both, as they are now."""

    user_id: UserId
    name: Name
    email: Email
    updated_at: Timestamp


class UserDeactivated(EventData, source=SOURCE, version="1.0"):
    """A user may no longer act: no new order is taken, open ones are cancelled."""

    user_id: UserId
    reason: Reason
    deactivated_at: Timestamp


class UserErased(EventData, source=SOURCE, version="1.0"):
    """A user's personal data is gone: whoever keeps a copy erases it too. Only the id stays."""

    user_id: UserId
    erased_at: Timestamp
