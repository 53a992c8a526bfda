"""Imports that exceed one function: each row once, whatever is started twice or dies."""

import csv
import io
import json
from typing import Any

import pytest

from media.domain.asking import LARGE_BYTES
from media.workflow import claim_import, finish_import, import_batch
from runtime.commits import Commits, Crash
from runtime.queue import Hopeless
from runtime.task import InvalidInput
from runtime.testing import Context

HEADER = "sku,name,price,currency,stock\n"
CSV = {
    "filename": "a.csv",
    "content_type": "text/csv",
    "purpose": "import",
    "size": LARGE_BYTES + 1,
}


def file(good: int, bad: int = 0) -> bytes:
    """Return a file of so many good rows; behind every `bad`th there is a bad one."""
    lines = []
    for number in range(good):
        lines.append(f"sku-{number},Product {number},{number + 1},EUR,{number % 7}\n")
        if bad and number % bad == 0:
            lines.append(f"sku-{number}b,,x,EUR,1\n")
    return (HEADER + "".join(lines)).encode()


class Runs:
    """The state machine's tasks, called as it calls them."""

    def __init__(self, service: Any) -> None:
        self.service = service

    def ask(self) -> str:
        answer = self.service.api.create(CSV)
        assert answer.body["upload"]["fields"]["key"].startswith("large-files/acme/med_")
        return str(answer.body["id"])

    def send(self, media_id: str, data: bytes) -> None:
        self.service.buckets.send(f"large-files/acme/{media_id}.csv", data)

    def claim(self, media_id: str, run: str = "run-1", bucket: str = "") -> dict[str, Any]:
        arrived = {
            "bucket": bucket or self.service.buckets.UPLOADS,
            "key": f"large-files/acme/{media_id}.csv",
            "run": run,
        }
        claim: dict[str, Any] = claim_import.handler(arrived, Context())
        return claim

    def items(self, claim: dict[str, Any]) -> list[dict[str, Any]]:
        """Return what the map's reader and selector make of the file."""
        buckets = self.service.buckets
        found = buckets.s3.get_object(Bucket=buckets.LIBRARY, Key=claim["key"])["Body"].read()
        cells = csv.DictReader(io.StringIO(found.decode(), newline=""))
        whose = {"tenant": claim["tenant"], "media_id": claim["media_id"]}
        return [{**whose, "index": index, "cells": row} for index, row in enumerate(cells)]

    def batches(self, claim: dict[str, Any], size: int = 1000) -> list[dict[str, Any]]:
        items = self.items(claim)
        return [{"Items": items[start : start + size]} for start in range(0, len(items), size)]

    def batch(self, batch: dict[str, Any]) -> None:
        assert import_batch.handler(batch, Context()) is None

    def finish(self, media_id: str) -> dict[str, int]:
        asked = {"tenant": "acme", "media_id": media_id}
        summary: dict[str, int] = finish_import.handler(asked, Context())
        return summary

    def run(self, data: bytes, size: int = 1000) -> str:
        """Import a file as the definition says."""
        media_id = self.ask()
        self.send(media_id, data)
        claim = self.claim(media_id)
        if claim["claimed"]:
            for batch in self.batches(claim, size):
                self.batch(batch)
            self.finish(media_id)
        return media_id

    def report(self, media_id: str) -> Any:
        buckets = self.service.buckets
        key = f"reports/acme/{media_id}.json"
        return json.loads(buckets.s3.get_object(Bucket=buckets.LIBRARY, Key=key)["Body"].read())


@pytest.fixture
def runs(service: Any) -> Runs:
    return Runs(service)


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["detail-type"] for event in events]


def accepted(events: list[dict[str, Any]]) -> list[str]:
    """Return the SKUs that were told, in the order of the batches' numbers."""
    told = [e["detail"]["data"] for e in events if e["detail-type"] == "ProductRowsAccepted.v1"]
    numbers = [one["batch"] for one in told]
    assert len(set(numbers)) == len(numbers)
    told.sort(key=lambda one: one["batch"])
    return [row["sku"] for one in told for row in one["rows"]]


@pytest.mark.parametrize("size", [1, 30, 1000])
def test_however_a_file_is_cut_its_rows_are_told_and_reported(
    runs: Runs, service: Any, size: int
) -> None:
    media_id = runs.run(file(60, bad=25), size)
    told = service.news()
    assert accepted(told) == [f"sku-{number}" for number in range(60)]
    assert told[-1]["detail-type"] == "ImportFinished.v1"
    finished = told[-1]["detail"]["data"]
    assert (finished["accepted"], finished["refused"]) == (60, 3)
    shown = service.api.get(media_id).body
    assert (shown["status"], shown["report"]["accepted"], shown["report"]["refused"]) == (
        *("ready", 60, 3),
    )
    report = runs.report(media_id)
    assert [row["line"] for row in report["rows"]] == [3, 29, 55]
    assert "name is missing" in report["rows"][0]["reason"]
    assert service.buckets.kept == [f"originals/acme/{media_id}", f"reports/acme/{media_id}.json"]
    assert service.buckets.keys(service.buckets.UPLOADS) == []


def test_a_batch_is_told_in_events_of_200_rows_of_one_correlation(runs: Runs, service: Any) -> None:
    runs.run(file(450))
    (*batches, finished) = service.news()
    assert [len(one["detail"]["data"]["rows"]) for one in batches] == [200, 200, 50]
    assert [one["detail"]["data"]["batch"] for one in batches] == [1, 201, 401]
    metadata = [one["detail"]["metadata"] for one in (*batches, finished)]
    assert len({one["correlation_id"] for one in metadata}) == 1
    assert len({one["idempotency_key"] for one in metadata}) == len(metadata)


def test_one_row_alone_is_a_batch_where_the_map_makes_none(runs: Runs, service: Any) -> None:
    media_id = runs.ask()
    runs.send(media_id, file(2))
    for item in runs.items(runs.claim(media_id)):
        runs.batch(item)
    assert runs.finish(media_id) == {"accepted": 2, "refused": 0}
    assert accepted(service.news()) == ["sku-0", "sku-1"]


@pytest.mark.parametrize("size", [30, 1000])
def test_batches_twice_and_in_any_order_tell_no_row_twice(
    runs: Runs, service: Any, size: int
) -> None:
    media_id = runs.ask()
    runs.send(media_id, file(450, bad=90))
    batches = runs.batches(runs.claim(media_id), size)
    for batch in (*reversed(batches), *batches):
        runs.batch(batch)
    assert runs.finish(media_id) == runs.finish(media_id) == {"accepted": 450, "refused": 5}
    told = service.news()
    assert accepted(told) == [f"sku-{number}" for number in range(450)]
    assert kinds(told).count("ImportFinished.v1") == 1
    runs.batch(batches[0])  # late
    assert service.news() == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(1, 9))
def test_killed_at_any_commit_and_driven_again_it_tells_each_row_once(
    runs: Runs, service: Any, commits: Commits, nth: int, when: Any
) -> None:
    media_id = runs.ask()
    runs.send(media_id, file(450, bad=50))
    done: set[str] = set()

    def step(name: str, do: Any) -> Any:
        """Do a step as the state machine does: again, if it dies."""
        try:
            return do()
        except Crash:
            done.add(name)
            return do()

    commits.crash(nth=nth, when=when)
    claim = step("claim", lambda: runs.claim(media_id))
    assert claim["claimed"] is True
    for batch in runs.batches(claim, 250):
        step("batch", lambda batch=batch: runs.batch(batch))
    assert step("finish", lambda: runs.finish(media_id)) == {"accepted": 450, "refused": 9}
    assert done
    told = service.news()
    assert accepted(told) == [f"sku-{number}" for number in range(450)]
    assert kinds(told).count("ImportFinished.v1") == 1
    assert len(runs.report(media_id)["rows"]) == 9


def test_a_second_notification_of_a_file_changes_nothing(runs: Runs, service: Any) -> None:
    media_id = runs.ask()
    runs.send(media_id, file(3))
    claim = runs.claim(media_id)
    assert runs.claim(media_id, run="run-2") == {
        **dict.fromkeys(("tenant", "media_id", "key")),
        "claimed": False,
    }
    assert runs.claim(media_id) == claim  # its own, tried again
    runs.batch(runs.batches(claim)[0])
    runs.finish(media_id)
    runs.send(media_id, file(9))
    assert runs.claim(media_id, run="run-3")["claimed"] is False
    assert accepted(service.news()) == ["sku-0", "sku-1", "sku-2"]
    assert service.find(media_id).progress.accepted == 3


BAD = {
    "WRONG_DELIMITER": file(3).replace(b",", b";"),
    "MISSING_COLUMNS": file(3).replace(b",stock", b""),
    "EMPTY": HEADER.encode(),
    "NOT_TEXT": b"PK\x03\x04" + bytes(50),
    "WRONG_ENCODING": file(40_000) + "a,Café,1,EUR,1\n".encode("latin-1") + file(40_000),
}


@pytest.mark.parametrize("reason", BAD)
def test_a_file_that_cannot_be_read_is_refused_before_the_first_batch(
    runs: Runs, service: Any, reason: str
) -> None:
    media_id = runs.run(BAD[reason])
    (told,) = service.news()
    assert (told["detail-type"], told["detail"]["data"]["reason"]) == ("MediaRejected.v1", reason)
    assert len(runs.report(media_id)["problem"]["detail"]) > 20
    assert f"quarantine/acme/{media_id}" in service.buckets.kept


@pytest.mark.parametrize("end", [b"a,b\0,1,EUR,1\n", "é".encode()[:1]])
def test_bytes_that_are_no_text_are_found_wherever_they_are(
    runs: Runs, service: Any, end: bytes
) -> None:
    media_id = runs.run(file(40_000) + end)
    assert service.find(media_id).reason == "WRONG_ENCODING"
    detail = runs.report(media_id)["problem"]["detail"]
    assert "or below it the file is not UTF-8 text" in detail


def test_a_character_over_two_chunks_is_text(runs: Runs, service: Any) -> None:
    rows = "".join(f"s{number},Élan {'é' * 50},1,EUR,1\n" for number in range(6_000))
    media_id = runs.ask()
    runs.send(media_id, (HEADER + rows).encode())
    assert runs.claim(media_id)["claimed"] is True


def test_columns_are_found_whatever_their_case_and_a_mark_before_them(
    runs: Runs, service: Any
) -> None:
    runs.run(b"\xef\xbb\xbf" + file(2).replace(b"sku,name", b" SKU ,Name"))
    assert accepted(service.news()) == ["sku-0", "sku-1"]


def test_blank_rows_are_no_rows(runs: Runs, service: Any) -> None:
    media_id = runs.run(file(2) + b" , ,,,\n,,,,\n")
    assert accepted(service.news()) == ["sku-0", "sku-1"]
    assert runs.report(media_id)["refused"] == 0


@pytest.mark.parametrize("after", ["claim", "batch"])
def test_deleted_meanwhile_it_tells_nothing_more_and_leaves_nothing(
    runs: Runs, service: Any, after: str
) -> None:
    media_id = runs.ask()
    runs.send(media_id, file(450, bad=50))
    batches = runs.batches(runs.claim(media_id), 230)
    if after == "batch":
        runs.batch(batches.pop(0))
    service.api.delete(media_id)
    service.settle()
    for batch in batches:
        runs.batch(batch)
    runs.finish(media_id)
    assert service.news() == []
    assert service.find(media_id).status == "deleted"
    assert service.buckets.kept == []


def test_deleted_while_it_is_summed_up_it_leaves_nothing(
    runs: Runs, service: Any, commits: Commits
) -> None:
    media_id = runs.ask()
    runs.send(media_id, file(5, bad=2))
    runs.batch(runs.batches(runs.claim(media_id))[0])
    commits.interrupt(lambda: service.api.delete(media_id))
    runs.finish(media_id)
    told = kinds(service.settle())
    assert "ImportFinished.v1" not in told
    assert service.buckets.kept == []


def test_what_nobody_asked_for_is_not_touched_and_fails(runs: Runs, service: Any) -> None:
    unknown = "med_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    runs.send(unknown, file(1))
    with pytest.raises(Hopeless, match="nobody asked"):
        runs.claim(unknown)
    media_id = runs.ask()
    with pytest.raises(Hopeless, match="nobody asked"):
        runs.claim(media_id, bucket="another")
    assert service.buckets.keys(service.buckets.UPLOADS) == [f"large-files/acme/{unknown}.csv"]


def test_a_picture_and_a_file_that_is_gone_are_no_imports(runs: Runs, service: Any) -> None:
    with pytest.raises(Hopeless, match="is no import"):
        runs.claim(service.ask())
    with pytest.raises(Hopeless, match="is gone"):
        runs.claim(runs.ask())


@pytest.mark.parametrize("given", [{}, {"Items": []}, {"Items": [{"index": 1}]}, [], None])
def test_a_batch_of_another_shape_is_refused(service: Any, given: Any) -> None:
    with pytest.raises(InvalidInput):
        import_batch.handler(given, Context())
