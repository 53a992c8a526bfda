"""The user: registered, changed, erased."""

import hashlib
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from users.domain.avatars import Avatar, Pictures

ReceiptKey = tuple[str, str]


class User(BaseModel):
    """A user of a tenant.

    Attributes
    ----------
    revision
        Grows by one with each change.
    pictures
        What was told of the user's pictures.
    receipt
        Where the answer to the request that registered the user is kept, if it is: a copy of
        personal data, which is erased with the user.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    email: str
    status: Literal["active"] = "active"
    revision: int = 1
    created_at: datetime
    updated_at: datetime
    receipt: ReceiptKey | None = None
    pictures: Pictures = Pictures()

    @property
    def avatar(self) -> Avatar | None:
        """The picture that shows the user."""
        shown = self.pictures.shown
        return Avatar(media_id=shown) if shown else None


class Erased(BaseModel):
    """What remains of a deleted user: no personal data."""

    model_config = ConfigDict(frozen=True)

    id: str
    status: Literal["erased"] = "erased"
    revision: int
    erased_at: datetime


def register(
    user_id: str, *, name: str, email: str, at: datetime, receipt: ReceiptKey | None = None
) -> User:
    """Return a new user, active from the start."""
    return User(id=user_id, name=name, email=email, created_at=at, updated_at=at, receipt=receipt)


def change(user: User, *, name: str, email: str, at: datetime) -> User:
    """Return the user with this name and address; the same object if nothing is different."""
    if (name, email) == (user.name, user.email):
        return user
    new = {"name": name, "email": email, "updated_at": at, "revision": user.revision + 1}
    return user.model_copy(update=new)


def show(user: User, media_id: str, *, at: datetime) -> User:
    """Return the user with a picture that is ready; the same object if it is old news."""
    return _pictured(user, user.pictures.ready(media_id), at)


def hide(user: User, media_id: str, *, at: datetime) -> User:
    """Return the user without a picture that is gone; the same object if it is old news."""
    return _pictured(user, user.pictures.deleted(media_id), at)


def _pictured(user: User, pictures: Pictures, at: datetime) -> User:
    if pictures is user.pictures:
        return user
    new = {"pictures": pictures, "revision": user.revision + 1}
    if pictures.shown != user.pictures.shown:
        new["updated_at"] = at
    return user.model_copy(update=new)


def erase(user: User, at: datetime) -> Erased:
    """Return what remains of the user: two changes at once, deactivation and erasure."""
    return Erased(id=user.id, revision=user.revision + 2, erased_at=at)


def email_digest(email: str) -> str:
    """Return what two spellings of one address have in common: a digest, no personal data.

    Letters count the same in either case, in the local part too: no provider in use tells
    such addresses apart, people do write them either way, and one account is meant.
    """
    return hashlib.sha256(email.casefold().encode()).hexdigest()
