"""A major goes in the end: with a date, with warnings, and not while anybody reads it."""

from datetime import date
from typing import Any

import pytest

from contracts.deprecations import deprecations
from contracts.gate.findings import BadContract

RECORDS = "contracts/deprecations.toml"
RECORD = '["ThingSold.v1"]\nsince = 2026-11-01\nuntil = 2026-12-01\nsuccessor = "{}"\nwhy = "so"\n'
HALF = "services/loyalty/consumes/ThingSold.v1.on_thingsold.json"


@pytest.fixture
def deprecated(repo: Any) -> Any:
    """The repository with a released second major; the first is deprecated."""
    repo.event("ThingSoldV2", "2.0", code=str)
    repo.example("ThingSold/2.0", code="tea")
    repo.write(RECORDS, RECORD.format("ThingSold.v2"))
    repo.golden()
    repo.commit()
    return repo


def said(repo: Any, level: str, **more: Any) -> list[Any]:
    return [f for f in repo.check(**more).findings if f.level == level and f.check == "deprecated"]


def test_whoever_reads_a_deprecated_major_is_warned_with_the_days_left(deprecated: Any) -> None:
    assert deprecated.breaks() == []
    (warning,) = said(deprecated, "warning")
    assert (warning.who, warning.what, warning.file) == ("loyalty", "ThingSold.v1", HALF)
    assert warning.why == (
        "on_thingsold reads it, and it is deprecated; its time ends on 2026-12-01, in 10 days"
    )
    assert warning.advice == "move to ThingSold.v2: so"


def test_a_date_that_has_passed_is_loud_but_breaks_no_build_that_nobody_changed(
    deprecated: Any,
) -> None:
    report = deprecated.check(today=date(2026, 12, 24))
    assert not report.broken
    (warning,) = [f for f in report.findings if f.level == "warning"]
    assert warning.why.endswith("ITS TIME ENDED on 2026-12-01, 23 days ago")


def test_the_last_day_is_within_its_time(deprecated: Any) -> None:
    (warning,) = said(deprecated, "warning", today=date(2026, 12, 1))
    assert warning.why.endswith("its time ends on 2026-12-01, in 0 days")


def test_that_another_service_has_moved_moves_nobody_else(deprecated: Any) -> None:
    deprecated.reaction("code: str", event="ThingSold.v2", service="post")
    deprecated.golden()
    (warning,) = said(deprecated, "warning")
    assert (warning.who, warning.advice) == ("loyalty", "move to ThingSold.v2: so")


def test_a_reader_that_has_both_is_told_when_to_let_the_old_one_go(deprecated: Any) -> None:
    deprecated.reaction("code: str", event="ThingSold.v2", name="on_thingsold_v2")
    deprecated.golden()
    (warning,) = said(deprecated, "warning")
    assert warning.advice == (
        "loyalty reads ThingSold.v2 too: delete on_thingsold when no ThingSold.v1 can come alone "
        "any more"
    )


def test_a_new_reader_of_a_deprecated_major_is_refused(deprecated: Any) -> None:
    deprecated.reaction("sku: str", service="post")
    deprecated.golden()
    (finding,) = deprecated.breaks()
    assert (finding.who, finding.check, finding.advice) == (
        "post",
        "deprecated",
        "read ThingSold.v2",
    )
    assert finding.why == "on_thingsold begins to read it, and it is deprecated: so"


def test_a_major_cannot_go_while_anybody_reads_it(deprecated: Any) -> None:
    deprecated.remove()
    found = deprecated.breaks()
    assert {f.check for f in found} == {"unpublished", "example", "record"}
    readers = [f for f in found if f.check == "unpublished"]
    assert [(f.who, f.what, f.file) for f in readers] == [("loyalty", "ThingSold.v1", HALF)]
    deprecated.write("services/shop/src/shop/other.py", "")
    (deprecated.root / "contracts/schemas/shop/ThingSold/1.0.json").unlink()
    (deprecated.root / "contracts/examples/shop/ThingSold/1.0.json").unlink()
    deprecated.write(RECORDS, "")
    assert [(f.who, f.check) for f in deprecated.breaks()] == [("loyalty", "unpublished")]


def test_publishing_both_cannot_stop_while_anybody_reads_the_old_one(deprecated: Any) -> None:
    deprecated.write("services/shop/src/shop/thingsold.py", "")
    (finding,) = deprecated.breaks()
    assert (finding.who, finding.check) == ("loyalty", "unpublished")
    assert "shop does not publish it" in finding.why


def test_a_major_cannot_go_in_the_change_that_removes_its_last_reader(deprecated: Any) -> None:
    deprecated.remove()
    gone(deprecated)
    (finding,) = deprecated.breaks()
    assert (finding.who, finding.check) == ("loyalty", "withdrawn")
    assert finding.why == "on_thingsold is removed in this same change, and is deployed until then"


def test_a_major_that_nobody_reads_may_go_with_all_that_is_of_it(deprecated: Any) -> None:
    reaction_gone(deprecated)
    notes = [f for f in deprecated.check().findings if f.level == "note"]
    (note,) = [f for f in notes if f.what == "ThingSold.v1"]
    assert note.advice == "delete ThingSold, its schemas, examples and record"
    deprecated.commit()
    deprecated.remove()
    left = {(f.check, f.why) for f in deprecated.breaks()}
    assert left == {
        ("withdrawn", "schemas of it lie there, and no class declares it"),
        ("record", "the record is of an event that nobody declares"),
        ("example", "an example lies there, and no such version is declared"),
    }
    gone(deprecated)
    assert deprecated.breaks() == []


def test_a_major_that_was_never_deprecated_cannot_go(repo: Any) -> None:
    reaction_gone(repo)
    repo.commit()
    repo.remove()
    gone(repo)
    (finding,) = repo.breaks()
    assert (finding.check, finding.what) == ("withdrawn", "ThingSold.v1")
    assert finding.why == "it was published, was never deprecated, and is gone"


@pytest.mark.parametrize(
    ("successor", "why"),
    [
        ("ThingSold.v3", "its successor ThingSold.v3 is declared nowhere"),
        ("ThingLost.v2", "ThingLost.v2 is no later major of ThingSold"),
        ("ThingSold.v1", "ThingSold.v1 is no later major of ThingSold"),
    ],
)
def test_readers_must_have_somewhere_to_go(deprecated: Any, successor: str, why: str) -> None:
    deprecated.event("ThingLostV2", "2.0", sku=str)
    deprecated.example("ThingLost/2.0", sku="tea")
    deprecated.golden()
    deprecated.write(RECORDS, RECORD.format(successor))
    (finding,) = deprecated.breaks()
    assert (finding.check, finding.file, finding.why) == ("record", RECORDS, why)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[", "Invalid initial character"),
        ("since = 1", "since: "),
        ('["ThingSold"]\nsince = 2026-11-01', "ThingSold: String should match pattern"),
        (RECORD.format("x"), "ThingSold.v1.successor: String should match pattern"),
        (RECORD.format("A.v2") + "more = 1", "ThingSold.v1.more: Extra inputs are not permitted"),
        (RECORD.format("A.v2").replace("12-01", "10-01"), "`until` is not after `since`"),
        (RECORD.format("A.v2").replace('why = "so"', ""), "ThingSold.v1.why: Field required"),
    ],
)
def test_a_wrong_record_is_named(repo: Any, text: str, problem: str) -> None:
    repo.write(RECORDS, text)
    with pytest.raises(BadContract, match=f"^{RECORDS}: ") as raised:
        repo.check()
    assert problem in str(raised.value)


def test_no_record_is_no_deprecation() -> None:
    assert deprecations("# nothing\n") == {}


def reaction_gone(repo: Any) -> None:
    (repo.root / "services/loyalty/src/loyalty/reactions/on_thingsold.py").unlink()
    (repo.root / HALF).unlink(missing_ok=True)


def gone(repo: Any) -> None:
    """Delete all that lies of the first major."""
    (repo.root / "services/loyalty/src/loyalty/reactions/on_thingsold.py").unlink(missing_ok=True)
    for file in (
        HALF,
        "contracts/schemas/shop/ThingSold/1.0.json",
        "contracts/examples/shop/ThingSold/1.0.json",
        RECORDS,
    ):
        (repo.root / file).unlink(missing_ok=True)
