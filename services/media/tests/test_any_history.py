"""Whatever comes in whatever order, with duplicates and crashes: a picture is told ready once."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.domain import events
from media.domain import uploads as rules
from media.domain.uploads import Origin, Picture, Upload
from media.reactions import on_media_analysed, on_metadata_extracted, on_thumbnail_generated
from media.schedules.give_up_waiting import give_up_waiting
from media.store import Media
from runtime.commits import Commits, Crash
from runtime.ids import new_id, new_ulid
from runtime.testing import Context, incoming, queue_event

AT = "2026-11-20T08:30:00Z"
RESULTS: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "thumbnails": (
        on_thumbnail_generated.handler,
        "ThumbnailGenerated.v1",
        {"renditions": [], "generated_at": AT},
    ),
    "metadata": (
        on_metadata_extracted.handler,
        "MetadataExtracted.v1",
        {
            "format": "JPEG",
            "width": 4,
            "height": 3,
            "colors": ["#000000"],
            "perceptual_hash": "0" * 16,
            "similar": [],
            "extracted_at": AT,
        },
    ),
    "analysis": (
        on_media_analysed.handler,
        "MediaAnalysed.v1",
        {"texts": ["WORDS"], "analysed_at": AT},
    ),
}
STEPS = st.tuples(
    st.sampled_from([*RESULTS, *RESULTS, "early", "late", "delete"]),
    st.integers(1, 2),
    st.sampled_from(["", "", "before", "after", *RESULTS, "late"]),
)
PATIENCE = timedelta(minutes=5)


def processing(media: Media, tenant: str) -> Upload:
    """Write a picture that is being processed."""
    now = datetime.now(UTC)
    upload = Upload(
        id=new_id("med"),
        purpose="product",
        owner="ada",
        filename="a.jpg",
        content_type="image/jpeg",
        size=9,
        created_at=now,
        updated_at=now,
        origin=Origin(correlation_id="req-1"),
    )
    media.add(tenant, upload, receipt=None)
    picture = Picture(content_type="image/jpeg", size=9, width=4, height=3)
    accepted = rules.accept(upload, picture, at=now, patience=PATIENCE)
    told = [events.uploaded(accepted, picture)]
    media.replace(tenant, upload, accepted, told=told, causation_id="test")
    return accepted


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEPS, max_size=10), last=st.permutations(list(RESULTS)))
def test_a_picture_is_told_ready_once_or_deleted(
    service: Any, commits: Commits, steps: list[tuple[str, int, str]], last: list[str]
) -> None:
    media, tenant = Media.connect(), f"t-{new_ulid().lower()}"
    upload = processing(media, tenant)
    commits.told.clear()
    messages = {
        name: incoming(
            "starling.media",
            kind,
            {"media_id": upload.id} | data,
            subject=f"{upload.id}/{name}",
            tenant=tenant,
        )
        for name, (_, kind, data) in RESULTS.items()
    }
    early, late = datetime.now(UTC), datetime.now(UTC) + 2 * PATIENCE

    def do(what: str) -> None:
        if what in RESULTS:
            answer = RESULTS[what][0](queue_event(messages[what]), Context())
            assert answer["batchItemFailures"] == []
        elif what == "delete":
            assert service.api.delete(upload.id, tenant=tenant).status == 204
        else:
            give_up_waiting({}, media, early if what == "early" else late)

    for what, nth, trouble in steps:
        if trouble in {"before", "after"}:
            commits.crash(nth=nth, when=trouble)  # type: ignore[arg-type]  # one of these two
        elif trouble:
            commits.interrupt(lambda trouble=trouble: do(trouble), nth=nth)
        with suppress(Crash):
            do(what)
        commits.calm()
    for name in last:
        do(name)
    do("late")

    end = media.find(tenant, upload.id)
    assert end
    assert list(media.due(late)) == []
    told = [(name, data) for name, _, data in commits.events()]
    ready = [data for name, data in told if name == "MediaReady.v1"]
    revisions = [metadata["revision"] for _, metadata, _ in commits.events()]
    assert revisions == sorted(set(revisions))
    deleted = [data for name, data in told if name == "MediaDeleted.v1"]
    if any(what == "delete" for what, _, _ in steps) and deleted:
        assert (end.status, len(deleted)) == ("deleted", 1)
        assert len(ready) <= 1
        return
    assert (end.status, end.found.waiting, len(ready)) == ("ready", (), 1)
    assert tuple(ready[0]["missing"]) == end.missing
    known = {"thumbnails", "metadata", "analysis"} - set(ready[0]["missing"])
    assert ("analysis" in known) == (ready[0]["texts"] == ["WORDS"])
