"""AsyncAPI: who sends and receives what, and examples that obey their schemas."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from contracts.exports.asyncapi import export
from contracts.exports.book import Book, read
from contracts.gate.findings import BadContract


@pytest.fixture
def documents(book: Book) -> dict[str, Any]:
    """The documents by service."""
    files = export(book).files
    return {name.removesuffix(".json"): json.loads(text) for name, text in files.items()}


def test_a_publisher_sends_the_current_minor_of_each_major(documents: dict[str, Any]) -> None:
    operations = documents["shop"]["operations"]
    assert {name: one["action"] for name, one in operations.items()} == {
        "send_ThingSold_v1": "send",
        "send_ThingSold_v2": "send",
    }
    sent = operations["send_ThingSold_v1"]["messages"]
    assert sent == [{"$ref": "#/channels/bus/messages/ThingSold-1.1"}]


def test_a_reaction_receives_every_minor_of_its_major(documents: dict[str, Any]) -> None:
    operation = documents["post"]["operations"]["on_thing_sold"]
    assert operation["action"] == "receive"
    assert operation["summary"] == "Sends it {fast}."
    names = [one["$ref"].rpartition("/")[2] for one in operation["messages"]]
    assert names == ["ThingSold-1.0", "ThingSold-1.1"]
    assert "data.colour" in operation["x-reads"]
    rule = {"source": ["starling.shop"], "detail-type": ["ThingSold.v1"]}
    assert operation["x-eventbridge"] == {"rule": rule}


def test_a_deprecated_major_says_so(documents: dict[str, Any]) -> None:
    messages = documents["shop"]["components"]["messages"]
    assert messages["ThingSold-1.0"]["deprecated"] is True
    assert messages["ThingSold-1.0"]["x-deprecation"]["successor"] == "ThingSold.v2"
    assert "deprecated" not in messages["ThingSold-2.0"]


def test_the_examples_obey_the_schemas_and_nonsense_does_not(documents: dict[str, Any]) -> None:
    for document in documents.values():
        components = document["components"]
        for message in components["messages"].values():
            for part in ("headers", "payload"):
                schema = {"allOf": [message[part]], "components": components}
                validator = Draft7Validator(schema)
                validator.validate(message["examples"][0][part])
                assert not validator.is_valid({})


def test_what_draft_7_cannot_say_is_an_error_that_names_the_file(root: Path) -> None:
    path = "contracts/schemas/shop/ThingSold/1.1.json"
    schema = json.loads((root / path).read_text())
    schema["$defs"]["ThingSold"]["unevaluatedProperties"] = False
    (root / path).write_text(json.dumps(schema))
    with pytest.raises(BadContract, match=r"1\.1\.json: unevaluatedProperties cannot be said"):
        export(read(root))
