"""Every version of every event has an example that its schema and its readers take."""

from typing import Any

import pytest

from contracts.casts.user_deactivated import to_v1, to_v2
from contracts.catalogue import catalogue
from contracts.cloudevents import to_cloudevent
from contracts.envelope import parse_event
from contracts.examples import Example, examples
from contracts.golden import Reaction, reactions
from contracts.patterns.rules import ACCOUNT, REGION
from contracts.recording import Recorder
from contracts.schema import schema_path

EVENTS = catalogue()
EXAMPLES = list(examples())
REACTIONS = list(reactions())


def named(value: Any) -> str:
    return value.module if isinstance(value, Reaction) else str(value.path)


def test_the_current_version_of_every_event_has_an_example() -> None:
    assert {schema_path(event) for event in EVENTS.values()} <= {
        example.path for example in EXAMPLES
    }


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_an_example_is_an_event_as_the_bus_delivers_it(example: Example) -> None:
    service, name, version = example.path.with_suffix("").parts
    event = example.event
    assert sorted(event) == [
        "account", "detail", "detail-type", "id", "region", "resources", "source", "time",
        "version",
    ]  # fmt: skip
    assert event["source"] == f"starling.{service}"
    assert event["detail-type"] == f"{name}.v{version.partition('.')[0]}"
    assert event["detail"]["metadata"]["schema_version"] == version
    assert (event["account"], event["region"]) == (ACCOUNT, REGION)


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_an_example_is_valid_under_its_golden_schema(example: Example) -> None:
    Recorder().hear(example.event["source"], example.detail_type, example.event["detail"])


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_an_example_is_what_the_producers_model_says_and_says_nothing_else(
    example: Example,
) -> None:
    model = EVENTS[example.detail_type]
    parsed = parse_event(example.event, model)
    # The model refuses unknown fields when a producer makes it; nothing is lost or changed.
    said = model.model_validate(example.event["detail"]["data"])
    assert said == parsed.data
    written = {
        "metadata": parsed.metadata.model_dump(mode="json", exclude_none=True),
        "data": said.model_dump(mode="json", exclude_none=True),
    }
    assert written == example.event["detail"]


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_an_example_is_a_cloudevent_too(example: Example) -> None:
    assert to_cloudevent(example.event)["data"] == example.event["detail"]["data"]


def test_examples_have_their_own_ids_but_for_the_majors_of_one_fact() -> None:
    ids = [(e.event["detail"]["metadata"]["id"], e.detail_type) for e in EXAMPLES]
    assert len(set(ids)) == len(ids)
    facts = {(event_id, detail_type.partition(".")[0]) for event_id, detail_type in ids}
    assert len({event_id for event_id, _ in facts}) == len(facts)


def test_both_majors_of_a_deactivation_are_examples_of_one_fact() -> None:
    (old,), (new,) = (list(examples(f"UserDeactivated.v{major}")) for major in (1, 2))
    differ = {"schema_version", "idempotency_key"}
    metadata, former = (e.event["detail"]["metadata"] for e in (new, old))
    assert {name for name in metadata if metadata[name] != former[name]} <= differ
    assert to_v2(old.event["detail"]["data"]) == new.event["detail"]["data"]
    assert to_v1(new.event["detail"]["data"]) == old.event["detail"]["data"]


@pytest.mark.parametrize("reaction", REACTIONS, ids=named)
def test_a_reaction_reads_an_event_that_somebody_publishes(reaction: Reaction) -> None:
    event = EVENTS[reaction.reader.detail_type]
    assert reaction.reader.source == event.source


@pytest.mark.parametrize("reaction", REACTIONS, ids=named)
def test_a_reaction_can_read_every_example_of_every_minor_of_its_event(reaction: Reaction) -> None:
    fed = list(examples(reaction.reader.detail_type))
    assert fed
    for example in fed:
        parsed = parse_event(example.event, reaction.reader)
        assert parsed.data.model_fields_set <= example.event["detail"]["data"].keys()
