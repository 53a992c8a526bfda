"""The schemas that are the contract."""

import json
from typing import Any

from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field

from contracts.event import EventData
from contracts.examples import examples
from contracts.golden import reader_golden
from contracts.reader import Reader
from contracts.schema import DIALECT, dumps, schema_of, schema_path


class Part(BaseModel):
    """Words."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(description="A field that is called like a keyword.")


class Assembled(EventData, source="starling.test", version="3.4".replace("3", "1")):
    """Words about the event."""

    parts: tuple[Part, ...] = Field(title="Words", description="More words.")
    sizes: dict[str, int]
    note: str | None = None


class Seen(Reader, source="starling.test", event="Assembled.v1"):
    """Words about the reader."""

    parts: tuple[Part, ...]


def test_an_events_schema_is_that_of_its_detail() -> None:
    schema = schema_of(Assembled)
    Draft202012Validator.check_schema(schema)
    assert (schema["$schema"], schema["title"]) == (DIALECT, "Assembled 1.4")
    assert schema["required"] == ["data", "metadata"]
    assert schema["properties"] == {
        "data": {"$ref": "#/$defs/Assembled"},
        "metadata": {"$ref": "#/$defs/Metadata"},
    }
    assert schema["$defs"]["Assembled"] == {
        "type": "object",
        "properties": {
            "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
            "sizes": {"type": "object", "additionalProperties": {"type": "integer"}},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        },
        "required": ["parts", "sizes"],
    }


def test_words_and_closed_objects_are_no_part_of_the_contract() -> None:
    assert schema_of(Assembled)["$defs"]["Part"] == {
        "type": "object",
        "properties": {"title": {"type": "string"}},
        "required": ["title"],
    }


def test_a_readers_schema_is_that_of_the_data_it_reads() -> None:
    assert schema_of(Seen) == {
        "$schema": DIALECT,
        "title": "Assembled.v1",
        "type": "object",
        "properties": {"parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}}},
        "required": ["parts"],
        "$defs": {
            "Part": {
                "type": "object",
                "properties": {"title": {"type": "string"}},
                "required": ["title"],
            }
        },
    }


def test_a_readers_golden_file_names_event_major_and_reaction() -> None:
    assert reader_golden(Seen) == ("Assembled.v1.test_schema.json", dumps(schema_of(Seen)))
    assert reader_golden(Seen, "on_assembled")[0] == "Assembled.v1.on_assembled.json"


def test_an_event_has_its_path_by_service_name_and_version() -> None:
    assert str(schema_path(Assembled)) == "test/Assembled/1.4.json"


def test_a_document_has_one_text() -> None:
    text = dumps({"b": 1, "a": "ü"})
    assert text == '{\n  "a": "ü",\n  "b": 1\n}\n'


def test_map_with_patterned_names_stay_closed() -> None:
    class Labelled(Reader, source="starling.test", event="Assembled.v1"):
        labels: dict[str, int] = Field(
            json_schema_extra={
                "patternProperties": {"^a": {"type": "integer"}},
                "additionalProperties": False,
            }
        )

    labels = schema_of(Labelled)["properties"]["labels"]
    assert labels["additionalProperties"] is False


def test_every_schema_is_valid_and_takes_its_example_and_a_later_minor() -> None:
    from contracts.catalogue import catalogue  # noqa: PLC0415 - imports all events

    events = catalogue()
    for example in examples():
        schema = schema_of(events[example.detail_type])
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        validator.validate(example.event["detail"])
        later: dict[str, Any] = json.loads(json.dumps(example.event["detail"]))
        later["data"]["added_later"] = later["metadata"]["added_later"] = True
        validator.validate(later)
        del later["data"]
        assert not validator.is_valid(later)
