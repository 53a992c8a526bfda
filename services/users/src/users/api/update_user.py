"""Change a user's name and e-mail address."""

from datetime import datetime

from runtime.endpoint import endpoint
from runtime.messages import Answer, Request
from runtime.problems import NotFound, Stale
from users import views
from users.domain import users as rules
from users.domain.problems import EmailTaken
from users.store import Users
from users.views import Profile, UserView


def update_user(request: Request[Profile], users: Users, now: datetime) -> Answer[UserView]:
    """Write what is different; the same again changes nothing and tells nothing."""
    old = users.get(request.tenant, request.path["id"])
    if request.if_match not in (None, old.revision):
        raise Stale(f"the user is at revision {old.revision}")
    new = rules.change(old, name=request.body.name, email=request.body.email, at=now)
    if new is not old:
        users.replace(old, new, cause=request.cause)
    return views.answer(new)


handler = endpoint(
    "PUT",
    "/users/{id}",
    update_user,
    role="admin",
    problems=[NotFound, Stale, EmailTaken],
    users=Users.connect,
)
