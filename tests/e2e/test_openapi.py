"""The deployed APIs answer as their OpenAPI documents say, whatever they are asked.

Schemathesis makes the requests, good ones and bad ones, and judges the answers. It starts from the
documents' examples, in which the ids are those of things that there are.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from contracts.schema import dumps
from infra.discovery import services
from infra.openapi import document
from infra.tools import ensure, python_of
from tests.e2e.client import Tenant, UnderTest, created

Document = dict[str, Any]

SETTINGS = Path(__file__).with_name("schemathesis.toml")
SERVICES = {service.name: service for service in services()}
USER, ORDER, MEDIA = (f"{prefix}_01JZ0000000000000000000000" for prefix in ("usr", "ord", "med"))
"""The ids in the examples."""

DAY = "2026-11-20"
"""The day in the examples."""


class Things(NamedTuple):
    """What the examples name: ids by those in the examples, and others that one path has alone."""

    ids: dict[str, str]
    of_path: dict[str, dict[str, str]]


def users(_: UnderTest, tenant: Tenant) -> Things:
    return Things({USER: tenant.user()["id"]}, {})


def orders(stage: UnderTest, tenant: Tenant) -> Things:
    user, sku = tenant.user()["id"], tenant.product("TEA-1")
    gold = tenant.product("GOLD-1", amount=100_000)

    def order(of: str, status: str, **more: Any) -> dict[str, str]:
        placed = tenant.order(user, of, **more)
        return {ORDER: tenant.reached(placed["id"], status)["id"]}

    unpaid, today = order(sku, "reserved"), f"{datetime.now(UTC):%Y-%m-%d}"
    stage.run("orders", "daily-report", "--date", today)
    # What ends an order, or needs one that came so far, has one of its own.
    return Things(
        {USER: user} | unpaid,
        {
            "/orders/{id}/approval": order(gold, "awaiting_approval"),
            "/orders/{id}/cancel": order(sku, "reserved"),
            "/orders/{id}/invoice": order(
                sku, "fulfilled", type="EXPRESS", payment_method="pm_card_visa"
            ),
            "/orders/{id}/payment": order(sku, "reserved"),
            "/reports/{date}": {DAY: today},
        },
    )


def media(_: UnderTest, tenant: Tenant) -> Things:
    picture = {"filename": "a.jpg", "content_type": "image/jpeg", "size": 9, "purpose": "product"}
    made = created(tenant.admin.send("POST", "media", "/media", json=picture))
    return Things({MEDIA: made["id"]}, {})


THINGS: dict[str, Callable[[UnderTest, Tenant], Things]] = {
    "users": users,
    "orders": orders,
    "media": media,
    "search-sync": lambda _stage, _tenant: Things({}, {}),
}
"""What makes the things that a service's examples name."""


def with_ids(of: Document, things: Things) -> str:
    """Return a document whose examples name things that there are."""
    paths = {
        path: json.loads(replaced(told, things.of_path.get(path, {})))
        for path, told in of["paths"].items()
    }
    return replaced(of | {"paths": paths}, things.ids)


def replaced(document: Document, ids: dict[str, str]) -> str:
    text = dumps(document)
    for example, real in ids.items():
        text = text.replace(example, real)
    return text


class Run(NamedTuple):
    """What schemathesis did: its end, and the statuses that each operation answered with."""

    done: "subprocess.CompletedProcess[str]"
    statuses: dict[str, set[int]]


def ask(stage: UnderTest, service: str, of: Document, folder: Path) -> Run:
    """Let schemathesis ask a service, as a tenant that has what the examples name."""
    tenant = stage.tenant()
    text = with_ids(of, THINGS[service](stage, tenant))
    folder.mkdir()
    file, report = folder / "openapi.json", folder / "report.ndjson"
    file.write_text(text, encoding="utf-8")
    command: list[str | Path] = [python_of("openapi").with_name("st"), "--no-color"]
    command += ["--config-file", SETTINGS, "run", file, "--url", stage.apis[service]]
    command += ["--report-ndjson-path", report]
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"TOKEN": tenant.admin.token},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Run(done, statuses(report))


def statuses(report: Path) -> dict[str, set[int]]:
    """Return the statuses that were answered, by operation."""
    found: dict[str, set[int]] = {}
    for line in report.read_text(encoding="utf-8").splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for name, made in recorder.get("interactions", {}).items():
            case = recorder["cases"][name]["value"]
            operation = f"{case['method']} {case['path']}"
            status = (made.get("response") or {}).get("status_code", 0)
            found.setdefault(operation, set()).add(status)
    return found


@pytest.fixture(scope="module")
def runs(
    stage: UnderTest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Run]]]:
    """All services asked at once, and one by a document that does not tell of all its answers."""
    ensure("openapi")
    documents = {name: document(service) for name, service in SERVICES.items()}
    untold = document(SERVICES["search-sync"])
    del untold["paths"]["/search"]["get"]["responses"]["400"]
    folder = tmp_path_factory.mktemp("schemathesis")
    with ThreadPoolExecutor() as pool:
        yield {
            name: pool.submit(ask, stage, name, of, folder / name) for name, of in documents.items()
        } | {"untold": pool.submit(ask, stage, "search-sync", untold, folder / "untold")}


@pytest.mark.parametrize("service", SERVICES)
def test_whatever_an_api_is_asked_it_answers_as_its_document_says(
    runs: dict[str, Future[Run]], service: str
) -> None:
    done, _ = runs[service].result()
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_of_a_document_can_be_done(
    runs: dict[str, Future[Run]], service: str
) -> None:
    _, found = runs[service].result()
    for path, operations in document(SERVICES[service])["paths"].items():
        for method, told in operations.items():
            if told["security"] == []:
                continue  # its callers sign, which no example can: test_webhooks.py does
            operation = f"{method.upper()} {path}"
            assert any(200 <= status < 300 for status in found[operation]), (operation, found)


def test_an_answer_that_the_document_does_not_tell_of_is_found(
    runs: dict[str, Future[Run]],
) -> None:
    done, found = runs["untold"].result()
    assert 400 in found["GET /search"]
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Undocumented status code" in done.stdout
