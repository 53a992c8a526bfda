"""What is written to OpenSearch over HTTP, and how its answers are taken."""

import json
from typing import Any

import pytest

from search_sync.engine import writer
from search_sync.engine.client import INDEX, connected
from search_sync.engine.writer import OpenSearchWriter
from search_sync.index import Write

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


STANDBY = {
    "starling-documents-v3-20261121203000": {
        "aliases": {"starling-documents-standby": {"is_write_index": True}}
    }
}


def problem(kind: str) -> dict[str, Any]:
    return {"error": {"type": kind, "reason": "…"}, "status": 0}


def index(**options: Any) -> OpenSearchWriter:
    """Return a writer that does not wait."""
    return OpenSearchWriter(connected(), pause=lambda _: None, **options)


def test_a_bulk_carries_version_tenant_and_document(engine: Any) -> None:
    engine.will_answer(DONE, NOT_THERE)
    assert OpenSearchWriter.connect().write([ADA, GONE]) == []
    ((path, body),) = engine.asked
    assert path.startswith("POST /starling-documents/_bulk?")
    assert {"require_alias=true", "timeout=2s"} <= set(path.partition("?")[2].split("&"))
    head = {"routing": "acme", "version_type": "external"}
    assert [json.loads(line) for line in body.splitlines()] == [
        {"index": head | {"_id": "acme:user:1", "version": 3}},
        {"name": "Ada"},
        {"delete": head | {"_id": "acme:user:2", "version": 4}},
    ]
    assert body.endswith("\n")


def test_nothing_to_write_asks_nothing(engine: Any) -> None:
    assert OpenSearchWriter.connect().write([]) == []
    assert engine.asked == []


def test_an_older_version_is_no_failure(engine: Any) -> None:
    engine.will_answer(OLDER)
    assert OpenSearchWriter.connect().write([ADA]) == []


@pytest.mark.parametrize(("item", "permanent"), [(BLOCKED, False), (BROKEN, False), (WRONG, True)])
def test_of_a_bulk_only_what_failed_is_returned(
    engine: Any, item: dict[str, Any], permanent: bool
) -> None:
    engine.will_answer(DONE, item)
    (failure,) = OpenSearchWriter.connect().write([GRACE, ADA])
    assert (failure.write, failure.permanent) == (ADA, permanent)
    assert failure.reason.startswith(item["index"]["error"]["type"])


def test_a_reason_does_not_hold_the_value_that_it_is_about(engine: Any) -> None:
    engine.will_answer(WRONG)
    (failure,) = OpenSearchWriter.connect().write([ADA])
    assert failure.reason == "mapper_parsing_exception: failed to parse field [d]"


def test_a_bulk_is_cut_by_bytes(engine: Any) -> None:
    for _ in range(3):
        engine.will_answer(DONE)
    large = ADA._replace(document={"name": "x" * 200})
    assert index(max_bytes=150).write([ADA, large, ADA]) == []
    assert len(engine.asked) == 3


def test_writes_that_fit_one_bulk_go_as_one(engine: Any) -> None:
    engine.will_answer(DONE, DONE, DONE)
    assert OpenSearchWriter.connect().write([ADA, ADA, ADA]) == []


@pytest.mark.parametrize("status", [401, 403, 413, 500, 502, 503])
def test_when_a_request_fails_the_rest_is_not_even_tried(engine: Any, status: int) -> None:
    engine.will_answer(DONE)
    engine.answers.append((status, problem("some_exception")))
    failures = index(max_bytes=1).write([GRACE, ADA, ADA])
    assert [(failure.write, failure.permanent) for failure in failures] == [(ADA, False)] * 2
    assert str(status) in failures[0].reason
    assert len(engine.asked) == 2


def test_an_answer_that_is_not_the_engines_is_a_failure(engine: Any) -> None:
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
    connected.cache_clear()


def test_the_first_write_makes_the_index_and_its_alias(engine: Any) -> None:
    engine.standing.clear()
    engine.answers.append((200, {"acknowledged": True}))
    engine.will_answer(DONE, NOT_THERE)
    assert OpenSearchWriter.connect().write([ADA, GONE]) == []
    assert engine.paths == [f"PUT /{INDEX}", "POST /starling-documents/_bulk"]
    definition = json.loads(engine.asked[0][1])
    assert definition["aliases"] == {"starling-documents": {"is_write_index": True}}


def test_an_index_that_was_just_lost_is_made_anew(engine: Any) -> None:
    engine.will_answer(NO_INDEX, DONE)
    engine.answers.append((200, {"acknowledged": True}))
    engine.will_answer(DONE)
    assert OpenSearchWriter.connect().write([ADA, GRACE]) == []
    assert engine.paths == [
        "POST /starling-documents/_bulk",
        f"PUT /{INDEX}",
        "POST /starling-documents/_bulk",
    ]
    assert engine.asked[2][1].count("\n") == 2  # only what had no index


def test_a_deletion_is_not_sent_by_a_name_that_was_there_once(engine: Any) -> None:
    known = OpenSearchWriter.connect()
    engine.will_answer(DONE)
    assert known.write([ADA]) == []
    engine.standing.clear()
    engine.answers.append((200, {"acknowledged": True}))
    engine.will_answer(NOT_THERE)
    assert known.write([GONE]) == []  # the engine would make an index by the alias's name
    assert engine.paths[1:] == [f"PUT /{INDEX}", "POST /starling-documents/_bulk"]


def test_a_function_that_is_second_at_making_the_index_uses_the_firsts(engine: Any) -> None:
    engine.will_answer(NO_INDEX)
    engine.answers.append((400, problem("resource_already_exists_exception")))
    engine.will_answer(DONE)
    assert OpenSearchWriter.connect().write([ADA]) == []


def test_an_index_that_cannot_be_made_keeps_the_writes_for_later(engine: Any) -> None:
    engine.will_answer(NO_INDEX)
    engine.answers.append((400, problem("invalid_index_name_exception")))
    (failure,) = OpenSearchWriter.connect().write([ADA])
    assert not failure.permanent


def test_an_index_that_is_lost_again_keeps_the_writes_for_later(engine: Any) -> None:
    engine.will_answer(NO_INDEX)
    engine.answers.append((200, {"acknowledged": True}))
    engine.will_answer(NO_INDEX)
    (failure,) = OpenSearchWriter.connect().write([ADA])
    assert (failure.reason, failure.permanent) == ("index_not_found_exception", False)


@pytest.mark.parametrize("whole", [False, True])
def test_an_overloaded_engine_is_asked_again_with_less_at_once(engine: Any, whole: bool) -> None:
    if whole:
        engine.answers.append((429, problem("rejected_execution_exception")))
    else:
        engine.will_answer(BUSY, BUSY, BUSY, BUSY)
    engine.will_answer(DONE, DONE)
    engine.will_answer(DONE, DONE)
    pauses: list[float] = []
    busy = OpenSearchWriter(connected(), pause=pauses.append)
    assert busy.write([ADA, GRACE, ADA, GRACE]) == []
    assert [body.count("_id") for _, body in engine.asked] == [4, 2, 2]
    assert [0.125 <= pause <= 0.25 for pause in pauses] == [True]


def test_only_what_the_engine_was_too_busy_for_is_sent_again(engine: Any) -> None:
    engine.will_answer(BUSY, WRONG, DONE)
    engine.will_answer(DONE)
    (failure,) = index().write([ADA, GONE, GRACE])
    assert (failure.write, failure.permanent) == (GONE, True)
    assert "acme:user:1" in engine.asked[1][1]
    assert engine.asked[1][1].count("_id") == 1


def test_an_engine_that_stays_overloaded_is_left_alone_after_a_few_attempts(engine: Any) -> None:
    for _ in range(4):
        engine.will_answer(BUSY)
    pauses: list[float] = []
    failures = OpenSearchWriter(connected(), max_bytes=1, pause=pauses.append).write([ADA, GRACE])
    assert [(one.write, one.permanent) for one in failures] == [(ADA, False), (GRACE, False)]
    assert failures[0].reason.startswith("rejected_execution")
    assert len(engine.asked) == 4
    assert len(pauses) == 3
    assert sum(pauses) <= 1.75


def test_a_standby_is_written_as_well(engine: Any) -> None:
    engine.standing |= STANDBY
    engine.will_answer(DONE, DONE, NOT_THERE, OLDER)
    assert OpenSearchWriter.connect().write([ADA, GONE]) == []
    ((_, body),) = engine.asked
    lines = [json.loads(line) for line in body.splitlines()]
    assert [line.get("index", line.get("delete", {})).get("_index") for line in lines] == [
        *(None, None),
        *("starling-documents-standby", None),
        *(None, "starling-documents-standby"),
    ]
    assert lines[1] == lines[3] == {"name": "Ada"}


def test_whether_there_is_a_standby_is_asked_every_few_seconds(
    engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr("search_sync.engine.writer.time.time", lambda: now)
    one = OpenSearchWriter.connect()
    for _ in range(3):
        engine.will_answer(DONE)
        one.write([ADA])
    assert engine.looked == 1
    engine.standing |= STANDBY
    now += writer.MEMORY_SECONDS
    engine.will_answer(DONE, DONE)
    assert one.write([ADA]) == []
    now -= 60  # a clock that was set back
    engine.will_answer(DONE, DONE)
    assert one.write([ADA]) == []
    assert engine.looked == 3


@pytest.mark.parametrize("item", [NO_INDEX, WRONG])
def test_a_standby_that_is_gone_or_refuses_a_document_holds_nothing_up(
    engine: Any, item: dict[str, Any]
) -> None:
    engine.standing |= STANDBY
    one = OpenSearchWriter.connect()
    engine.will_answer(DONE, item)
    assert one.write([ADA]) == []
    del engine.standing["starling-documents-v3-20261121203000"]
    engine.will_answer(DONE)
    assert one.write([ADA]) == []  # it was asked anew
    assert engine.asked[1][1].count("_id") == 1


@pytest.mark.parametrize("item", [BROKEN, BLOCKED])
def test_what_a_standby_cannot_take_now_is_to_come_again(engine: Any, item: dict[str, Any]) -> None:
    engine.standing |= STANDBY
    engine.will_answer(DONE, item)
    (failure,) = OpenSearchWriter.connect().write([ADA])
    assert (failure.write, failure.permanent) == (ADA, False)
    assert failure.reason.startswith("standby: ")


def test_a_standby_that_is_overloaded_is_asked_again(engine: Any) -> None:
    engine.standing |= STANDBY
    engine.will_answer(DONE, BUSY)
    engine.will_answer(OLDER, DONE)
    assert index().write([ADA]) == []


def test_a_standby_that_is_about_to_go_is_not_written(engine: Any) -> None:
    closed = {"aliases": {"starling-documents-standby": {"is_write_index": False}}}
    engine.standing["starling-documents-v2"] = closed
    engine.will_answer(DONE)
    assert OpenSearchWriter.connect().write([ADA]) == []


def test_what_fills_a_standby_writes_it_alone_and_makes_none(engine: Any) -> None:
    engine.will_answer(NO_INDEX, DONE)
    (failure,) = index(into="starling-documents-standby").write([ADA, GRACE])
    assert (failure.write, failure.reason) == (ADA, "index_not_found_exception")
    assert engine.paths == ["POST /starling-documents-standby/_bulk"]
    assert engine.looked == 0


def test_what_repairs_replaces_documents_of_the_same_version(engine: Any) -> None:
    engine.will_answer(DONE)
    assert index(again=True).write([ADA]) == []
    assert json.loads(engine.asked[0][1].splitlines()[0])["index"]["version_type"] == (
        "external_gte"
    )
