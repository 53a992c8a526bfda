"""What the deployment is told when the engine is told of its roles; see also tests/engine."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from opensearchpy import OpenSearch

from runtime import custom_resource as module
from runtime.custom_resource import custom_resource
from runtime.serving import Asked, Reply, serving
from runtime.testing import Countdown
from search_sync.operations.admit_roles import GRANTS, admit_roles

ARN = "arn:aws:iam::123456789012:role/starling-dev-search-sync-{}"
PARTS = ("Readers", "Writers", "Operators")


@dataclass
class World:
    """The engine, which answers with what is waiting, and CloudFormation."""

    engine: list[Asked] = field(default_factory=list)
    waiting: list[Reply] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def take(self, asked: Asked) -> Reply:
        if asked.path.startswith("/answer"):
            self.answers.append(json.loads(asked.body))
            return Reply()
        self.engine.append(asked)
        return self.waiting.pop(0) if self.waiting else Reply({"status": "OK"})

    def admit(self, roles: Any, engine: str | None = None) -> dict[str, Any]:
        """Ask for it as CloudFormation does, and return the answer that it gets."""
        connect = partial(OpenSearch, hosts=[engine or self.url], max_retries=0)
        here = re.compile(r"http://127\.0\.0\.1:.*")
        event = {
            "RequestType": "Update",
            "ResponseURL": f"{self.url}/answer",
            "StackId": "arn/stack/x/1",
            "RequestId": "7",
            "LogicalResourceId": "Roles",
            "PhysicalResourceId": "Roles-1",
            "ResourceProperties": roles,
        }
        handler = custom_resource(admit_roles, answers_to=here, engine=connect)
        handler(event, Countdown(milliseconds=30_000))
        return self.answers.pop()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.01)
    made = World()
    with serving(made.take) as url:
        made.url = url
        yield made


def roles() -> dict[str, Any]:
    named = {part: [ARN.format(part.lower())] for part in PARTS}
    return {"ServiceToken": "arn", "ServiceTimeout": "180", **named}


def test_each_part_gets_its_grants_and_its_roles(world: World) -> None:
    assert world.admit(roles())["Status"] == "SUCCESS"
    told = {asked.path: json.loads(asked.body) for asked in world.engine}
    assert {asked.method for asked in world.engine} == {"PUT"}
    api = "/_plugins/_security/api"
    for part in ("readers", "writers", "operators"):
        assert told[f"{api}/roles/starling-{part}"] == GRANTS[part]
        expected = {"backend_roles": [ARN.format(part)]}
        assert told[f"{api}/rolesmapping/starling-{part}"] == expected
    assert len(told) == 6


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_an_engine_that_is_not_ready_is_asked_again(world: World, status: int) -> None:
    world.waiting += [Reply(b"not initialized", status), Reply(b"", status)]
    assert world.admit(roles())["Status"] == "SUCCESS"
    assert len(world.engine) == 8


def test_an_engine_that_is_not_there_is_said(world: World) -> None:
    told = world.admit(roles(), engine="http://127.0.0.1:1")
    assert told["Status"] == "FAILED"
    assert "ConnectionError" in told["Reason"]


@pytest.mark.parametrize("arn", ["*", "", "arn:aws:iam::123456789012:user/eve", "all_access", 7])
def test_what_is_no_role_is_refused_before_anything_is_changed(world: World, arn: Any) -> None:
    told = world.admit(roles() | {"Operators": [arn]})
    assert told["Status"] == "FAILED"
    assert told["Reason"].startswith("Operators.0")
    assert world.engine == []
