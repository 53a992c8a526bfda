"""Get a user."""

from runtime.endpoint import endpoint
from runtime.messages import Answer, Request
from runtime.problems import NotFound
from users import views
from users.store import Users
from users.views import UserView


def get_user(request: Request[None], users: Users) -> Answer[UserView]:
    """Return the user as it is now."""
    return views.answer(users.get(request.tenant, request.path["id"]))


handler = endpoint("GET", "/users/{id}", get_user, problems=[NotFound], users=Users.connect)
