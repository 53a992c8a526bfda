"""CloudEvents 1.0: the example of every version, in the structured JSON format."""

from contracts.cloudevents import to_cloudevent
from contracts.envelope import ContractBroken
from contracts.exports import Export
from contracts.exports.book import Book
from contracts.gate.findings import BadContract
from contracts.schema import dumps


def export(book: Book) -> Export:
    """Return a CloudEvent per version."""
    files = {}
    for event in book.events:
        for version in event.versions:
            try:
                made = to_cloudevent(version.example)
            except ContractBroken as error:
                raise BadContract(f"contracts/examples/{version.path}.json", error.reason) from None
            files[f"{version.path}.json"] = dumps(made)
    return Export(files)
