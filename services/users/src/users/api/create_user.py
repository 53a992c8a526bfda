"""Register a user."""

from datetime import datetime

from runtime.endpoint import endpoint
from runtime.ids import new_id
from runtime.messages import Answer, Request
from users import views
from users.domain import users as rules
from users.domain.problems import EmailTaken
from users.store import Users
from users.views import Profile, UserView


def create_user(request: Request[Profile], users: Users, now: datetime) -> Answer[UserView]:
    """Write the user with its claim on the address."""
    user = rules.register(
        new_id("usr"),
        name=request.body.name,
        email=request.body.email,
        at=now,
        receipt=request.once.key if request.once else None,
    )
    made = views.answer(user)
    receipt = request.once.receipt(201, made.body, made.etag) if request.once else None
    users.add(user, cause=request.cause, receipt=receipt)
    return made


handler = endpoint(
    "POST",
    "/users",
    create_user,
    status=201,
    role="admin",
    idempotent=True,
    problems=[EmailTaken],
    users=Users.connect,
)
