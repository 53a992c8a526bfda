"""Delete a user: deactivate it and erase its personal data."""

from datetime import datetime

from runtime.endpoint import endpoint
from runtime.messages import Request
from runtime.problems import NotFound, Stale
from users.domain import users as rules
from users.domain.users import Erased
from users.store import Users


def delete_user(request: Request[None], users: Users, now: datetime) -> None:
    """Leave a tombstone; deleting again is a retry whose answer got lost, and succeeds."""
    user = users.find(request.tenant, request.path["id"])
    if user is None:
        raise NotFound("there is no user by that id")
    if isinstance(user, Erased):
        return
    if request.if_match not in (None, user.revision):
        raise Stale(f"the user is at revision {user.revision}")
    users.erase(user, rules.erase(user, now), cause=request.cause)


handler = endpoint(
    "DELETE",
    "/users/{id}",
    delete_user,
    status=204,
    role="admin",
    problems=[NotFound, Stale],
    users=Users.connect,
)
