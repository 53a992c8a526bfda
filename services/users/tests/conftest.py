"""The users service on an empty table."""

from typing import Any

import pytest

from runtime.conformance import Response, ask
from runtime.ids import new_ulid
from runtime.table import Table
from runtime.testing import Context, Queues, incoming, queue_event
from users.api import create_user, delete_user, get_user, list_users, update_user
from users.reactions import on_media_deleted, on_media_ready


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


class Media:
    """What the media service tells, and its way to the reactions."""

    def ready(self, media_id: str, subject: str | None, **more: Any) -> dict[str, Any]:
        rendition = {"content_type": "image/webp", "width": 160, "height": 120, "size": 3120}
        data = {
            "filename": "ada.png",
            "renditions": [rendition],
            "colors": [],
            "texts": [],
            "missing": [],
            "ready_at": "2026-11-20T08:30:00Z",
        }
        return self._event("MediaReady.v1", 5, media_id, subject, **data | more)

    def deleted(self, media_id: str, subject: str | None, **more: Any) -> dict[str, Any]:
        data = {"reason": "REQUESTED", "deleted_at": "2026-11-20T08:30:00Z"}
        return self._event("MediaDeleted.v1", 6, media_id, subject, **data | more)

    def _event(
        self, name: str, revision: int, media_id: str, subject: str | None, **more: Any
    ) -> dict[str, Any]:
        tenant = more.pop("tenant", "acme")
        data = {"media_id": media_id, "purpose": "avatar", "owner": "ada"} | more
        if subject is not None:
            data["subject"] = subject
        return incoming(
            "starling.media", name, data, subject=media_id, revision=revision, tenant=tenant
        )

    def deliver(self, *events: dict[str, Any]) -> None:
        """Deliver events that are handled without failure."""
        for event in events:
            assert self.attempt(event) == []

    def attempt(self, event: dict[str, Any]) -> list[Any]:
        """Deliver an event; return the failures."""
        handlers = (on_media_ready.handler, on_media_deleted.handler)
        (handler,) = [h for h in handlers if h.detail_type == event["detail-type"]]
        failures: list[Any] = handler(queue_event(event), Context())["batchItemFailures"]
        return failures


@pytest.fixture
def media(service_table: Table, queues: Queues) -> Media:
    return Media()


@pytest.fixture
def api(service_table: Table, cursor_secret: None) -> Api:
    return Api()
