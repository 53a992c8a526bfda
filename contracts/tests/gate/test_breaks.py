"""Each kind of break: who, what, where, why, and what to do."""

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

SCHEMA = "contracts/schemas/shop/ThingSold/1.0.json"
EXAMPLE = "contracts/examples/shop/ThingSold/1.0.json"
HALF = "services/loyalty/consumes/ThingSold.v1.on_thingsold.json"


def only(repo: Any, check: str, **more: Any) -> Any:
    """Return the one break of a rule."""
    (finding,) = [finding for finding in repo.breaks(**more) if finding.check == check]
    return finding


def test_a_good_repository_has_nothing_to_say(repo: Any) -> None:
    report = repo.check()
    assert report.findings == []
    assert not report.broken
    assert report.summary().startswith("nothing found; compared with ")


def test_a_new_minor_with_an_optional_field_is_fine(repo: Any) -> None:
    repo.event(version="1.1", sku=str, price=int, colour=(str | None, None))
    repo.example("ThingSold/1.1", sku="tea", price=1, colour="red")
    repo.golden()
    assert repo.breaks() == []


def test_a_field_that_a_service_reads_is_renamed(repo: Any) -> None:
    repo.event(version="1.1", code=str, price=int)
    repo.example("ThingSold/1.1", code="tea", price=1)
    repo.golden()
    found = [f for f in repo.breaks() if f.who == "loyalty" and f.check == "compatibility"]
    (finding,) = found
    assert (finding.what, finding.file) == ("ThingSold 1.1", SCHEMA.replace("1.0", "1.1"))
    assert finding.path.startswith("$.data")
    assert "on_thingsold cannot read it" in finding.why
    assert "sku" not in finding.witness
    assert "a new major, ThingSoldV2 beside ThingSold, or talk to the team of loyalty" in (
        finding.advice
    )


def test_a_field_that_nobody_reads_may_go_only_with_a_major(repo: Any) -> None:
    repo.event(version="1.1", sku=str)
    repo.example("ThingSold/1.1", sku="tea")
    repo.golden()
    found = repo.breaks()
    assert {(f.who, f.check, f.what) for f in found} == {("shop", "compatibility", "ThingSold 1.1")}
    assert "whoever reads by ThingSold 1.0 cannot read ThingSold 1.1" in found[0].why


def test_a_new_required_field_is_found_by_the_minors_before_it(repo: Any) -> None:
    repo.event(version="1.1", sku=str, price=int, colour=str)
    repo.example("ThingSold/1.1", sku="tea", price=1, colour="red")
    repo.golden()
    finding = only(repo, "compatibility")
    assert (finding.who, finding.what) == ("shop", "ThingSold 1.1")
    assert "whoever reads by ThingSold 1.1 cannot read ThingSold 1.0" in finding.why


def test_every_released_minor_counts_not_only_the_last(repo: Any) -> None:
    repo.event(version="1.1", sku=str, price=int, colour=(str | None, None))
    repo.example("ThingSold/1.1", sku="tea", price=1, colour="red")
    repo.golden()
    repo.commit()
    repo.event(version="1.2", sku=str, price=int, colour=(int | None, None))
    repo.example("ThingSold/1.2", sku="tea", price=1, colour=1)
    repo.golden()
    pairs = {f.why.partition(":")[0] for f in repo.breaks() if f.check == "compatibility"}
    assert "whoever reads by ThingSold 1.1 cannot read ThingSold 1.2" in pairs
    assert "whoever reads by ThingSold 1.2 cannot read ThingSold 1.1" in pairs
    assert all("1.2" in pair for pair in pairs)


def test_a_change_under_a_released_version_says_whom_it_breaks(repo: Any) -> None:
    repo.event(sku=int, price=int)
    checks = sorted(f.check for f in repo.breaks())
    assert checks == ["compatibility", "example", "released"]
    changed = only(repo, "released")
    assert (changed.who, changed.what, changed.file) == ("shop", "ThingSold 1.0", SCHEMA)
    assert changed.why == "its schema changed after its release"
    assert "raise the class's version to 1.1" in changed.advice
    broken = only(repo, "compatibility")
    assert (broken.who, broken.what, broken.path) == ("loyalty", "ThingSold 1.0", "$.data.sku")
    assert isinstance(broken.witness["sku"], int)


def test_a_reader_that_wants_more_than_it_is_promised(repo: Any) -> None:
    repo.reaction("sku: str\n    colour: str")
    repo.golden()
    finding = only(repo, "compatibility")
    assert (finding.who, finding.what, finding.file) == ("loyalty", "ThingSold 1.0", HALF)
    assert finding.advice == "let on_thingsold read what ThingSold 1.0 promises, and no more"
    fed = only(repo, "example")
    assert (fed.who, fed.path) == ("loyalty", "$.data")
    assert 'on_thingsold cannot read the example: "colour" is a required property' in fed.why


def test_a_reader_must_read_old_minors_too(repo: Any) -> None:
    repo.event(version="1.1", sku=str, price=int, colour=(str, "red"))
    repo.example("ThingSold/1.1", sku="tea", price=1, colour="red")
    repo.reaction("sku: str\n    colour: str")
    repo.golden()
    assert {(f.who, f.what, f.check) for f in repo.breaks()} >= {
        ("loyalty", "ThingSold 1.0", "compatibility"),
        ("loyalty", "ThingSold 1.0", "example"),
    }


def test_a_deployed_reader_counts_until_its_change_is_released(repo: Any) -> None:
    # Event and reader are changed together, and are deployed apart.
    repo.event(version="1.1", code=(str | None, None), price=int)
    repo.example("ThingSold/1.1", code="tea", price=1)
    repo.reaction("price: int")
    repo.golden()
    whys = [f.why for f in repo.breaks() if f.who == "loyalty"]
    assert whys
    assert all(why.startswith("on_thingsold, as it is deployed, cannot read it") for why in whys)


def test_a_break_that_is_released_already_can_be_repaired(repo: Any) -> None:
    repo.reaction("sku: str\n    colour: str")
    repo.golden()
    repo.commit()
    assert repo.breaks(against="HEAD") != []
    repo.reaction("sku: str")
    repo.golden()
    assert repo.breaks(against="HEAD") == []


def test_what_cannot_be_decided_counts_as_no(bare: Any) -> None:
    # Both patterns mean any number of "a", and word boundaries are beyond what the checker decides.
    bare.event(sku=Annotated[str, Field(json_schema_extra={"pattern": "^a+$"})])
    bare.reaction('sku: Annotated[str, Field(json_schema_extra={"pattern": r"^a+\\b$"})]')
    bare.example("ThingSold/1.0", sku="a")
    bare.golden()
    bare.commit()
    finding = only(bare, "compatibility")
    assert (finding.who, finding.path, finding.witness) == ("loyalty", "$.data.sku", None)
    assert "on_thingsold cannot read it: it cannot be decided, which counts as no: " in finding.why


def test_a_released_schema_is_deleted(repo: Any) -> None:
    (repo.root / SCHEMA).unlink()
    (finding,) = repo.breaks()
    assert (finding.check, finding.why) == ("drift", "the golden file is missing")


def test_the_schema_of_an_earlier_minor_is_edited_or_deleted(repo: Any) -> None:
    repo.event(version="1.1", sku=str, price=int, colour=(str | None, None))
    repo.example("ThingSold/1.1", sku="tea", price=1, colour="red")
    repo.golden()
    document = json.loads((repo.root / SCHEMA).read_text())
    document["properties"]["extra"] = {}
    repo.write(SCHEMA, json.dumps(document))
    assert only(repo, "released").why == "its schema changed after its release"
    (repo.root / SCHEMA).unlink()
    finding = only(repo, "released")
    assert finding.file == SCHEMA
    assert finding.why == "its schema is gone, and events of it may still come"


def test_a_released_schema_is_edited_by_hand(repo: Any) -> None:
    document = json.loads((repo.root / SCHEMA).read_text())
    document["properties"]["extra"] = {}
    repo.write(SCHEMA, json.dumps(document))
    (finding,) = repo.breaks()
    assert (finding.check, finding.why) == ("drift", "the golden file is not what the code says")
    # The text alone is no contract: another layout of the same document is none's business.
    repo.write(SCHEMA, json.dumps(json.loads(repo.git("show", f"HEAD:{SCHEMA}"))))
    assert repo.breaks() == []


def test_a_schema_of_a_version_that_no_class_is_at(repo: Any) -> None:
    repo.write(SCHEMA.replace("1.0", "1.7"), (repo.root / SCHEMA).read_text())
    repo.example("ThingSold/1.7", sku="tea", price=1)
    finding = only(repo, "released")
    assert finding.why == "a schema lies there, and ThingSold is only at ThingSold 1.0"


def test_a_schema_of_an_event_that_no_class_declares(repo: Any) -> None:
    lost = SCHEMA.replace("ThingSold", "ThingLost")
    repo.write(lost, (repo.root / SCHEMA).read_text())
    (finding,) = repo.breaks()
    assert (finding.check, finding.what) == ("withdrawn", "ThingLost.v1")
    assert finding.why == "schemas of it lie there, and no class declares it"


def test_golden_files_that_were_not_regenerated(repo: Any) -> None:
    repo.event(version="1.1", sku=str, price=int, colour=(str | None, None))
    repo.example("ThingSold/1.1", sku="tea", price=1, colour="red")
    repo.reaction("price: int")
    repo.reaction("price: int", service="post")
    drift = {(f.who, f.file, f.why) for f in repo.breaks() if f.check == "drift"}
    assert drift == {
        ("shop", SCHEMA.replace("1.0", "1.1"), "the golden file is missing"),
        ("loyalty", HALF, "the golden file is not what the code says"),
        ("post", HALF.replace("loyalty", "post"), "the golden file is missing"),
    }
    repo.golden()
    assert [f for f in repo.breaks() if f.check == "drift"] == []


def test_a_half_without_a_reaction(repo: Any) -> None:
    stale = HALF.replace("on_thingsold", "on_something")
    repo.write(stale, (repo.root / HALF).read_text())
    finding = only(repo, "stale")
    assert (finding.who, finding.file) == ("loyalty", stale)


def test_a_reader_of_what_nobody_declares(repo: Any) -> None:
    repo.reaction("sku: str", event="ThingLost.v1", service="post")
    repo.golden()
    finding = only(repo, "unpublished")
    assert (finding.who, finding.what) == ("post", "ThingLost.v1")
    assert finding.why == "on_thinglost reads it, and nobody declares such an event"


def test_a_reader_of_what_is_declared_and_never_made(repo: Any) -> None:
    repo.write("services/shop/src/shop/thingsold.py", "MADE = None\n")
    finding = only(repo, "unpublished")
    assert (finding.who, finding.file) == ("loyalty", HALF)
    assert "its code does not import ThingSold" in finding.why


def test_a_published_event_that_nobody_reads_is_a_note(repo: Any) -> None:
    repo.event("ThingLost", sku=str)
    repo.example("ThingLost/1.0", sku="tea")
    repo.golden()
    (note,) = repo.check().findings
    assert (note.level, note.check, note.what) == ("note", "unread", "ThingLost.v1")
    assert note.why == "nobody reads it"
    repo.write("services/shop/src/shop/thinglost.py", "")
    (note,) = repo.check().findings
    assert note.why == "nobody publishes it, and nobody reads it"


def test_a_missing_example(repo: Any) -> None:
    (repo.root / EXAMPLE).unlink()
    finding = only(repo, "example")
    assert (finding.who, finding.what, finding.file) == ("shop", "ThingSold 1.0", EXAMPLE)
    assert finding.why == "it has no example"


def test_an_example_of_no_version(repo: Any) -> None:
    repo.example("ThingSold/1.4", sku="tea", price=1)
    finding = only(repo, "example")
    assert finding.why == "an example lies there, and no such version is declared"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"detail": {"metadata": 1, "data": {"sku": "a", "price": 1}}}', "$.metadata"),
        ('{"detail": {"metadata": {}, "data": {"sku": "a", "price": 1}}}', "$.metadata"),
        ("{}", "$"),
    ],
)
def test_an_example_that_its_schema_refuses(repo: Any, text: str, path: str) -> None:
    repo.write(EXAMPLE, text)
    found = [f for f in repo.breaks() if f.check == "example" and f.who == "shop"]
    assert {f.path for f in found} == {path}
    assert {f.advice for f in found} == {"correct the example"}


def test_a_payload_that_its_schema_and_its_readers_refuse(repo: Any) -> None:
    repo.example("ThingSold/1.0", sku=7, price=1)
    assert {(f.who, f.path) for f in repo.breaks()} == {
        ("shop", "$.data.sku"),
        ("loyalty", "$.data.sku"),
    }


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("services/post/src/post/rules.py", '\nPATTERN = {"detail-type": ["ThingSlod.v1"]}\n', 2),
        ("services/post/src/post/task.json", '{\n "detail-type":\n ["ThingSlod.v1"]}', 3),
        ("services/post/stack.py", 'NAME = "ThingSlod.v1"', 1),
    ],
)
def test_a_name_that_is_not_in_the_catalogue(repo: Any, file: str, text: str, line: int) -> None:
    repo.write(file, text)
    finding = only(repo, "catalogue")
    assert (finding.who, finding.what) == ("post", "ThingSlod.v1")
    assert (finding.file, finding.line) == (file, line)
    repo.write(file, text.replace("ThingSlod", "ThingSold"))
    assert repo.breaks() == []


@pytest.mark.parametrize("base", ["EventData", "event.EventData"])
def test_an_event_that_is_declared_outside_the_catalogue(repo: Any, base: str) -> None:
    repo.write("services/post/src/post/own.py", f"class Own({base}):\n    pass\n")
    finding = only(repo, "catalogue")
    assert (finding.who, finding.what) == ("post", "Own")
    assert finding.why == "a class of an event is declared outside contracts.events"


def test_what_breaks_comes_first(repo: Any) -> None:
    repo.event("ThingLost", sku=Literal["a"])
    repo.golden()
    assert [f.level for f in repo.check().findings] == ["break", "note"]
