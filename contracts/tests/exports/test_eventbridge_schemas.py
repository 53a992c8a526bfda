"""EventBridge's registry: draft 4, under its own names, with the envelope that it discovers."""

import copy
import json
import re

import pytest
from jsonschema import Draft4Validator

from contracts.exports.book import Book, Version, read
from contracts.exports.eventbridge_schemas import LOSSES, export
from contracts.golden import ROOT


@pytest.fixture(params=["made", "ours"])
def either(request: pytest.FixtureRequest, book: Book) -> Book:
    """A made book, and this repository's."""
    return book if request.param == "made" else read(ROOT)


def documents(book: Book) -> dict[str, Version]:
    return {
        f"{event.source}@{event.major.detail_type}/{version.name}.json": version
        for event in book.events
        for version in event.versions
    }


def test_each_is_a_draft_4_schema_that_its_example_obeys(either: Book) -> None:
    files = export(either).files
    for name, version in documents(either).items():
        schema = json.loads(files[name])
        Draft4Validator.check_schema(schema)
        validator = Draft4Validator(schema)
        validator.validate(version.example)
        for key in schema["required"]:
            assert not validator.is_valid({k: v for k, v in version.example.items() if k != key})
        assert not validator.is_valid(version.example | {"source": "starling.other"})
        broken = copy.deepcopy(version.example)
        broken["detail"]["metadata"]["revision"] = 0
        assert not validator.is_valid(broken)


def test_the_names_are_those_that_the_registry_takes(either: Book) -> None:
    names = {name.partition("/")[0] for name in export(either).files} - {LOSSES}
    assert len(names) == len(either.events)
    for name in names:
        assert re.fullmatch(r"[0-9A-Za-z_.@-]{1,385}", name)
        assert re.fullmatch(r"starling\.[a-z0-9-]+@[A-Z][A-Za-z0-9]*\.v[1-9][0-9]*", name)


def test_the_envelope_is_as_discovery_writes_it(book: Book) -> None:
    document = json.loads(export(book).files["starling.shop@ThingSold.v2/2.0.json"])
    assert document["x-amazon-events-source"] == "starling.shop"
    assert document["x-amazon-events-detail-type"] == "ThingSold.v2"
    assert document["properties"]["detail"] == {"$ref": "#/definitions/detail"}
    assert set(document["required"]) == set(document["properties"])
    assert set(document["required"]) == set(book.events[1].current.example)


def test_what_draft_4_cannot_say_is_reported(either: Book) -> None:
    made = export(either)
    report = json.loads(made.files[LOSSES])
    assert report.keys() == documents(either).keys()
    assert made.losses == [f"{name}: {loss}" for name in report for loss in report[name]]
    for losses in report.values():
        assert "#/$defs/Metadata/properties/occurred_at: format" in losses


def test_an_event_called_detail_is_no_trouble(root: str, book: Book) -> None:
    schema = book.events[1].current.golden.document
    schema["$defs"]["detail"] = schema["$defs"].pop("ThingSoldV2")
    schema["properties"]["data"]["$ref"] = "#/$defs/detail"
    document = json.loads(export(book).files["starling.shop@ThingSold.v2/2.0.json"])
    Draft4Validator(document).validate(book.events[1].current.example)
    assert document["properties"]["detail"] == {"$ref": "#/definitions/detail_"}
