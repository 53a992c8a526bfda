"""Keeping a user's avatar as the media service's events tell, also while others change the user.

Who may show a picture as whose avatar is for the media service to check; its events are trusted.
"""

from collections.abc import Callable
from typing import Annotated

from pydantic import BaseModel, Field

from contracts.ids import MediaId
from runtime.cause import Cause
from runtime.changes import RevisionConflict
from users.domain.users import User
from users.store import Users

_ATTEMPTS = 4


class AvatarFields(BaseModel):
    """What users reads of a picture, in each event of one."""

    media_id: MediaId
    purpose: Annotated[str, Field(pattern="^[a-z][a-z_]{0,39}$")]
    subject: Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None

    @property
    def user_id(self) -> str | None:
        """Whose avatar it is, or is said to be; None if it is none."""
        return self.subject if self.purpose == "avatar" else None


def change_avatar(
    users: Users, user_id: str, change: Callable[[User], User], *, cause: Cause
) -> None:
    """Change a user, if there is one by that id who is not erased.

    Parameters
    ----------
    users
        Where the users are.
    user_id
        Whose avatar.
    change
        Gives the user as an event has them; the same object means that it is old news.
    cause
        The event, which names the tenant.

    Raises
    ------
    runtime.changes.RevisionConflict
        The user goes on changing under our hands.
    """
    attempt = 1
    while True:
        old = users.find(cause.tenant, user_id)
        if not isinstance(old, User):
            return
        new = change(old)
        if new is old:
            return
        try:
            users.replace(old, new, cause=cause)
        except RevisionConflict:
            if attempt == _ATTEMPTS:
                raise
            attempt += 1
        else:
            return
