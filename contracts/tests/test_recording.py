"""The recorder holds events against their schemas, and tells what nobody has published."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import ValidationError

from contracts.catalogue import catalogue
from contracts.examples import examples
from contracts.recording import Gap, Recorder, excuses, gaps, recorded

V1, V2 = "UserDeactivated.v1", "UserDeactivated.v2"
NEVER = "never has a value in any test"
NOTHING_ELSE = {
    "metadata.traceparent": "`hear` takes it away",
    "MediaReady.v1 data.missing": "in its example nothing is",
}


def detail(detail_type: str) -> dict[str, Any]:
    (example,) = examples(detail_type)
    return copy.deepcopy(dict(example.event["detail"]))


def hear(folder: Path, *, but: str = "", **changed: Any) -> None:
    """Save what a process heard that published all examples but one; or one with other data."""
    recorder = Recorder()
    for example in examples():
        if example.detail_type != but:
            said = copy.deepcopy(dict(example.event["detail"]))
            said["metadata"].pop("traceparent", None)
            said["data"] |= changed.get(example.detail_type.replace(".", "_"), {})
            recorder.hear(example.event["source"], example.detail_type, said)
    recorder.save(folder)


def test_all_that_is_declared_was_heard(tmp_path: Path) -> None:
    hear(tmp_path)
    heard = recorded(tmp_path)
    assert gaps(heard, NOTHING_ELSE) == []
    assert len(heard) == len(list(examples())) >= len(catalogue())
    assert {one.events for one in heard.values()} == {1}


def test_an_event_that_nobody_published_is_one_gap(tmp_path: Path) -> None:
    hear(tmp_path, but=V2)
    assert gaps(recorded(tmp_path), NOTHING_ELSE) == [Gap(V2, "is published in no test")]
    assert gaps(recorded(tmp_path), NOTHING_ELSE | {V2: "not yet"}) == []
    # What is said of its fields waits until it is published.
    assert gaps(recorded(tmp_path), NOTHING_ELSE | {V2: "not yet", f"{V2} data.note": "why"}) == []


def test_a_field_that_never_has_a_value_is_a_gap(tmp_path: Path) -> None:
    hear(tmp_path, UserDeactivated_v2={"note": None})
    assert gaps(recorded(tmp_path), NOTHING_ELSE) == [Gap(f"{V2} data.note", NEVER)]
    hear(tmp_path)  # another process
    assert gaps(recorded(tmp_path), NOTHING_ELSE) == []
    assert recorded(tmp_path)["users/UserDeactivated/2.0.json"].events == 2


def test_one_event_is_enough_for_a_field_of_the_metadata(tmp_path: Path) -> None:
    hear(tmp_path)
    assert Gap("metadata.traceparent", NEVER) in gaps(recorded(tmp_path), {})
    recorder, said = Recorder(), detail(V1)
    said["metadata"]["traceparent"] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    recorder.hear("starling.users", V1, said)
    recorder.save(tmp_path)
    assert Gap("metadata.traceparent", NEVER) not in gaps(recorded(tmp_path), {})


def test_a_field_within_a_list_needs_one_element_that_has_it(tmp_path: Path) -> None:
    hear(tmp_path)
    fields = recorded(tmp_path)["orders/OrderPlaced/1.0.json"].fields
    assert {"data.items", "data.items[].price", "data.items[].price.amount"} <= fields


@pytest.mark.parametrize(
    ("excuse", "problem"),
    [
        ({V1: "why"}, Gap(V1, "is excused, but it was heard: take it off the list")),
        (
            {f"{V1} data.reason": "why"},
            Gap(f"{V1} data.reason", "is excused, but it was heard: take it off the list"),
        ),
        ({"Gone.v1": "why"}, Gap("Gone.v1", "is excused, but nothing of that name is declared")),
        (
            {"metadata.traceparent": " "},
            Gap("metadata.traceparent", "is excused without a reason"),
        ),
    ],
)
def test_an_excuse_that_excuses_nothing_is_told(
    tmp_path: Path, excuse: dict[str, str], problem: Gap
) -> None:
    hear(tmp_path)
    assert gaps(recorded(tmp_path), NOTHING_ELSE | excuse) == [problem]


def test_what_is_excused_in_the_repository_is_declared_and_has_a_reason() -> None:
    nothing = gaps({}, excuses())
    assert {gap.problem for gap in nothing} == {"is published in no test"}


def test_an_event_that_breaks_its_golden_schema_is_refused(tmp_path: Path) -> None:
    recorder, said = Recorder(), detail(V1)
    del said["data"]["reason"]
    with pytest.raises(ValidationError, match='"reason" is a required property'):
        recorder.hear("starling.users", V1, said)
    said = detail(V1)
    said["data"]["deactivated_at"] = "yesterday"
    with pytest.raises(ValidationError, match='is not a "date-time"'):
        recorder.hear("starling.users", V1, said)
    recorder.save(tmp_path)
    assert recorded(tmp_path) == {}, "what was refused was heard"


@pytest.mark.parametrize(
    ("source", "detail_type", "version"),
    [
        ("starling.users", V1, "1.9"),
        ("starling.users", "UserVanished.v1", "1.0"),
        ("starling.orders", V1, "1.0"),
    ],
)
def test_a_version_that_was_never_released_is_refused(
    source: str, detail_type: str, version: str
) -> None:
    said = detail(V1)
    said["metadata"]["schema_version"] = version
    with pytest.raises(FileNotFoundError):
        Recorder().hear(source, detail_type, said)


def test_who_heard_nothing_writes_nothing(tmp_path: Path) -> None:
    Recorder().save(tmp_path / "recorded")
    assert list(tmp_path.iterdir()) == []
    assert recorded(tmp_path / "recorded") == {}


def test_reasons_are_read_from_toml(tmp_path: Path) -> None:
    file = tmp_path / "unrecorded.toml"
    file.write_text(f'"{V2} data.note" = "nobody writes one"\n')
    assert excuses(file) == {f"{V2} data.note": "nobody writes one"}
    file.write_text(json.dumps({"a": 1}))
    with pytest.raises(ValueError, match="line 1"):
        excuses(file)
