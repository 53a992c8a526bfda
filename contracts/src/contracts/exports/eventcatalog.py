"""EventCatalog's folders: domains, services, events with their versions, the bus, and teams.

A domain is what one team owns. The version of an event is its own with a third number, which is
always 0; the highest lies in the event's folder, the others below ``versioned``. A reaction reads
all minors of its major: ``^1.0.0``.
"""

import json
from typing import Any

from contracts.exports import Export
from contracts.exports.book import BUS, Book, Event, Reading, Service, Version
from contracts.exports.fields import changes
from contracts.exports.markdown import code, mdx
from contracts.schema import dumps

_BUS = {"id": "bus", "version": "1.0.0"}
_ONE = "1.0.0"  # of what has no version of its own


def export(book: Book) -> Export:
    """Return the catalogue's pages and the schemas beside them."""
    files = {"channels/bus/index.mdx": _channel(book)}
    for service in book.services:
        files[f"services/{service.name}/index.mdx"] = _service(service, book)
    for owner in _teams(book):
        files[f"teams/{_id(owner)}.mdx"] = _team(owner)
    for team, services in _domains(book).items():
        files[f"domains/{_id(team)}/index.mdx"] = _domain(team, services)
    for place, event, version, before in _versions(book):
        files[f"{place}/index.mdx"] = _event(event, version, before)
        files[f"{place}/schema.json"] = dumps(version.schema)
        files[f"{place}/example.json"] = dumps(version.example)
    return Export(files)


def _versions(book: Book) -> list[tuple[str, Event, Version, Version | None]]:
    """Return every version with its folder, and the one before it."""
    found: list[tuple[str, Event, Version, Version | None]] = []
    names = dict.fromkeys((event.major.service, event.major.event) for event in book.events)
    for name in names:
        every = [
            (event, version)
            for event in book.events
            if (event.major.service, event.major.event) == name
            for version in event.versions
        ]
        before: Version | None = None
        for event, version in every:
            place = f"services/{name[0]}/events/{name[1]}"
            last = version is every[-1][1]
            place += "" if last else f"/versioned/{_semantic(version)}"
            found.append((place, event, version, before))
            before = version
    return found


def _semantic(version: Version) -> str:
    return f"{version.name}.0"


def _id(owner: str) -> str:
    return owner.removeprefix("@").replace("/", "-")


def _teams(book: Book) -> list[str]:
    owned = [*(one.owners for one in book.services), *(one.owners for one in book.events)]
    return sorted({owner for owners in owned for owner in owners})


def _domains(book: Book) -> dict[str, list[Service]]:
    """Return the services of each team, which owns them first."""
    found: dict[str, list[Service]] = {}
    for service in book.services:
        if service.owners:
            found.setdefault(service.owners[0], []).append(service)
    return found


def _domain(team: str, services: list[Service]) -> str:
    said = {
        "id": _id(team),
        "name": team.rpartition("/")[2].removeprefix("@"),
        "version": _ONE,
        "summary": f"What {team} owns.",
        "owners": [_id(team)],
        "services": [{"id": service.name, "version": service.version} for service in services],
    }
    return _page(said, "<NodeGraph />\n")


def _team(owner: str) -> str:
    summary = f"{owner}, as CODEOWNERS names it."
    return _page({"id": _id(owner), "name": owner, "summary": summary}, mdx(summary))


def _channel(book: Book) -> str:
    said = {
        **_BUS,
        "name": BUS,
        "summary": "The one bus of a stage, which all events go over.",
        "owners": sorted({_id(owner) for event in book.events for owner in event.owners}),
        "address": BUS,
        "protocols": ["eventbridge"],
        "deliveryGuarantee": "at-least-once",
        "parameters": {"stage": {"description": "The stage: local, dev, prod."}},
    }
    return _page(said, "<ChannelInformation />\n")


def _service(service: Service, book: Book) -> str:
    sends = [
        {"id": event.major.event, "version": _semantic(event.current), "to": [_BUS]}
        for event in book.events
        if event.major.service == service.name
    ]
    receives = [
        {
            "id": event.major.event,
            "version": f"^{event.major.number}.0.0",
            "fields": sorted({path for reading in readings for path in reading.paths}),
            "from": [_BUS],
        }
        for event in book.events
        if (readings := [one for one in event.readings if one.half.service == service.name])
    ]
    said = {
        "id": service.name,
        "name": service.name,
        "version": service.version,
        "summary": service.summary or f"The service {service.name}.",
        "owners": [_id(owner) for owner in service.owners],
        "sends": sends,
        "receives": receives,
    }
    return _page(said, f"{mdx(service.summary)}\n\n<NodeGraph />\n")


def _event(event: Event, version: Version, before: Version | None) -> str:
    said: dict[str, Any] = {
        "id": event.major.event,
        "name": event.major.event,
        "version": _semantic(version),
        "summary": event.meaning or f"The event {event.major.event}.",
        "owners": [_id(owner) for owner in event.owners],
        "schemaPath": "schema.json",
        "channels": [_BUS],
        "badges": [
            {
                "content": event.major.detail_type,
                "backgroundColor": "blue",
                "textColor": "blue",
            }
        ],
    }
    if event.deprecation:
        said["deprecated"] = {
            "date": event.deprecation.since.isoformat(),
            "message": f"Published until {event.deprecation.until}. Read "
            f"{event.deprecation.successor}: {event.deprecation.why}.",
        }
    parts = [mdx(event.meaning), "<NodeGraph />"]
    if before:
        listed = "\n".join(f"- {mdx(change)}" for change in changes(before.schema, version.schema))
        parts.append(f"## Changes since {before.name}\n\n{listed or 'None of the fields.'}")
    if event.readings:
        listed = "\n".join(_reader(reading) for reading in event.readings)
        parts.append(f"## Who reads it\n\n{listed}")
    parts += [
        '## Schema\n\n<SchemaViewer file="schema.json" />',
        f"## Example\n\n{code(version.example)}",
    ]
    return _page(said, "\n\n".join(parts))


def _reader(reading: Reading) -> str:
    half = reading.half
    paths = ", ".join(f"`{path}`" for path in reading.paths)
    return f"- **{half.service}**, `{half.reaction}`: {mdx(reading.meaning)} Reads {paths}."


def _page(said: dict[str, Any], body: str) -> str:
    """Return a page: front matter, whose values are JSON, which is YAML; and a body."""
    lines = []
    for key, value in said.items():
        if isinstance(value, list) and value:
            lines += [f"{key}:", *(f"  - {_yaml(item)}" for item in value)]
        else:
            lines.append(f"{key}: {_yaml(value)}")
    front = "\n".join(lines)
    return f"---\n{front}\n---\n\n{body.strip()}\n"


def _yaml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
