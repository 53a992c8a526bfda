"""What is said to OpenSearch over HTTP, and how its answers are taken."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import urllib3
from opensearchpy.exceptions import RequestError

from runtime.settings import BadSetting
from search_sync.domain.query import Search
from search_sync.engine.client import INDEX, connected
from search_sync.engine.searcher import OpenSearchSearcher
from search_sync.engine.writer import OpenSearchWriter
from search_sync.index import Unavailable, Write

ADA = Write("acme:user:1", "acme", 3, {"name": "Ada"})
GRACE = Write("acme:user:3", "acme", 1, {"name": "Grace"})
GONE = Write("acme:user:2", "acme", 4, None)

DONE = {"index": {"status": 201}}
OLDER = {"index": {"status": 409, "error": {"type": "version_conflict_engine_exception"}}}
NO_INDEX = {"index": {"status": 404, "error": {"type": "index_not_found_exception"}}}
NOT_THERE = {"delete": {"status": 404}}
BUSY = {"index": {"status": 429, "error": {"type": "rejected_execution", "reason": "queue full"}}}
BLOCKED = {"index": {"status": 403, "error": {"type": "cluster_block_exception", "reason": "ro"}}}
BROKEN = {"index": {"status": 503, "error": {"type": "unavailable_shards", "reason": "no shard"}}}
WRONG = {
    "index": {
        "status": 400,
        "error": {
            "type": "mapper_parsing_exception",
            "reason": "failed to parse field [d]. Preview of field's value: 'Ada Lovelace'",
        },
    }
}


def problem(kind: str) -> dict[str, Any]:
    return {"error": {"type": kind, "reason": "…"}, "status": 0}


@dataclass
class Engine:
    """An HTTP server that gives the answers it is told to, and keeps what it is asked."""

    url: str = ""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def will_answer(self, *items: Any, status: int = 200) -> None:
        self.answers.append((status, {"items": list(items)}))

    @property
    def paths(self) -> list[str]:
        return [path.partition("?")[0] for path, _ in self.asked]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    script = Engine()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            script.asked.append((f"{self.command} {self.path}", body.decode()))
            status, document = script.answers.pop(0)
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_HEAD = do_POST = do_PUT = answer  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("SEARCH_ENDPOINT", script.url)
    connected.cache_clear()
    yield script
    connected().close()
    connected.cache_clear()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_bulk_carries_version_tenant_and_document(engine: Engine) -> None:
    engine.answers.append((200, {}))
    engine.will_answer(DONE, NOT_THERE)
    assert OpenSearchWriter.connect().write([ADA, GONE]) == []
    _, (path, body) = engine.asked
    assert path.startswith("POST /starling-documents/_bulk?")
    assert {"require_alias=true", "timeout=2s"} <= set(path.partition("?")[2].split("&"))
    head = {"routing": "acme", "version_type": "external"}
    assert [json.loads(line) for line in body.splitlines()] == [
        {"index": head | {"_id": "acme:user:1", "version": 3}},
        {"name": "Ada"},
        {"delete": head | {"_id": "acme:user:2", "version": 4}},
    ]
    assert body.endswith("\n")


def test_nothing_to_write_asks_nothing(engine: Engine) -> None:
    assert OpenSearchWriter.connect().write([]) == []
    assert engine.asked == []


def test_an_older_version_is_no_failure(engine: Engine) -> None:
    engine.will_answer(OLDER)
    assert OpenSearchWriter.connect().write([ADA]) == []


@pytest.mark.parametrize(
    ("item", "permanent"), [(BUSY, False), (BLOCKED, False), (BROKEN, False), (WRONG, True)]
)
def test_of_a_bulk_only_what_failed_is_returned(
    engine: Engine, item: dict[str, Any], permanent: bool
) -> None:
    engine.will_answer(DONE, item)
    (failure,) = OpenSearchWriter.connect().write([GRACE, ADA])
    assert (failure.write, failure.permanent) == (ADA, permanent)
    assert failure.reason.startswith(item["index"]["error"]["type"])


def test_a_reason_does_not_hold_the_value_that_it_is_about(engine: Engine) -> None:
    engine.will_answer(WRONG)
    (failure,) = OpenSearchWriter.connect().write([ADA])
    assert failure.reason == "mapper_parsing_exception: failed to parse field [d]"


def test_a_bulk_is_cut_by_bytes(engine: Engine) -> None:
    for _ in range(3):
        engine.will_answer(DONE)
    index = OpenSearchWriter(connected(), max_bytes=150)
    large = ADA._replace(document={"name": "x" * 200})
    assert index.write([ADA, large, ADA]) == []
    assert len(engine.asked) == 3


def test_writes_that_fit_one_bulk_go_as_one(engine: Engine) -> None:
    engine.will_answer(DONE, DONE, DONE)
    assert OpenSearchWriter.connect().write([ADA, ADA, ADA]) == []


@pytest.mark.parametrize("status", [401, 403, 413, 429, 500, 502, 503])
def test_when_a_request_fails_the_rest_is_not_even_tried(engine: Engine, status: int) -> None:
    engine.will_answer(DONE)
    engine.answers.append((status, problem("some_exception")))
    index = OpenSearchWriter(connected(), max_bytes=1)
    failures = index.write([GRACE, ADA, ADA])
    assert [(failure.write, failure.permanent) for failure in failures] == [(ADA, False)] * 2
    assert str(status) in failures[0].reason
    assert len(engine.asked) == 2


def test_an_answer_that_is_not_the_engines_is_a_failure(engine: Engine) -> None:
    engine.answers.append((200, b"<html>"))
    (failure,) = OpenSearchWriter.connect().write([ADA])
    assert not failure.permanent


def test_an_engine_that_is_down_fails_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEARCH_ENDPOINT", "http://127.0.0.1:1")
    connected.cache_clear()
    failures = OpenSearchWriter.connect().write([ADA, GRACE])
    assert [(failure.write, failure.permanent) for failure in failures] == [
        (ADA, False),
        (GRACE, False),
    ]
    with pytest.raises(Unavailable):
        OpenSearchSearcher.connect().search(Search(tenant="acme"))
    connected.cache_clear()


def test_the_first_write_makes_the_index_and_its_alias(engine: Engine) -> None:
    engine.will_answer(NO_INDEX, DONE)
    engine.answers.append((200, {"acknowledged": True}))
    engine.will_answer(DONE)
    assert OpenSearchWriter.connect().write([ADA, GRACE]) == []
    assert engine.paths == [
        "POST /starling-documents/_bulk",
        f"PUT /{INDEX}",
        "POST /starling-documents/_bulk",
    ]
    definition = json.loads(engine.asked[1][1])
    assert definition["aliases"] == {"starling-documents": {"is_write_index": True}}
    assert engine.asked[2][1].count("\n") == 2  # only what had no index


def test_a_deletion_makes_the_index_first_because_the_engine_would_make_another(
    engine: Engine,
) -> None:
    engine.answers += [(404, {}), (200, {"acknowledged": True})]
    engine.will_answer(NOT_THERE)
    assert OpenSearchWriter.connect().write([GONE]) == []
    assert engine.paths == [
        "HEAD /_alias/starling-documents",
        f"PUT /{INDEX}",
        "POST /starling-documents/_bulk",
    ]


def test_a_function_that_is_second_at_making_the_index_uses_the_firsts(engine: Engine) -> None:
    engine.will_answer(NO_INDEX)
    engine.answers.append((400, problem("resource_already_exists_exception")))
    engine.will_answer(DONE)
    assert OpenSearchWriter.connect().write([ADA]) == []


def test_an_index_that_cannot_be_made_keeps_the_writes_for_later(engine: Engine) -> None:
    engine.will_answer(NO_INDEX)
    engine.answers.append((400, problem("invalid_index_name_exception")))
    (failure,) = OpenSearchWriter.connect().write([ADA])
    assert not failure.permanent


def test_an_index_that_is_lost_again_keeps_the_writes_for_later(engine: Engine) -> None:
    engine.will_answer(NO_INDEX)
    engine.answers.append((200, {"acknowledged": True}))
    engine.will_answer(NO_INDEX)
    (failure,) = OpenSearchWriter.connect().write([ADA])
    assert (failure.reason, failure.permanent) == ("index_not_found_exception", False)


def hits(*ids: int) -> dict[str, Any]:
    found = [{"_source": {"id": number}, "sort": [1.5, number]} for number in ids]
    return {"hits": {"hits": found}}


def test_a_search_goes_to_the_tenants_own_shard(engine: Engine) -> None:
    engine.answers.append((200, hits(1)))
    assert OpenSearchSearcher.connect().search(Search(tenant="acme", text="ada")) == (
        [{"id": 1}],
        None,
    )
    ((path, body),) = engine.asked
    assert {"routing=acme", "preference=acme", "allow_partial_search_results=false"} <= set(
        path.partition("?")[2].split("&")
    )
    assert {"term": {"tenant": "acme"}} in json.loads(body)["query"]["bool"]["filter"]


def test_one_hit_more_than_asked_for_tells_that_there_is_more(engine: Engine) -> None:
    engine.answers.append((200, hits(1, 2, 3)))
    found = OpenSearchSearcher.connect().search(Search(tenant="acme", size=2))
    assert found == ([{"id": 1}, {"id": 2}], [1.5, 2])
    assert json.loads(engine.asked[0][1])["size"] == 3


def test_before_anything_was_written_nothing_is_found(engine: Engine) -> None:
    engine.answers.append((404, problem("index_not_found_exception")))
    assert OpenSearchSearcher.connect().search(Search(tenant="acme")) == ([], None)


@pytest.mark.parametrize("status", [403, 404, 429, 500, 503])
def test_a_search_that_the_engine_cannot_do_now_is_unavailable(engine: Engine, status: int) -> None:
    engine.answers.append((status, problem("some_exception")))
    with pytest.raises(Unavailable):
        OpenSearchSearcher.connect().search(Search(tenant="acme"))


def test_a_search_that_the_engine_does_not_understand_is_no_outage(engine: Engine) -> None:
    engine.answers.append((400, problem("parsing_exception")))
    with pytest.raises(RequestError):
        OpenSearchSearcher.connect().search(Search(tenant="acme"))


def test_a_domain_on_aws_is_spoken_to_with_the_functions_signature(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: dict[str, str] = {}

    def urlopen(_: object, *__: object, headers: dict[str, str], **___: object) -> Any:
        sent.update(headers)
        return urllib3.HTTPResponse(b'{"hits": {"hits": []}}', status=200)

    monkeypatch.setattr(urllib3.HTTPSConnectionPool, "urlopen", urlopen)
    monkeypatch.setenv("SEARCH_ENDPOINT", "https://search.eu-west-1.es.amazonaws.com")
    connected.cache_clear()
    OpenSearchSearcher.connect().search(Search(tenant="acme"))
    connected.cache_clear()
    assert "/eu-west-1/es/aws4_request" in sent["Authorization"]
    assert "x-amz-content-sha256" in sent["Authorization"].lower()


def test_a_missing_endpoint_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEARCH_ENDPOINT", raising=False)
    connected.cache_clear()
    with pytest.raises(BadSetting, match="SEARCH_ENDPOINT"):
        OpenSearchWriter.connect()
