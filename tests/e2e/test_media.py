"""Uploads on a deployed stage: the fan-out, what is refused, imports, and deletion."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from PIL import Image, ImageDraw, ImageFont

from infra.journey_steps import until
from infra.picture import SENT, send
from infra.tap import Event, tapped
from tests.e2e.client import Tenant, UnderTest, assert_problem, created
from tests.e2e.uploads import SECONDS, ended


def drawing(words: str, size: tuple[int, int] = (900, 600)) -> Image.Image:
    image = Image.new("RGB", size, "#e8e2d0")
    draw = ImageDraw.Draw(image)
    draw.rectangle([40, 300, 400, 560], fill="#d8552b")
    draw.text((60, 90), words, font=ImageFont.load_default(96), fill="#20251f")
    return image


def encoded(image: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def ask(
    tenant: Tenant, data: bytes, content_type: str = "image/jpeg", **more: Any
) -> dict[str, Any]:
    body = {"filename": "a picture", "content_type": content_type, "size": len(data)}
    asked = {"purpose": "product"} | body | more
    return created(tenant.admin.send("POST", "media", "/media", json=asked))


def upload(tenant: Tenant, data: bytes, content_type: str = "image/jpeg", **more: Any) -> str:
    asked = ask(tenant, data, content_type, **more)
    sent = send(tenant.admin.http, asked["upload"], data)
    assert sent.status_code in SENT, sent.text
    return str(asked["id"])


def heard(batches: Any, wanted: str, media_id: str) -> Callable[[], list[Event]]:
    """Return what tells the events of a kind of an upload, those that came before too."""
    found: list[Event] = []

    def listen() -> list[Event]:
        found.extend(
            event
            for event in next(batches)
            if event["detail-type"] == wanted and event["detail"]["data"]["media_id"] == media_id
        )
        return found

    return listen


def test_a_picture_fans_out_and_is_ready_once(stage: UnderTest, tenant: Tenant) -> None:
    data = encoded(drawing("NORTHERN STAR"))
    with tapped(stage.stage, tenant=tenant.name) as batches:
        media_id = upload(tenant, data, subject="star-1")
        listen = heard(batches, "MediaReady.v1", media_id)
        until("the picture was told to be ready", listen, bool, seconds=SECONDS)
        assert next(batches) == []  # nothing more comes
        (told,) = listen()
    assert told["detail"]["data"]["missing"] == []
    picture = ended(tenant, media_id)
    assert (picture["status"], picture["reason"], picture["missing"]) == ("ready", None, [])
    assert "NORTHERN STAR" in " ".join(picture["texts"]).upper()
    assert [one["width"] for one in picture["renditions"]] == [160, 480, 900]
    for one in picture["renditions"]:
        shown = tenant.member.http.get(one["url"])
        with Image.open(io.BytesIO(shown.content)) as opened:
            assert (opened.format, opened.size) == ("WEBP", (one["width"], one["height"]))
    assert picture["metadata"]["format"] == "JPEG"
    hit = tenant.found(media_id, seconds=SECONDS)
    assert hit["kind"] == "media"
    by_words = tenant.search("northern star", kind="media")
    assert [item["id"] for item in by_words] == [media_id]


def test_the_words_in_a_picture_of_another_format_are_read_too(tenant: Tenant) -> None:
    # Rekognition takes JPEG and PNG alone: the picture is sent in another form.
    data = encoded(drawing("SOUTHERN CROSS"), "WEBP")
    picture = ended(tenant, upload(tenant, data, "image/webp"))
    assert "SOUTHERN CROSS" in " ".join(picture["texts"]).upper()


def test_a_link_is_of_no_use_without_its_signature(tenant: Tenant) -> None:
    picture = ended(tenant, upload(tenant, encoded(drawing("LINK"))))
    url = httpx.URL(picture["renditions"][0]["url"])
    assert {"X-Amz-Signature", "X-Amz-Expires"} <= set(url.params.keys())
    assert int(url.params["X-Amz-Expires"]) <= 900


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "hidden")
    return file.getvalue()


JPEG = encoded(drawing("BAD"))
REFUSED = {
    "truncated": (JPEG[: len(JPEG) // 2], "TRUNCATED"),
    "disguised": (encoded(drawing("BAD"), "PNG"), "DISGUISED"),
    "no picture": (b"just a few words", "UNSUPPORTED"),
    "polyglot": (JPEG + zipped(), "POLYGLOT"),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_bad_file_is_rejected_with_a_reason_and_never_shown(
    tenant: Tenant, data: bytes, reason: str
) -> None:
    picture = ended(tenant, upload(tenant, data))
    assert (picture["status"], picture["reason"]) == ("rejected", reason)
    assert (picture["renditions"], picture["texts"]) == ([], [])


def test_a_form_takes_just_the_file_that_was_asked_for(tenant: Tenant) -> None:
    asked = ask(tenant, JPEG)
    larger = send(tenant.admin.http, asked["upload"], JPEG + b"\0")
    assert larger.status_code not in SENT, "a larger file was taken"
    form = asked["upload"]
    elsewhere = form | {"fields": form["fields"] | {"key": form["fields"]["key"] + "x"}}
    assert send(tenant.admin.http, elsewhere, JPEG).status_code not in SENT


def test_the_same_key_asks_once(tenant: Tenant) -> None:
    body = {"filename": "a", "content_type": "image/png", "size": 9, "purpose": "avatar"}
    headers = {"Idempotency-Key": "once"}
    first, again = (
        tenant.member.send("POST", "media", "/media", json=body, headers=headers) for _ in range(2)
    )
    assert first.json() == again.json()
    page = tenant.member.send("GET", "media", "/media").json()
    assert [item["id"] for item in page["items"]] == [first.json()["id"]]


CSV = '''sku,name,price,currency,stock
north-1,"Northern ""star""",1999,EUR,4
north-2,"Two
lines",250,EUR,0
,No sku,1,EUR,1
north-3,Cheap,-1,EUR,1
'''


def test_an_import_puts_products_on_sale_and_reports_each_bad_row(tenant: Tenant) -> None:
    data = b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode()
    media_id = upload(tenant, data, "text/csv", purpose="import", filename="spring.csv")
    done = ended(tenant, media_id)
    assert (done["status"], done["report"]["accepted"]) == ("ready", 2)
    assert done["report"]["refused"] == 2
    report = tenant.member.http.get(done["report"]["url"]).json()
    assert [row["line"] for row in report["rows"]] == [5, 6]
    assert "sku" in report["rows"][0]["reason"]
    assert "price" in report["rows"][1]["reason"]
    for sku, stock in (("north-1", 4), ("north-2", 0)):
        product = until(
            f"product {sku} was on sale",
            lambda sku=sku: tenant.member.product(sku),
            lambda answer: answer.status_code == 200,
        ).json()
        assert product["stock"] == stock


def test_an_import_that_cannot_be_read_says_why(tenant: Tenant) -> None:
    data = CSV.replace(",", ";").encode()
    media_id = upload(tenant, data, "text/csv", purpose="import", filename="spring.csv")
    done = ended(tenant, media_id)
    assert (done["status"], done["reason"]) == ("rejected", "WRONG_DELIMITER")
    report = tenant.member.http.get(done["report"]["url"]).json()
    assert (report["accepted"], report["problem"]["reason"]) == (0, "WRONG_DELIMITER")


def test_a_deleted_picture_is_gone_everywhere(tenant: Tenant) -> None:
    sku = tenant.product("gone-1")
    media_id = upload(tenant, encoded(drawing("GOING")), subject=sku)
    picture = ended(tenant, media_id)
    tenant.found(media_id, seconds=SECONDS)
    answer = tenant.admin.send("DELETE", "media", f"/media/{media_id}")
    assert answer.status_code == 204, answer.text
    assert_problem(tenant.member.send("GET", "media", f"/media/{media_id}"), 404)
    until("search forgot it", lambda: tenant.search(media_id), lambda items: items == [])
    link = picture["renditions"][0]["url"]
    until("its copies were gone", lambda: tenant.member.http.get(link), lambda a: a.is_error)
    until(
        "the product showed it no more",
        lambda: tenant.member.product(sku).json()["picture"],
        lambda shown: shown is None,
    )


def test_an_avatar_is_shown_and_goes_with_its_user(tenant: Tenant) -> None:
    user = tenant.user()
    media_id = upload(tenant, encoded(drawing("ME")), purpose="avatar", subject=user["id"])
    ended(tenant, media_id)
    until(
        "the user had the avatar",
        lambda: tenant.member.send("GET", "users", f"/users/{user['id']}").json(),
        lambda one: (one["avatar"] or {}).get("media_id") == media_id,
    )
    tenant.admin.send("DELETE", "users", f"/users/{user['id']}")
    until(
        "the avatar was deleted",
        lambda: tenant.member.send("GET", "media", f"/media/{media_id}").status_code,
        lambda status: status == 404,
    )


def test_an_object_that_nobody_asked_for_is_left_alone_and_reported(
    stage: UnderTest, tenant: Tenant
) -> None:
    s3 = stage.client("s3")
    bucket = ask(tenant, JPEG)["upload"]["url"].rstrip("/").rpartition("/")[2]
    key = f"incoming/{tenant.name}/med_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    s3.put_object(Bucket=bucket, Key=key, Body=JPEG)
    queues = stage.outputs["queues"]["media"]
    (url,) = [url for name, url in queues.items() if name.endswith("media-ingest-dlq")]

    def reported() -> list[str]:
        sqs = stage.client("sqs")
        received = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0, MaxNumberOfMessages=10)
        return [json.loads(one["Body"])["Records"][0]["s3"]["object"]["key"]
                for one in received.get("Messages", [])]  # fmt: skip

    until("an engineer heard of it", reported, lambda keys: key in keys, seconds=SECONDS)
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(JPEG)


def test_a_stranger_sees_and_deletes_nothing(
    tenant: Tenant, new_tenant: Callable[[], Tenant]
) -> None:
    media_id = upload(tenant, encoded(drawing("MINE")))
    stranger = new_tenant().admin
    for method in ("GET", "DELETE"):
        assert_problem(stranger.send(method, "media", f"/media/{media_id}"), 404)
    assert stranger.send("GET", "media", "/media").json() == {"items": [], "next_cursor": None}
