"""The users service on an empty table."""

from typing import Any

import pytest

from runtime.conformance import Response, ask
from runtime.ids import new_ulid
from runtime.table import Table
from users.api import create_user, delete_user, get_user, list_users, update_user


class Api:
    """The service's endpoints, asked as an admin of acme unless said otherwise."""

    def create(self, name: str = "Ada", email: str | None = None, **request: Any) -> Response:
        body = {"name": name, "email": email or f"{new_ulid()}@example.com"}
        return ask(create_user.handler, body=body, **request)

    def get(self, user_id: str, **request: Any) -> Response:
        return ask(get_user.handler, path={"id": user_id}, **request)

    def list(self, **request: Any) -> Response:
        return ask(list_users.handler, **request)

    def update(self, user_id: str, name: str, email: str, **request: Any) -> Response:
        body = {"name": name, "email": email}
        return ask(update_user.handler, path={"id": user_id}, body=body, **request)

    def delete(self, user_id: str, **request: Any) -> Response:
        return ask(delete_user.handler, path={"id": user_id}, **request)


@pytest.fixture
def api(service_table: Table, cursor_secret: None) -> Api:
    return Api()
