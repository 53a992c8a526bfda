"""List the users, in the order of their registration."""

from runtime.cursor import Cursors
from runtime.endpoint import endpoint
from runtime.messages import Listing, Page, Request
from runtime.problems import InvalidCursor
from users.store import Users
from users.views import UserView

_SCOPE = "users"


def list_users(request: Request[None, Page], users: Users, cursors: Cursors) -> Listing[UserView]:
    """Return one page, and the cursor to the next."""
    after = cursors.read(request.tenant, _SCOPE, request.query.cursor)
    found, last = users.page(request.tenant, limit=request.query.limit, after=after)
    return Listing(
        items=[UserView.model_validate(user) for user in found],
        next_cursor=last and cursors.issue(request.tenant, _SCOPE, last),
    )


handler = endpoint(
    "GET",
    "/users",
    list_users,
    problems=[InvalidCursor],
    users=Users.connect,
    cursors=Cursors.connect,
)
