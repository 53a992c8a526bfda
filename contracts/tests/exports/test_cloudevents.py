"""CloudEvents 1.0, as the official SDK reads and writes them."""

import json

import pytest
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from contracts.exports.book import Book, read
from contracts.exports.cloudevents import export
from contracts.gate.findings import BadContract
from contracts.golden import ROOT

FORMAT = JSONFormat()


@pytest.mark.parametrize("which", ["made", "ours"])
def test_the_official_sdk_takes_each_and_writes_the_same(which: str, book: Book) -> None:
    one = book if which == "made" else read(ROOT)
    files = export(one).files
    for event in one.events:
        for version in event.versions:
            text = files[f"{version.path}.json"]
            taken = FORMAT.read(CloudEvent, text)
            assert taken.get_type() == f"{event.source}.{event.major.detail_type}"
            assert taken.get_source() == event.source
            assert taken.get_data() == version.example["detail"]["data"]
            assert taken.get_extension("tenantid") == "acme"
            assert json.loads(FORMAT.write(taken)) == json.loads(text)


@pytest.mark.parametrize(
    ("attribute", "value"), [("type", ""), ("source", 1), ("specversion", "0.2"), ("tenant_id", "")]
)
def test_the_sdk_would_refuse_another(book: Book, attribute: str, value: object) -> None:
    document = json.loads(next(iter(export(book).files.values()))) | {attribute: value}
    with pytest.raises(CloudEventValidationError):
        FORMAT.read(CloudEvent, json.dumps(document))


def test_an_example_without_our_envelope_is_named(book: Book) -> None:
    del book.events[0].versions[1].example["detail"]["metadata"]["id"]
    with pytest.raises(BadContract, match=r"ThingSold/1\.1\.json: .*our envelope"):
        export(book)
