"""The way to a private engine: through a function, by the operator's role, within its limits."""

import random
import string
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from botocore.config import Config
from opensearchpy import OpenSearch
from opensearchpy.exceptions import (
    AuthorizationException,
    ConnectionTimeout,
    NotFoundError,
    RequestError,
    TransportError,
)
from opensearchpy.exceptions import ConnectionError as NoConnection

from infra import aws as tooling
from infra import engine_access
from infra.engine_access import engine as reach
from infra.errors import StarlingError
from infra.stages import Stage
from runtime.clients import client
from runtime.serving import Asked, Reply, serving
from runtime.task import InvalidInput
from runtime.testing import Context
from search_sync.engine.client import ALIAS, INDEX
from search_sync.engine.holdings import Holdings
from search_sync.engine.writer import OpenSearchWriter
from search_sync.index import Write
from search_sync.operations.relay_requests import MOST_BYTES, handler, pack, unpack
from tests.engine.builders import Index, refresh, user, write
from tests.engine.functions import invoking

FAR = {"search_engine": "https://nobody.invalid", "search_relay": "relay", "region": "eu-west-1"}
LETTERS = string.ascii_letters + string.digits + string.punctuation


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, aws: None) -> Stage:
    """A stage on AWS, where Lambda is what a test serves."""
    monkeypatch.setattr(tooling, "client", lambda _, service: client(service))
    return Stage("dev")


@pytest.fixture
def invoked() -> list[Asked]:
    return []


@pytest.fixture
def relayed(
    stage: Stage, index: Index, invoked: list[Asked], monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenSearch]:
    """An operator's client of the engine; at first there is no index."""
    with invoking({"relay": handler}, seen=invoked) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", url)
        with reach(stage, FAR) as reached:
            yield reached


def test_the_operators_role_invokes_one_function(relayed: OpenSearch, invoked: list[Asked]) -> None:
    assert relayed.indices.exists(index=INDEX) is False
    (asked,) = invoked
    assert asked.path == "/2015-03-31/functions/relay/invocations"
    assert "/eu-west-1/lambda/aws4_request" in asked.headers["authorization"]
    # A role's: whoever signs with their own credentials here has no token.
    assert asked.headers["x-amz-security-token"]


def test_what_the_engine_says_is_what_its_client_raises(relayed: OpenSearch, index: Index) -> None:
    with pytest.raises(NotFoundError) as missing:
        relayed.count(index=ALIAS)
    assert missing.value.error == "index_not_found_exception"
    assert relayed.get(index=INDEX, id="claim", params={"ignore": 404})["status"] == 404
    relayed.indices.create(index=INDEX, body={"aliases": {ALIAS: {}}})
    with pytest.raises(RequestError) as twice:
        relayed.indices.create(index=INDEX)
    assert twice.value.error == "resource_already_exists_exception"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/_cluster/health"),
        ("GET", "/_plugins/_security/api/roles"),
        ("PUT", "/_plugins/_security/api/rolesmapping/all_access"),
        ("POST", f"/{ALIAS}/_search/../../_plugins/_security/api/roles"),
        ("POST", f"/{ALIAS}/_delete_by_query"),
        ("POST", f"/{ALIAS},foreign/_search"),
        ("GET", f"/{INDEX}%2F_search"),
        ("DELETE", f"/{ALIAS}-v*"),
        ("DELETE", "/*"),
        ("DELETE", "/foreign"),
        ("POST", "/_bulk"),
        ("POST", "/_reindex"),
        ("GET", f"/{INDEX}\n"),
    ],
)
def test_what_no_operator_asks_for_is_not_passed_on(
    relayed: OpenSearch, method: str, path: str
) -> None:
    with pytest.raises(AuthorizationException) as refused:
        relayed.transport.perform_request(method, path)
    assert refused.value.error == "not_passed_on"


@pytest.mark.parametrize(
    "event",
    [
        None,
        {},
        {"method": "PATCH", "path": f"/{INDEX}"},
        {"method": "GET", "path": f"/{INDEX}", "query": "a=b c"},
        {"method": "GET", "path": f"/{INDEX}", "query": "a=b\r\nhost: x"},
        {"method": "GET", "path": f"/{INDEX}", "headers": {"host": "x"}},
    ],
)
def test_what_is_no_request_is_refused(event: Any) -> None:
    with pytest.raises(InvalidInput):
        handler(event, Context())


@pytest.mark.parametrize("body", ["", "no base64", "bm8gZ3ppcA==", pack(b"x" * 9)[:-8]])
def test_a_body_that_is_not_packed_is_refused(connected: Index, body: str) -> None:
    asked = {"method": "POST", "path": f"/{ALIAS}/_search", "body": body}
    assert handler(asked, Context())["status"] == 400


def test_a_body_that_would_fill_the_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        unpack(pack(bytes(70_000_000)))


def test_texts_of_all_tongues_come_as_they_were(relayed: OpenSearch, index: Index) -> None:
    name = "Zoë 𐍈 \N{SNOWMAN} ' \" \\ \x7f"
    row = user(name)
    assert OpenSearchWriter(relayed).write([write(row)]) == []
    refresh(index)
    (hit,) = relayed.search(index=ALIAS)["hits"]["hits"]
    assert hit["_source"]["name"] == name


def test_an_answer_that_does_not_fit_is_said(
    relayed: OpenSearch, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert index.write([write(user("Ada"))]) == []
    refresh(index)
    monkeypatch.setattr("search_sync.operations.relay_requests.MOST_BYTES", 100)
    with pytest.raises(StarlingError, match="_search asks or answers is larger"):
        next(Holdings(relayed, ALIAS).every())


def test_a_request_that_does_not_fit_is_not_sent(
    relayed: OpenSearch, index: Index, invoked: list[Asked]
) -> None:
    text = "".join(random.Random(7).choices(LETTERS, k=MOST_BYTES))  # noqa: S311 - no secret
    with pytest.raises(StarlingError, match="_bulk asks or answers is larger"):
        relayed.bulk(index=ALIAS, body=[{"delete": {"_id": text}}])
    assert invoked == []


def test_an_engine_that_is_down_is_an_outage(
    relayed: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    down = OpenSearch(hosts=["http://127.0.0.1:1"], max_retries=0)
    monkeypatch.setattr(handler._collaborators, "_made", {"engine": down})
    with pytest.raises(TransportError) as outage:
        relayed.count(index=ALIAS)
    assert (outage.value.status_code, outage.value.error) == (504, "ConnectionError")
    (failure,) = OpenSearchWriter(relayed).write([Write("a", "acme", 1, None)])
    assert failure.permanent is False


def refused(status: int, kind: str) -> Reply:
    """Return how Lambda refuses an invocation."""
    return Reply({"Message": "…"}, status, {"x-amzn-ErrorType": kind})


def failed(**told: str) -> Reply:
    """Return how Lambda tells that the function failed."""
    return Reply(told, 200, {"X-Amz-Function-Error": "Unhandled"})


FAILURES = [
    (refused(429, "TooManyRequestsException"), "TooManyRequestsException"),
    (refused(502, "EC2ThrottledException"), "EC2ThrottledException"),
    (refused(500, "ServiceException"), "ServiceException"),
    (failed(errorType="Sandbox.Timedout", errorMessage="…"), "Sandbox.Timedout"),
    (failed(errorMessage="the process ended"), "FunctionError"),
    (Reply(b"no JSON"), "JSONDecodeError"),
]


@pytest.mark.parametrize(("reply", "kind"), FAILURES)
def test_an_invocation_that_fails_is_an_engine_that_is_not_there(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, reply: Reply, kind: str
) -> None:
    asked: list[Asked] = []

    def answer(one: Asked) -> Reply:
        asked.append(one)
        return reply

    with serving(answer) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", url)
        with reach(stage, FAR) as reached:
            with pytest.raises(NoConnection) as error:
                reached.count(index=ALIAS)
            assert error.value.status_code == kind
            assert len(asked) == 1, "who asks decides whether to ask again"
            (failure,) = OpenSearchWriter(reached).write([Write("a", "acme", 1, None)])
    assert failure.permanent is False


def test_nobody_there_to_invoke_is_an_outage(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:1")
    with reach(stage, FAR) as reached, pytest.raises(NoConnection):
        reached.count(index=ALIAS)


def test_a_function_that_does_not_answer_in_time_is_an_outage(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = Event()

    def hang(_: Asked) -> Reply:
        done.wait()
        return Reply({})

    with serving(hang) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", url)
        impatient = engine_access.ONCE.merge(Config(read_timeout=0.1))
        monkeypatch.setattr(engine_access, "ONCE", impatient)
        with reach(stage, FAR) as reached, pytest.raises(ConnectionTimeout):
            reached.count(index=ALIAS)
        done.set()


def test_who_may_not_take_the_role_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: refused(403, "AccessDeniedException")) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", url)
        with reach(stage, FAR) as reached, pytest.raises(StarlingError) as told:
            reached.count(index=ALIAS)
    assert "operator role" in told.value.remedy


def test_a_stage_that_has_no_relay_yet_is_to_be_deployed(stage: Stage) -> None:
    with pytest.raises(StarlingError) as told, reach(stage, FAR | {"search_relay": None}):
        pass
    assert "starling deploy search-sync" in told.value.remedy
