"""What becomes of pictures that arrive: kept or refused, once, whatever happens on the way."""

from datetime import timedelta
from typing import Any

import pytest

from media import keys
from media.objects import Uploads
from media.workers import ingest
from runtime.commits import Commits, Crash
from runtime.testing import Context, Queues, queue_event


def test_a_good_picture_is_kept_and_told(service: Any, buckets: Any, make_picture: Any) -> None:
    data = make_picture((320, 240))
    media_id = service.ask(data, subject="lamp", filename="lamp.jpg")
    assert service.arrive(media_id, data) == []
    upload = service.find(media_id)
    assert (upload.status, upload.revision) == ("processing", 2)
    assert upload.deadline == upload.updated_at + timedelta(seconds=300)
    (told,) = service.news()
    assert told["detail-type"] == "MediaUploaded.v1"
    said = told["detail"]["data"]
    assert (said["width"], said["height"], said["size"]) == (320, 240, len(data))
    assert (said["subject"], said["content_type"]) == ("lamp", "image/jpeg")
    assert buckets.kept == [f"originals/acme/{media_id}"]
    assert buckets.keys(buckets.UPLOADS) == []


def test_a_turned_picture_is_as_wide_as_it_is_looked_at(service: Any, make_picture: Any) -> None:
    from PIL import Image  # noqa: PLC0415 - of this test alone

    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    data = make_picture((320, 240), exif=exif)
    service.upload(data)
    (told,) = service.news()
    assert (told["detail"]["data"]["width"], told["detail"]["data"]["height"]) == (240, 320)


def bad_files(make_picture: Any) -> dict[str, tuple[bytes, str]]:
    jpeg = make_picture()
    return {
        "empty": (b"", "EMPTY"),
        "truncated": (jpeg[:-200], "TRUNCATED"),
        "disguised": (make_picture(form="PNG"), "DISGUISED"),
        "no picture": (b"just a few words", "UNSUPPORTED"),
        "program": (b"MZ" + bytes(500), "DISGUISED"),
        "html": (jpeg + b"<html><script>alert(1)</script></html>", "POLYGLOT"),
    }


@pytest.mark.parametrize(
    "kind", ["empty", "truncated", "disguised", "no picture", "program", "html"]
)
def test_a_bad_file_is_set_aside_and_told(
    service: Any, buckets: Any, make_picture: Any, kind: str
) -> None:
    data, reason = bad_files(make_picture)[kind]
    media_id = service.ask(data, subject="lamp")
    assert service.arrive(media_id, data) == []
    upload = service.find(media_id)
    assert (upload.status, upload.reason) == ("rejected", reason)
    (told,) = service.news()
    assert (told["detail-type"], told["detail"]["data"]["reason"]) == ("MediaRejected.v1", reason)
    assert told["detail"]["data"]["subject"] == "lamp"
    assert buckets.kept == [f"quarantine/acme/{media_id}"]
    assert buckets.keys(buckets.UPLOADS) == []
    shown = service.api.get(media_id).body
    assert (shown["status"], shown["reason"], shown["renditions"]) == ("rejected", reason, [])


def test_told_twice_it_is_taken_once(service: Any, buckets: Any, make_picture: Any) -> None:
    data = make_picture()
    media_id = service.upload(data)
    service.news()
    message = buckets.send(f"incoming/acme/{media_id}", data)  # sent again with the same form
    assert service.take(message) == service.take(message) == []
    assert service.find(media_id).revision == 2
    assert service.news() == []
    assert buckets.keys(buckets.UPLOADS) == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_who_dies_on_the_way_is_followed_by_who_finishes(
    service: Any, commits: Commits, buckets: Any, make_picture: Any, when: Any
) -> None:
    data = make_picture()
    media_id = service.ask(data)
    message = buckets.send(f"incoming/acme/{media_id}", data)
    commits.crash(when=when)
    with pytest.raises(Crash):
        service.take(message)
    assert service.take(message) == []
    assert [event["detail-type"] for event in service.news()] == ["MediaUploaded.v1"]
    assert buckets.kept == [f"originals/acme/{media_id}"]
    assert buckets.keys(buckets.UPLOADS) == []


def test_deleted_while_it_is_looked_at_nothing_is_kept(
    service: Any, commits: Commits, buckets: Any, make_picture: Any
) -> None:
    data = make_picture()
    media_id = service.ask(data)
    message = buckets.send(f"incoming/acme/{media_id}", data)
    commits.interrupt(lambda: service.api.delete(media_id))
    assert service.take(message) == []
    assert service.find(media_id).status == "deleted"
    assert [event["detail-type"] for event in service.news()] == ["MediaDeleted.v1"]
    assert buckets.kept == buckets.keys(buckets.UPLOADS) == []


def test_what_changes_while_it_is_looked_at_is_looked_at_again(
    service: Any, buckets: Any, make_picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_picture(text="one"), make_picture(text="two")
    media_id = service.ask(first)
    message = buckets.send(f"incoming/acme/{media_id}", first)
    opened = Uploads.open

    def overtaken(uploads: Uploads, key: str) -> Any:
        found = opened(uploads, key)
        monkeypatch.setattr(Uploads, "open", opened)
        buckets.send(key, second)
        return found

    monkeypatch.setattr(Uploads, "open", overtaken)
    assert len(service.take(message)) == 1, "it was kept without being looked at"
    assert buckets.kept == []
    assert service.take(message) == []
    kept = buckets.s3.get_object(Bucket=buckets.LIBRARY, Key=buckets.kept[0])["Body"].read()
    assert kept == second


NOBODYS = [
    "incoming/acme/med_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "incoming/globex/{id}",
    "incoming/acme/{id}.csv",
    "incoming/acme/../globex/{id}",
    "imports/acme/{id}",
    "incoming/{id}",
    "other/acme/{id}",
    "incoming/acme/{id}/x",
]


@pytest.mark.parametrize("key", NOBODYS)
def test_what_nobody_asked_for_is_not_touched_and_is_reported(
    service: Any, buckets: Any, queues: Queues, make_picture: Any, key: str
) -> None:
    media_id = service.ask()
    place = key.format(id=media_id)
    assert service.take(buckets.send(place, make_picture())) == []
    (dead,) = queues.dead()
    assert "nobody asked" in dead["MessageAttributes"]["reason"]["StringValue"]
    assert buckets.keys(buckets.UPLOADS) == [place]
    assert service.find(media_id).status == "awaiting_upload"
    assert service.news() == []


def test_of_another_bucket_nothing_is_taken(service: Any, queues: Queues, buckets: Any) -> None:
    message = buckets.send(f"incoming/acme/{service.ask()}", b"x")
    message["Records"][0]["s3"]["bucket"]["name"] = "elsewhere"
    assert service.take(message) == []
    assert len(queues.dead()) == 1


def test_an_object_that_is_gone_is_reported(service: Any, buckets: Any, queues: Queues) -> None:
    media_id = service.ask()
    message = buckets.send(f"incoming/acme/{media_id}", b"x")
    buckets.s3.delete_object(Bucket=buckets.UPLOADS, Key=f"incoming/acme/{media_id}")
    assert service.take(message) == []
    (dead,) = queues.dead()
    assert "is gone" in dead["MessageAttributes"]["reason"]["StringValue"]


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"Records": [{}]}', '{"Records": [{"s3": {"bucket": {}}}]}', "null"]
)
def test_garbage_is_set_aside(service: Any, queues: Queues, body: str) -> None:
    answer = ingest.handler(queue_event(body), Context())
    assert answer == {"batchItemFailures": []}
    assert len(queues.dead()) == 1


def test_the_test_that_s3_sends_at_first_is_no_object(service: Any, queues: Queues) -> None:
    assert service.take({"Service": "Amazon S3", "Event": "s3:TestEvent"}) == []
    assert queues.dead() == []


def test_a_key_says_whose_it_is_and_nothing_else_does() -> None:
    media_id = "med_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    for make in (keys.incoming, keys.to_import, keys.large_file):
        assert keys.arrived(make("acme", media_id)) == ("acme", media_id)
