"""What every endpoint of the service owes its callers, a new one included."""

from typing import Any

import pytest

import media.api
from runtime.clients import client
from runtime.conformance import BadRequest, ask, bad_requests, declared, send
from runtime.endpoint import Endpoint
from runtime.table import Table
from runtime.testing import TABLE

ENDPOINTS: list[Endpoint] = declared("media.api")
ASKED = {"filename": "a.jpg", "content_type": "image/jpeg", "size": 9, "purpose": "product"}
VALID = {"create_media": ASKED}
REFUSED = [
    pytest.param(endpoint, bad, id=f"{endpoint.name}-{bad.what}")
    for endpoint in ENDPOINTS
    for bad in bad_requests(endpoint, VALID.get(endpoint.name))
]


def items() -> list[dict[str, Any]]:
    return client("dynamodb").scan(TableName=TABLE)["Items"]


@pytest.mark.parametrize(("endpoint", "bad"), REFUSED)
def test_a_bad_request_gets_its_problem_and_changes_nothing(
    api: Any, endpoint: Endpoint, bad: BadRequest
) -> None:
    response = send(endpoint, bad.event)
    assert response.problem == bad.problem
    assert items() == []


@pytest.mark.parametrize(
    "endpoint", [e for e in ENDPOINTS if "{id}" in e.path], ids=lambda e: e.name
)
def test_another_tenants_upload_is_not_there(api: Any, endpoint: Endpoint) -> None:
    media_id = api.create().body["id"]
    before = items()
    response = ask(endpoint, tenant="globex", path={"id": media_id})
    assert response.problem == (404, "not-found")
    assert items() == before


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.name)
def test_a_failure_of_ours_is_a_problem_without_its_cause(
    api: Any, monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    for method in ("get", "query", "commit"):
        monkeypatch.setattr(Table, method, fail)
    path = {"id": "med_01JZ0000000000000000000000"}
    response = ask(endpoint, path=path, body=VALID.get(endpoint.name))
    assert response.problem == (500, "internal-error")
    assert "secret" not in str(response)


def test_the_function_of_each_module_has_its_name() -> None:
    assert [e.name for e in ENDPOINTS] == [e.function.__module__.split(".")[-1] for e in ENDPOINTS]
    assert {e.function.__module__.rpartition(".")[0] for e in ENDPOINTS} == {media.api.__name__}
