"""AsyncAPI 3.0: a document per service.

An AsyncAPI document describes one application, and its ``send`` and ``receive`` are that
application's. So every service that publishes or reads has a document of its own, which stands
alone: all references are within it.

The payload is the event's detail, and EventBridge's own fields are the headers. AsyncAPI 3.0 has no
binding for EventBridge: bus, source, detail-type and rule are said as ``x-eventbridge``.
"""

from typing import Any

from contracts.exports import Export
from contracts.exports.book import BUS, Book, Event, Reading, Service, Version
from contracts.exports.draft7 import CannotSay, to_draft7
from contracts.gate.findings import BadContract
from contracts.schema import dumps

Document = dict[str, Any]

_ENVELOPE = ("version", "id", "detail-type", "source", "account", "time", "region", "resources")
_CHANNEL = "bus"


def export(book: Book) -> Export:
    """Return the document of every service that sends or receives."""
    files = {}
    for service in book.services:
        sent = [event for event in book.events if event.major.service == service.name]
        received = [
            (event, reading)
            for event in book.events
            for reading in event.readings
            if reading.half.service == service.name
        ]
        if sent or received:
            files[f"{service.name}.json"] = dumps(_document(service, sent, received))
    return Export(files)


def _document(
    service: Service, sent: list[Event], received: list[tuple[Event, Reading]]
) -> Document:
    events = list({id(event): event for event in [*sent, *(one for one, _ in received)]}.values())
    messages: Document = {}
    schemas: Document = {}
    for event in events:
        for version in event.versions:
            messages[_name(version)] = _message(event, version)
            schemas |= _schemas(event, version)
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:starling:{service.name}",
        "info": {
            "title": service.name,
            "version": service.version,
            "description": service.summary or f"The service {service.name}.",
            "x-owners": list(service.owners),
        },
        "defaultContentType": "application/json",
        "servers": {
            "eventbridge": {
                "host": "events.{region}.amazonaws.com",
                "protocol": "eventbridge",
                "description": "Amazon EventBridge; the local stage runs an emulator of it.",
                "variables": {"region": {"description": "The AWS region of the stage."}},
            }
        },
        "channels": {
            _CHANNEL: {
                "address": BUS,
                "description": "The one bus of a stage, which all events go over.",
                "servers": [{"$ref": "#/servers/eventbridge"}],
                "parameters": {"stage": {"description": "The stage: local, dev, prod."}},
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "x-eventbridge": {"bus": BUS},
            }
        },
        "operations": {
            **{f"send_{event.major.event}_v{event.major.number}": _send(event) for event in sent},
            **{reading.half.reaction: _receive(event, reading) for event, reading in received},
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def _name(version: Version) -> str:
    return f"{version.golden.major.event}-{version.name}"


def _send(event: Event) -> Document:
    """Return the operation of the publisher: the current minor; older ones lie in the archive."""
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{_CHANNEL}"},
        "summary": event.meaning or f"Publishes {event.major.detail_type}.",
        "messages": [{"$ref": f"#/channels/{_CHANNEL}/messages/{_name(event.current)}"}],
    }


def _receive(event: Event, reading: Reading) -> Document:
    """Return the operation of a reaction, which reads every minor of a major."""
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{_CHANNEL}"},
        "summary": reading.meaning or f"Reads {event.major.detail_type}.",
        "messages": [
            {"$ref": f"#/channels/{_CHANNEL}/messages/{_name(version)}"}
            for version in event.versions
        ],
        "x-eventbridge": {"rule": _pattern(event)},
        "x-reads": reading.paths,
    }


def _pattern(event: Event) -> Document:
    return {"source": [event.source], "detail-type": [event.major.detail_type]}


def _message(event: Event, version: Version) -> Document:
    made: Document = {
        "name": event.major.detail_type,
        "title": f"{event.major.event} {version.name}",
        "summary": event.meaning or f"The event {event.major.event}.",
        "contentType": "application/json",
        "headers": {"$ref": f"#/components/schemas/{_name(version)}-headers"},
        "payload": {"$ref": f"#/components/schemas/{_name(version)}"},
        "correlationId": {
            "description": "The request that all that follows from it has in common.",
            "location": "$message.payload#/metadata/correlation_id",
        },
        "examples": [
            {
                "name": f"{event.major.event}-{version.name}",
                "headers": {name: version.example.get(name) for name in _ENVELOPE},
                "payload": version.example["detail"],
            }
        ],
        "x-eventbridge": {"source": event.source, "detail-type": event.major.detail_type},
        "x-owners": list(event.owners),
    }
    if event.deprecation:
        made["deprecated"] = True
        made["x-deprecation"] = event.deprecation.model_dump(mode="json")
    return made


def _schemas(event: Event, version: Version) -> Document:
    """Return the schemas of a version, each definition under a name that says whose it is."""
    name = _name(version)
    try:
        schema, definitions = to_draft7(
            version.schema, lambda inner: f"#/components/schemas/{name}.{inner}"
        )
    except CannotSay as error:
        raise BadContract(f"contracts/schemas/{version.path}.json", error) from None
    headers = {
        "type": "object",
        "properties": {
            **{one: {"type": "string"} for one in _ENVELOPE},
            "detail-type": {"const": event.major.detail_type},
            "source": {"const": event.source},
            "time": {"type": "string", "format": "date-time"},
            "resources": {"type": "array", "items": {"type": "string"}},
        },
        "required": list(_ENVELOPE),
    }
    inner = {f"{name}.{key}": value for key, value in definitions.items()}
    return {name: schema, f"{name}-headers": headers, **inner}
