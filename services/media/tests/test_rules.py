"""The rules of uploads, without a table or a bucket."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from media.domain import asking
from media.domain import uploads as rules
from media.domain.problems import NotYours
from media.domain.uploads import PROCESSORS, Metadata, Origin, Picture, Upload
from runtime.identity import Caller
from runtime.problems import InvalidRequest

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=6)
ID = "med_01ARZ3NDEKTSV4RRFFQ69G5FAV"
USER = "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV"
ADMIN, MEMBER = Caller("acme", "ada", "admin"), Caller("acme", "bob", "member")
PICTURE = Picture(content_type="image/jpeg", size=10, width=4, height=3)
FOUND: dict[Any, object] = {
    "thumbnails": (),
    "metadata": Metadata(
        format="JPEG", width=4, height=3, colors=(), perceptual_hash="0" * 16, similar=()
    ),
    "analysis": ("TRAIL RUNNER",),
}


def asked(caller: Caller = ADMIN, **given: Any) -> Upload:
    fields: dict[str, Any] = {
        "filename": "a.jpg",
        "content_type": "image/jpeg",
        "size": 10,
        "purpose": "product",
        "subject": None,
    }
    origin = Origin(correlation_id="req-1")
    return asking.ask(ID, **(fields | given), caller=caller, origin=origin, at=NOW)


def processing() -> Upload:
    return rules.accept(asked(), PICTURE, at=NOW, patience=timedelta(minutes=5))


CSV = {"filename": "a.csv", "content_type": "text/csv", "purpose": "import"}


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"content_type": "text/html"}, ["content_type"]),
        ({"content_type": "text/csv"}, ["content_type"]),
        ({"content_type": "image/svg+xml"}, ["content_type"]),
        ({"size": asking.MAX_PICTURE_BYTES + 1}, ["size"]),
        (CSV | {"size": asking.MAX_IMPORT_BYTES + 1}, ["size"]),
        (CSV | {"filename": "a.txt"}, ["filename"]),
        (CSV | {"subject": "lamp"}, ["subject"]),
        (CSV | {"content_type": "image/png", "filename": "a.png"}, ["content_type", "filename"]),
    ],
)
def test_what_is_not_taken_is_named(given: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked(**given)
    assert [error.field for error in refused.value.errors] == fields


def test_the_largest_of_each_kind_is_taken() -> None:
    assert asked(size=asking.MAX_PICTURE_BYTES).status == "awaiting_upload"
    assert asked(**CSV | {"size": asking.MAX_IMPORT_BYTES, "filename": "A.CSV"}).size == 5 * 2**30


def test_members_upload_for_themselves_and_import_nothing() -> None:
    assert asked(MEMBER, purpose="avatar", subject="bob").person == "bob"
    assert asked(MEMBER, purpose="avatar").person == "bob"
    assert asked(MEMBER, subject="lamp").person == "bob"
    assert asked(ADMIN, purpose="avatar", subject=USER).person == USER
    for given in (CSV, {"purpose": "avatar", "subject": USER}):
        with pytest.raises(NotYours):
            asked(MEMBER, **given)


def test_who_made_it_whom_it_shows_and_admins_may_delete_it() -> None:
    avatar = asked(ADMIN, purpose="avatar", subject="bob")
    assert asking.may_delete(avatar, MEMBER)
    assert asking.may_delete(asked(MEMBER), MEMBER)
    assert asking.may_delete(asked(MEMBER), ADMIN)
    assert not asking.may_delete(asked(ADMIN), MEMBER)


@pytest.mark.parametrize("order", list(permutations(PROCESSORS)))
def test_a_picture_is_ready_with_the_last_result_in_any_order(order: tuple[Any, ...]) -> None:
    upload = processing()
    for number, name in enumerate(order):
        assert upload.status == "processing"
        for _ in range(2):  # told twice, it counts once
            upload = rules.record(upload, {name: FOUND[name]}, at=NOW)
            assert upload.revision == number + 3
    assert (upload.status, upload.missing, upload.deadline) == ("ready", (), None)


def test_what_is_late_is_not_waited_for_but_kept() -> None:
    upload = rules.record(processing(), {"thumbnails": ()}, at=NOW)
    assert rules.give_up(upload, at=NOW) is upload
    ready = rules.give_up(upload, at=LATER)
    assert (ready.status, ready.missing) == ("ready", ("metadata", "analysis"))
    assert rules.give_up(ready, at=LATER) is ready
    late = rules.record(ready, {"analysis": ("LATE",)}, at=LATER)
    assert (late.status, late.found.analysis, late.missing) == ("ready", ("LATE",), ready.missing)


@pytest.mark.parametrize("status", ["awaiting_upload", "rejected", "deleted"])
def test_results_of_what_is_no_picture_any_more_change_nothing(status: Any) -> None:
    upload = processing().model_copy(update={"status": status})
    assert rules.record(upload, FOUND, at=NOW) is upload
    assert rules.give_up(upload, at=LATER) is upload


def test_what_remains_of_a_deleted_upload_is_no_picture_and_no_name() -> None:
    upload = rules.record(processing(), FOUND, at=NOW)
    gone = rules.delete(upload, "REQUESTED", at=LATER)
    assert (gone.status, gone.reason, gone.revision) == ("deleted", "REQUESTED", 4)
    assert (gone.picture, gone.found.waiting, gone.filename) == (None, tuple(PROCESSORS), "deleted")
    assert rules.delete(gone, "REQUESTED", at=LATER) is gone


def test_an_import_counts_batches_and_rows() -> None:
    upload = rules.begin(asked(**CSV), at=NOW)
    assert rules.begin(upload, at=LATER) is upload
    one = rules.advance(upload, checkpoint={"offset": 9}, accepted=3, refused=1, at=NOW)
    two = rules.advance(one, checkpoint=None, accepted=1, refused=0, at=NOW)
    progress = two.progress
    assert (progress.batch, progress.accepted, progress.refused) == (2, 4, 1)
    assert rules.finish(two, at=LATER).status == "ready"
