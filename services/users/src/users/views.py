"""What crosses HTTP and is the same for several endpoints."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, StringConstraints

from contracts.values import Email, Name
from runtime.messages import Answer, Body, View
from users.domain.users import User


class Profile(Body):
    """What a caller says of a user."""

    name: Annotated[Name, StringConstraints(strip_whitespace=True)]
    email: Email


class AvatarView(View):
    """A user's picture: the service of media has it by this id."""

    model_config = ConfigDict(from_attributes=True)

    media_id: str


class UserView(View):
    """A user as callers see one."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    email: str
    avatar: AvatarView | None
    status: Literal["active"]
    revision: int
    created_at: datetime
    updated_at: datetime


def answer(user: User) -> Answer[UserView]:
    """Return the user as an answer, with its revision as the entity tag."""
    return Answer(UserView.model_validate(user), etag=user.revision)
