"""What is told of a user's changes."""

from contracts.casts.user_deactivated import to_v1
from contracts.events.users import (
    UserDeactivated,
    UserDeactivatedV2,
    UserErased,
    UserRegistered,
    UserUpdated,
)
from users.domain.users import Erased, User


def registered(user: User) -> UserRegistered:
    """Return the event of a registration."""
    return UserRegistered(
        user_id=user.id, name=user.name, email=user.email, registered_at=user.created_at
    )


def updated(old: User, new: User) -> UserUpdated | None:
    """Return the event of a changed name, address or avatar; None if none of them is different."""
    if (old.name, old.email, old.avatar) == (new.name, new.email, new.avatar):
        return None
    return UserUpdated(
        user_id=new.id,
        name=new.name,
        email=new.email,
        avatar=new.pictures.shown,
        updated_at=new.updated_at,
    )


def deactivated(user: Erased) -> tuple[UserDeactivatedV2, UserDeactivated]:
    """Return the event of the first half of a deletion, in both majors: the user may not act."""
    told = UserDeactivatedV2(user_id=user.id, reason="DELETED", deactivated_at=user.erased_at)
    return told, UserDeactivated.model_validate(to_v1(told.model_dump()))


def erased(user: Erased) -> UserErased:
    """Return the event of the second half of a deletion: the personal data is gone."""
    return UserErased(user_id=user.id, erased_at=user.erased_at)
