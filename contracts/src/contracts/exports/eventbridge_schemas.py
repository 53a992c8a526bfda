"""EventBridge's schema registry: JSONSchemaDraft4 documents, as it stores and discovers them.

A schema of the registry is a detail-type of a source, ``starling.users@UserRegistered.v1``, and the
registry numbers its versions; here each minor is a version, in a file of that name.
"""

from typing import Any

from contracts.draft4 import DRAFT4, to_draft4
from contracts.exports import Export
from contracts.exports.book import Book, Event, Version
from contracts.schema import Schema, dumps

_TEXT = {"type": "string"}
LOSSES = "losses.json"


def export(book: Book) -> Export:
    """Return a document per version, and what Draft 4 cannot say of it."""
    files: dict[str, str] = {}
    report: dict[str, list[str]] = {}
    for event in book.events:
        for version in event.versions:
            name = f"{event.source}@{event.major.detail_type}/{version.name}.json"
            document, lost = _document(event, version)
            files[name], report[name] = dumps(document), lost
    files[LOSSES] = dumps(report)
    return Export(files, [f"{name}: {loss}" for name, lost in report.items() for loss in lost])


def _document(event: Event, version: Version) -> tuple[Schema, list[str]]:
    """Return the schema of the whole event, as discovery writes one."""
    title = event.major.class_name
    detail = {key: value for key, value in version.schema.items() if key != "title"}
    converted, losses = to_draft4(detail)
    definitions: dict[str, Any] = converted.pop("definitions", {})
    name = "detail"
    while name in definitions:
        name += "_"
    del converted["$schema"]
    document = {
        "$schema": DRAFT4,
        "title": title,
        "description": f"{event.major.event} {version.name}: {event.meaning}".rstrip(": "),
        "definitions": {**definitions, name: converted},
        "type": "object",
        "properties": {
            "version": _TEXT,
            "id": _TEXT,
            "detail-type": {"enum": [event.major.detail_type]},
            "source": {"enum": [event.source]},
            "account": _TEXT,
            "time": {"type": "string", "format": "date-time"},
            "region": _TEXT,
            "resources": {"type": "array", "items": _TEXT},
            "detail": {"$ref": f"#/definitions/{name}"},
        },
        "required": [
            "detail-type",
            "resources",
            "detail",
            "id",
            "source",
            "time",
            "region",
            "version",
            "account",
        ],
        "x-amazon-events-detail-type": event.major.detail_type,
        "x-amazon-events-source": event.source,
    }
    return document, losses
