"""Imports that arrive: every good row told once, every bad row reported, whatever happens."""

import json
from typing import Any

import pytest

from media.workers import import_products
from runtime.commits import Commits, Crash
from runtime.testing import Context, Queues, queue_event

HEADER = "sku,name,price,currency,stock\n"
CSV = {"filename": "a.csv", "content_type": "text/csv", "purpose": "import"}


def rows(count: int, bad: int = 0) -> bytes:
    """Return a file of so many good rows; behind every `bad`th there is a bad one."""
    lines = []
    for number in range(count):
        lines.append(f"sku-{number},Product {number},{number + 1},EUR,{number % 7}\n")
        if bad and number % bad == 0:
            lines.append(f"sku-{number}b,,x,EUR,1\n")
    return (HEADER + "".join(lines)).encode()


class Imports:
    """The importing function, and what it told."""

    def __init__(self, service: Any) -> None:
        self.service = service

    def ask(self, data: bytes) -> str:
        return str(self.service.ask(data, **CSV))

    def send(self, media_id: str, data: bytes) -> dict[str, Any]:
        message: dict[str, Any] = self.service.buckets.send(f"imports/acme/{media_id}.csv", data)
        return message

    def take(self, message: object) -> list[Any]:
        answer = import_products.handler(queue_event(message), Context())
        failures: list[Any] = answer["batchItemFailures"]
        return failures

    def run(self, data: bytes) -> str:
        media_id = self.ask(data)
        assert self.take(self.send(media_id, data)) == []
        return media_id

    def report(self, media_id: str) -> Any:
        buckets = self.service.buckets
        key = f"reports/acme/{media_id}.json"
        return json.loads(buckets.s3.get_object(Bucket=buckets.LIBRARY, Key=key)["Body"].read())


@pytest.fixture
def imports(service: Any) -> Imports:
    return Imports(service)


def accepted(events: list[dict[str, Any]]) -> list[str]:
    """Return the SKUs that were told, in the order of the batches."""
    told = [e["detail"]["data"] for e in events if e["detail-type"] == "ProductRowsAccepted.v1"]
    assert [one["batch"] for one in told] == sorted({one["batch"] for one in told})
    return [row["sku"] for one in told for row in one["rows"]]


def test_good_rows_are_told_in_batches_and_bad_ones_reported(
    imports: Imports, service: Any
) -> None:
    media_id = imports.run(rows(450, bad=100))
    told = service.news()
    assert accepted(told) == [f"sku-{number}" for number in range(450)]
    assert told[-1]["detail-type"] == "ImportFinished.v1"
    finished = told[-1]["detail"]["data"]
    assert (finished["accepted"], finished["refused"]) == (450, 5)
    shown = service.api.get(media_id).body
    assert (shown["status"], shown["renditions"]) == ("ready", [])
    assert (shown["report"]["accepted"], shown["report"]["refused"]) == (450, 5)
    report = imports.report(media_id)
    assert [row["line"] for row in report["rows"]] == [3, 104, 205, 306, 407]
    assert "name is missing" in report["rows"][0]["reason"]
    assert report["problem"] is None
    kept = service.buckets.kept
    assert kept == [f"originals/acme/{media_id}", f"reports/acme/{media_id}.json"]
    assert service.buckets.keys(service.buckets.UPLOADS) == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(1, 6))
def test_killed_at_any_commit_it_goes_on_and_tells_no_row_twice(
    imports: Imports, service: Any, commits: Commits, nth: int, when: Any
) -> None:
    data = rows(450, bad=50)
    media_id = imports.ask(data)
    message = imports.send(media_id, data)
    commits.crash(nth=nth, when=when)
    with pytest.raises(Crash):
        imports.take(message)
    assert imports.take(message) == []
    told = service.news()
    assert accepted(told) == [f"sku-{number}" for number in range(450)]
    assert [e["detail-type"] for e in told].count("ImportFinished.v1") == 1
    report = imports.report(media_id)
    assert len({row["line"] for row in report["rows"]}) == len(report["rows"]) == 9


def test_100_000_rows_killed_half_way_are_each_told_once(
    imports: Imports, service: Any, commits: Commits
) -> None:
    data = rows(100_000)
    media_id = imports.ask(data)
    message = imports.send(media_id, data)
    commits.crash(nth=250)
    with pytest.raises(Crash):
        imports.take(message)
    assert imports.take(message) == []
    assert accepted(service.news()) == [f"sku-{number}" for number in range(100_000)]
    assert service.api.get(media_id).body["report"]["accepted"] == 100_000


def test_told_twice_and_sent_again_it_is_read_once(imports: Imports, service: Any) -> None:
    data = rows(5)
    media_id = imports.run(data)
    service.news()
    message = imports.send(media_id, rows(9))
    assert imports.take(message) == imports.take(message) == []
    assert service.news() == []
    assert service.find(media_id).progress.accepted == 5


def test_sent_again_while_it_is_read_the_first_file_is_read_on(
    imports: Imports, service: Any, commits: Commits
) -> None:
    data = rows(450)
    media_id = imports.ask(data)
    message = imports.send(media_id, data)
    commits.crash(nth=3)
    with pytest.raises(Crash):
        imports.take(message)
    imports.send(media_id, rows(3))
    assert imports.take(message) == []
    assert accepted(service.news()) == [f"sku-{number}" for number in range(450)]


BAD = {
    "WRONG_DELIMITER": rows(3).replace(b",", b";"),
    "WRONG_ENCODING": HEADER.encode() + "a,Café,1,EUR,1\n".encode("latin-1"),
    "MISSING_COLUMNS": rows(3).replace(b",stock", b""),
    "REPEATED_COLUMNS": rows(3).replace(b"stock", b"stock,SKU"),
    "EMPTY": HEADER.encode(),
    "NOT_TEXT": b"PK\x03\x04" + bytes(50),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_file_that_cannot_be_read_is_refused_with_a_report(
    imports: Imports, service: Any, reason: str
) -> None:
    media_id = imports.run(BAD[reason])
    told = service.news()
    assert [event["detail-type"] for event in told] == ["MediaRejected.v1"]
    assert told[0]["detail"]["data"]["reason"] == reason
    shown = service.api.get(media_id).body
    assert (shown["status"], shown["reason"]) == ("rejected", reason)
    report = imports.report(media_id)
    assert (report["accepted"], report["rows"]) == (0, [])
    assert report["problem"]["reason"] == reason
    assert len(report["problem"]["detail"]) > 20
    assert f"quarantine/acme/{media_id}" in service.buckets.kept
    assert f"originals/acme/{media_id}" not in service.buckets.kept


def test_a_file_with_a_mark_and_quoted_lines_is_read(imports: Imports, service: Any) -> None:
    data = b"\xef\xbb\xbf" + HEADER.encode() + b'a,"Two\r\nlines, ""quoted""",1,EUR,1\r\n'
    imports.run(data)
    (batch, _finished) = service.news()
    assert batch["detail"]["data"]["rows"][0]["name"] == 'Two\r\nlines, "quoted"'


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_deleted_while_it_is_read_it_stops_and_leaves_nothing(
    imports: Imports, service: Any, commits: Commits, nth: int
) -> None:
    data = rows(450, bad=50)
    media_id = imports.ask(data)
    message = imports.send(media_id, data)
    commits.interrupt(lambda: service.api.delete(media_id), nth=nth)
    assert imports.take(message) == []
    service.settle()
    assert service.find(media_id).status == "deleted"
    assert service.buckets.kept == []


def test_deleted_while_it_is_refused_it_leaves_nothing(
    imports: Imports, service: Any, commits: Commits
) -> None:
    data = BAD["WRONG_DELIMITER"]
    media_id = imports.ask(data)
    message = imports.send(media_id, data)
    commits.interrupt(lambda: service.api.delete(media_id), nth=2)
    assert imports.take(message) == []
    service.settle()
    assert service.find(media_id).status == "deleted"
    assert service.buckets.kept == []


def test_a_picture_is_no_import(imports: Imports, service: Any, queues: Queues) -> None:
    media_id = service.ask()
    assert imports.take(imports.send(media_id, b"x")) == []
    (dead,) = queues.dead()
    assert "is no import" in dead["MessageAttributes"]["reason"]["StringValue"]


def test_an_import_that_nobody_asked_for_is_reported(imports: Imports, queues: Queues) -> None:
    assert imports.take(imports.send("med_01ARZ3NDEKTSV4RRFFQ69G5FAV", rows(1))) == []
    assert len(queues.dead()) == 1


def test_a_report_longer_than_one_part_is_whole(
    imports: Imports, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # S3 takes parts of 5 MB and more: rows enough for two.
    monkeypatch.setattr("media.objects._UPLOAD_PART", 5 * 1024 * 1024)
    line = "b,,x,€,-\n"
    count = 60_000
    media_id = imports.run((HEADER + line * count).encode())
    report = imports.report(media_id)
    assert [row["line"] for row in report["rows"]] == list(range(2, count + 2))
    assert service.find(media_id).progress.refused == count
