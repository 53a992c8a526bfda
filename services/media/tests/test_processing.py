"""The three processors, the aggregate, and what is left of them in the end."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PIL import Image

from media.schedules import give_up_waiting
from media.store import Media
from runtime.clients import client
from runtime.commits import Commits, Crash
from runtime.table import Slice, Table
from runtime.testing import TABLE, Context, incoming

READY = "MediaReady.v1"


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["detail-type"] for event in events]


def rows(prefix: str = "") -> list[str]:
    found = client("dynamodb").scan(TableName=TABLE)["Items"]
    return sorted(
        f"{item['pk']['S']} {item['sk']['S']}"
        for item in found
        if item["pk"]["S"].startswith(prefix)
    )


def after_the_deadline() -> None:
    """Run the sweep when the pictures of now have had their time."""
    later = datetime.now(UTC) + timedelta(minutes=6)
    give_up_waiting.give_up_waiting({}, Media.connect(), later)


def test_a_picture_is_ready_when_all_three_are_done(
    service: Any, buckets: Any, make_picture: Any
) -> None:
    media_id = service.upload(make_picture((1300, 900)), subject="lamp")
    told = service.settle()
    assert set(kinds(told)) == {
        *("MediaUploaded.v1", "ThumbnailGenerated.v1", "MetadataExtracted.v1"),
        *("MediaAnalysed.v1", READY),
    }
    assert len(told) == 5
    ready = told[-1]["detail"]
    assert (told[-1]["detail-type"], ready["data"]["missing"]) == (READY, [])
    assert ready["metadata"]["subject"] == media_id
    shown = service.api.get(media_id).body
    assert (shown["status"], shown["texts"], shown["missing"]) == ("ready", ["TRAIL RUNNER"], [])
    assert [one["width"] for one in shown["renditions"]] == [160, 480, 1200]
    assert shown["metadata"]["width"] == 1300
    for one in shown["renditions"]:
        key = f"renditions/acme/{media_id}/{one['width']}.webp"
        assert key in buckets.kept
        assert key in one["url"]
        assert "X-Amz-Signature" in one["url"]
        data = buckets.s3.get_object(Bucket=buckets.LIBRARY, Key=key)["Body"].read()
        with Image.open(io.BytesIO(data)) as opened:
            assert opened.size == (one["width"], one["height"])


def test_all_events_go_back_to_the_request(service: Any, make_picture: Any) -> None:
    data = make_picture()
    media_id = service.ask(data)
    service.arrive(media_id, data)
    origin = service.find(media_id).origin.correlation_id
    assert {event["detail"]["metadata"]["correlation_id"] for event in service.settle()} == {origin}


def test_the_camera_is_told_and_where_it_stood_is_not(service: Any, make_picture: Any) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Acme", "Snap 9"  # maker and model
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0), 3: "E", 4: (11.0, 34.0, 0.0)}  # where
    media_id = service.upload(make_picture(exif=exif))
    told = service.settle()
    assert service.api.get(media_id).body["metadata"]["camera"] == "Acme Snap 9"
    assert "GPS" not in str(told)
    assert "48.0" not in str(told)


def test_pictures_that_look_alike_are_found_within_the_tenant(
    service: Any, make_picture: Any
) -> None:
    data = make_picture((640, 480))
    first = service.upload(data)
    service.settle()
    smaller = Image.open(io.BytesIO(data)).resize((320, 240))
    file = io.BytesIO()
    smaller.save(file, "JPEG", quality=70)
    second = service.upload(file.getvalue())
    service.settle()
    assert service.api.get(second).body["metadata"]["similar"] == [first]
    stranger = service.api.create({"size": len(data)}, tenant="globex").body["id"]
    service.arrive(stranger, data, tenant="globex")
    service.settle()
    assert service.api.get(stranger, tenant="globex").body["metadata"]["similar"] == []


def test_told_twice_each_processor_answers_once(service: Any, make_picture: Any) -> None:
    media_id = service.upload(make_picture())
    (uploaded,) = service.news()
    service.deliver(uploaded, uploaded)
    told = service.settle()
    assert len(told) == 4
    service.deliver(*told, *told, uploaded)
    assert service.settle() == []
    assert service.find(media_id).status == "ready"


@pytest.mark.parametrize("broken", ["make_thumbnails", "extract_metadata", "analyse"])
def test_one_that_is_missing_holds_no_picture_back(
    service: Any, make_picture: Any, broken: str
) -> None:
    media_id = service.upload(make_picture())
    (uploaded,) = service.news()
    service.deliver(uploaded, but=broken)
    assert READY not in kinds(service.settle())
    give_up_waiting.handler({}, Context())  # too early
    assert service.find(media_id).status == "processing"
    for _ in range(2):
        after_the_deadline()
    (ready,) = service.news()
    processor = {"make_thumbnails": "thumbnails", "extract_metadata": "metadata"}
    missing = [processor.get(broken, "analysis")]
    assert ready["detail"]["data"]["missing"] == missing
    assert service.find(media_id).missing == tuple(missing)
    # It answers after all: that is shown, and told to nobody.
    service.deliver(uploaded)
    assert READY not in kinds(service.settle())
    assert service.find(media_id).found.waiting == ()
    assert rows("DEADLINES") == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", range(1, 8))
def test_who_dies_at_any_commit_is_followed_by_who_finishes(
    service: Any, commits: Commits, make_picture: Any, nth: int, when: Any
) -> None:
    media_id = service.upload(make_picture())
    commits.crash(nth=nth, when=when)
    waiting = service.news()
    told = list(waiting)
    while waiting:
        for event in waiting:
            try:
                service.deliver(event)
            except Crash:
                service.deliver(event)
        waiting = service.news()
        told += waiting
    commits.calm()
    assert sorted(kinds(told)).count(READY) == 1
    assert service.find(media_id).status == "ready"


def test_a_deleted_picture_leaves_nothing(service: Any, buckets: Any, make_picture: Any) -> None:
    media_id = service.upload(make_picture((1300, 900)))
    service.settle()
    assert len(buckets.kept) == 4
    assert service.api.delete(media_id).status == 204
    service.settle()
    assert buckets.kept == []
    assert rows() == [f"TENANT#acme#MEDIA#{media_id} UPLOAD"]


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_deleted_while_it_is_processed_it_leaves_nothing(
    service: Any, buckets: Any, commits: Commits, make_picture: Any, nth: int
) -> None:
    media_id = service.upload(make_picture())
    (uploaded,) = service.news()
    commits.interrupt(lambda: service.api.delete(media_id), nth=nth)
    service.deliver(uploaded)
    service.settle()
    assert buckets.kept == []
    assert rows() == [f"TENANT#acme#MEDIA#{media_id} UPLOAD"]


def test_deleted_before_it_was_processed_nothing_is_made(
    service: Any, buckets: Any, make_picture: Any
) -> None:
    media_id = service.upload(make_picture())
    (uploaded,) = service.news()
    service.api.delete(media_id)
    service.settle()
    service.deliver(uploaded)
    assert service.settle() == []
    assert buckets.kept == []


def erased(user: str) -> dict[str, Any]:
    data = {"user_id": user, "erased_at": "2026-11-20T08:30:00Z"}
    return incoming("starling.users", "UserErased.v1", data, subject=user, revision=3)


USER, OTHER = "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV", "usr_01ARZ3NDEKTSV4RRFFQ69G5FAW"


def test_of_an_erased_user_nothing_is_left(service: Any, buckets: Any, make_picture: Any) -> None:
    data = make_picture()
    size = {"size": len(data)}
    own = service.api.create(size, user=USER).body["id"]
    avatar = service.ask(data, purpose="avatar", subject=USER)
    awaited = service.api.create(size, user=USER).body["id"]
    others = service.api.create(size, user=OTHER).body["id"]
    for media_id in (own, avatar, others):
        service.arrive(media_id, data)
    service.settle()
    for _ in range(2):
        service.deliver(erased(USER))
        told = service.settle()
    assert told == []
    for media_id in (own, avatar, awaited):
        assert service.find(media_id).status == "deleted"
        assert service.find(media_id).reason == "OWNER_ERASED"
        assert service.api.get(media_id).problem == (404, "not-found")
    assert service.find(others).status == "ready"
    assert {key.split("/")[2] for key in buckets.kept} == {others}
    # What is still on its way arrives at nobody.
    assert service.arrive(awaited, data) == []
    assert service.settle() == []
    assert {key.split("/")[2] for key in buckets.kept} == {others}
    assert service.api.create(size, user=USER).problem == (409, "person-erased")


def test_an_index_that_lags_hides_no_upload_of_an_erased_user(
    service: Any, make_picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_picture()
    media_id = service.api.create({"size": len(data)}, user=USER).body["id"]
    query = Table.query

    def lagging(table: Table, pk: str, **more: Any) -> Any:
        return Slice([], None) if more.get("index") else query(table, pk, **more)

    monkeypatch.setattr(Table, "query", lagging)
    service.deliver(erased(USER))
    assert service.find(media_id).status == "deleted"
    assert rows() == sorted(
        [f"TENANT#acme#MEDIA#{media_id} UPLOAD", f"TENANT#acme#PERSON#{USER} ERASED"]
    )
