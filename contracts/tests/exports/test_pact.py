"""Pact files, judged by Pact itself: the examples pass, what breaks a reader fails."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pact import Verifier
from pact.types import Message

from contracts.envelope import parse_detail
from contracts.exports.book import Book, Version, read
from contracts.exports.pact import LOSSES, description, export
from contracts.golden import ROOT, reactions

Change = Callable[[dict[str, Any]], object]


def messages(book: Book, provider: str) -> dict[str, Version]:
    """Return the version that each message of a provider is an example of."""
    return {
        description(version, reading): version
        for event in book.events
        if event.major.service == provider
        for reading in event.readings
        for version in event.versions
    }


def failures(file: Path, sent: dict[str, Message]) -> set[str]:
    """Return the messages of a pact that a provider which sends these does not keep."""
    pact = json.loads(file.read_text())
    wanted = {one["description"] for one in pact["interactions"]}
    assert wanted
    assert wanted <= sent.keys()
    verifier = Verifier(pact["provider"]["name"]).message_handler(dict(sent)).add_source(file)
    try:
        verifier.set_error_on_empty_pact().verify()
    except RuntimeError:
        found = {one["interaction"].rpartition(" - ")[2] for one in verifier.results["errors"]}
        assert found
        assert found <= wanted
        return found
    finally:
        # Pact's own shutdown leaves the socket open.
        verifier._message_producer._server.server_close()
    return set()


def message(version: Version, detail: dict[str, Any]) -> Message:
    return Message(
        contents=json.dumps(detail).encode(),
        metadata={
            "source": version.example["source"],
            "detail-type": version.golden.major.detail_type,
        },
        content_type="application/json",
    )


def examples(book: Book, provider: str) -> dict[str, Message]:
    return {
        name: message(version, version.example["detail"])
        for name, version in messages(book, provider).items()
    }


def changed(file: Path, book: Book, changes: dict[str, Change]) -> set[str]:
    """Return which changes of the newer version's example break the pact."""
    version = book.events[0].versions[1]
    document = json.loads(file.read_text())
    model = document["interactions"][1]
    document["interactions"] = [{**model, "description": name, "key": name} for name in changes]
    file.write_text(json.dumps(document))
    sent = {}
    for name, change in changes.items():
        detail = copy.deepcopy(version.example["detail"])
        change(detail)
        assert detail != version.example["detail"], name
        sent[name] = message(version, detail)
    return failures(file, sent)


@pytest.fixture
def pact(book: Book, tmp_path: Path) -> Path:
    """The pact of the service ``post``."""
    file = tmp_path / "post-shop.json"
    file.write_text(export(book).files[file.name])
    return file


def test_there_is_a_file_for_each_consumer_and_provider(book: Book) -> None:
    assert export(book).files.keys() == {"post-shop.json", "loyalty-shop.json", LOSSES}


def test_the_examples_are_what_the_pact_wants(pact: Path, book: Book) -> None:
    assert failures(pact, examples(book, "shop")) == set()


def data(*path: str | int, to: Any) -> Change:
    def change(detail: dict[str, Any]) -> None:
        place: Any = detail["data"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return change


BREAKING: dict[str, Change] = {
    "another type": data("part", "size", to="big"),
    "a fraction": data("part", "size", to=1.5),
    "another type deep inside": data("part", "parts", 0, to={"size": "small"}),
    "a list for an object": data("part", to=[]),
    "too few": data("tags", to=[]),
    "too many": data("tags", to=["a", "b", "c", "d"]),
    "too long": data("tags", to=["toolong"]),
    "another type in a list": data("tags", to=["a", 2]),
    "not of the list of values": data("colour", to="green"),
    "another type in a map": data("prices", to={"eu": "free"}),
    "a field gone": lambda detail: detail["data"].pop("tags"),
    "metadata gone": lambda detail: detail["metadata"].pop("revision"),
    "no tenant": lambda detail: detail["metadata"].update(tenant_id="Not A Tenant"),
    "no time": lambda detail: detail["metadata"].update(occurred_at="yesterday"),
}
HARMLESS: dict[str, Change] = {
    "what is not read": data("sku", to=5),
    "null where it may be": data("colour", to=None),
    "another value": data("colour", to="red"),
    "other elements": data("tags", to=["other", "words"]),
    "other entries": data("prices", to={"us": 2, "uk": 3.5}),
    "a new field": data("new", to={"field": 1}),
    "another time": lambda detail: detail["metadata"].update(
        occurred_at="2027-01-01T00:00:00.5+01:00"
    ),
}


def test_what_breaks_the_reader_breaks_the_pact_and_nothing_else(pact: Path, book: Book) -> None:
    assert changed(pact, book, BREAKING | HARMLESS) == BREAKING.keys()


def test_the_bus_must_say_who_and_what(pact: Path, book: Book) -> None:
    document = json.loads(pact.read_text())
    document["interactions"][0]["metadata"]["detail-type"] = "ThingSold.v9"
    pact.write_text(json.dumps(document))
    assert failures(pact, examples(book, "shop")) == {"ThingSold 1.0 for on_thing_sold"}


def test_contents_are_cut_down_to_what_is_read(pact: Path) -> None:
    older, newer = (
        one["contents"]["content"]["data"] for one in json.loads(pact.read_text())["interactions"]
    )
    assert older == {
        "part": {"size": 2, "weight": 1, "parts": [{"size": 1, "parts": []}]},
        "tags": ["nice"],
        "prices": {"eu-ro": 1.5},
    }
    assert newer == older | {"colour": "light blue"}


def test_what_pact_cannot_say_is_reported(book: Book) -> None:
    made = export(book)
    report = json.loads(made.files[LOSSES])
    assert "on_thing_sold: $.data.part.weight: maximum" in report["post-shop.json"]
    assert made.losses == [f"{name}: {loss}" for name in report for loss in report[name]]


@pytest.mark.parametrize(
    ("schema", "value", "matchers", "lost"),
    [
        ({"type": ["string", "null"]}, "a", [{"match": "type"}], ["type"]),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, 1,
         [{"match": "integer"}], ["anyOf"]),
        ({"const": "a"}, "a", [{"match": "type"}], ["const"]),
        ({"type": "boolean"}, True, [{"match": "boolean"}], []),
        ({"type": "object", "properties": {}, "additionalProperties": False}, {},
         [{"match": "type"}], ["additionalProperties"]),
        ({"type": "string", "const": "a.b"}, "a.b",
         [{"match": "type"}, {"match": "regex", "regex": r"^(a\.b)$"}], []),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, None,
         [{"match": "integer"}, {"match": "null"}], []),
        ({"anyOf": [{"type": "string", "pattern": "a"}, {"type": "null"}]}, "a",
         [{"match": "regex", "regex": "a"}, {"match": "null"}], ["anyOf"]),
        ({"type": "null"}, None, [{"match": "null"}], []),
        (True, "a", [{"match": "type"}], []),
    ],
)  # fmt: skip
def test_what_is_said_of_a_value(
    book: Book, schema: Any, value: Any, matchers: list[Any], lost: list[str]
) -> None:
    event = book.events[1]
    event.current.example["detail"]["data"] = {"a-b": value}
    event.readings[0].half.schema["properties"] = {"a-b": schema}
    made = export(book)
    (interaction,) = json.loads(made.files["loyalty-shop.json"])["interactions"]
    assert interaction["matchingRules"]["body"]["$.data['a-b']"]["matchers"] == matchers
    found = [loss for loss in made.losses if "$.data" in loss and "loyalty" in loss]
    assert [loss.rpartition(": ")[2] for loss in found] == lost


def test_our_providers_keep_every_pact_and_our_consumers_read_every_message(
    tmp_path: Path,
) -> None:
    ours = read(ROOT)
    readers = {(one.service.name, one.module.rpartition(".")[2]): one.reader for one in reactions()}
    for name, text in export(ours).files.items():
        if name == LOSSES:
            continue
        file = tmp_path / name
        file.write_text(text)
        document = json.loads(text)
        sent = examples(ours, document["provider"]["name"])
        assert failures(file, sent) == set(), name
        for one in document["interactions"]:
            reaction = one["description"].rpartition(" ")[2]
            reader = readers[document["consumer"]["name"], reaction]
            parse_detail(one["contents"]["content"], reader)
