"""Uploads as the end-to-end tests look at them."""

from typing import Any

from infra.journey_steps import until
from tests.e2e.client import Tenant

SECONDS = 90
"""How long an upload may take until it has ended, on a laptop that is busy."""


def seen(tenant: Tenant, media_id: str) -> dict[str, Any]:
    answer = tenant.member.send("GET", "media", f"/media/{media_id}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def ended(tenant: Tenant, media_id: str) -> dict[str, Any]:
    return until(
        f"{media_id} was ready or rejected",
        lambda: seen(tenant, media_id),
        lambda one: one["status"] in {"ready", "rejected"},
        seconds=SECONDS,
    )
