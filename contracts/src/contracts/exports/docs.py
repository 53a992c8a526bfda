"""The reference for people, in Markdown: an index, and a page per event."""

from collections.abc import Iterable

from contracts.exports import Export
from contracts.exports.book import Book, Event, Reading, Version
from contracts.exports.fields import Field, changes, fields
from contracts.exports.markdown import code, table
from contracts.exports.meanings import Meanings

_GENERATED = "<!-- Made by `make golden` from the contracts: change those. -->\n\n"
_ENVELOPE = "contracts/src/contracts/envelope.py"


def export(book: Book) -> Export:
    """Return the pages."""
    pages: dict[str, list[Event]] = {}
    for event in book.events:
        pages.setdefault(_page(event), []).append(event)
    files = {path: _event(majors, book) for path, majors in pages.items()}
    return Export({"README.md": _index(book), **files})


def _page(event: Event) -> str:
    return f"{event.major.service}/{event.major.event}.md"


def _index(book: Book) -> str:
    rows = [
        (
            f"[`{event.major.detail_type}`]({_page(event)}#{_anchor(event)})",
            event.major.service,
            ", ".join(dict.fromkeys(reading.half.service for reading in event.readings))
            or "nobody",
            event.current.name,
            (f"Until {event.deprecation.until}. " if event.deprecation else "") + event.meaning,
        )
        for event in book.events
    ]
    listed = table(("event", "published by", "read by", "version", "meaning"), rows)
    return (
        f"{_GENERATED}# Events\n\nAll events that services tell each other of, over one bus.\n\n"
        f"{listed}\n## What every event carries\n\n"
        "EventBridge's own fields, and in `detail` the payload, `data`, beside `metadata`, "
        f"which is the same for all:\n\n{_metadata(book)}"
    )


def _metadata(book: Book) -> str:
    rows: dict[str, Field] = {}
    for event in book.events:
        rows |= {one.path: one for one in _part(event.current, "metadata")}
    return _fields(rows.values(), _ENVELOPE, book.meanings, "Metadata")


def _event(majors: list[Event], book: Book) -> str:
    first = majors[0]
    owners = ", ".join(first.owners)
    parts = [
        f"{_GENERATED}# {first.major.event}\n",
        f"Published by **{first.major.service}** (`{first.source}`)"
        + (f", owned by {owners}.\n" if owners else ".\n"),
    ]
    before: Version | None = None
    said = {}
    for event in majors:
        said[event.major] = _history(event, before)
        before = event.current
    for event in reversed(majors):
        parts += [_major(event, book.meanings), said[event.major]]
        parts += [f"### Example of {event.current.name}\n", code(event.current.example)]
    return "\n".join(parts)


def _heading(event: Event) -> str:
    return f"Version {event.major.number}: {event.major.detail_type}"


def _anchor(event: Event) -> str:
    """Return the name that GitHub gives to the heading."""
    return _heading(event).lower().replace(":", "").replace(".", "").replace(" ", "-")


def _major(event: Event, meanings: Meanings) -> str:
    parts = [f"## {_heading(event)}\n"]
    if event.meaning:
        parts.append(f"{event.meaning}\n")
    if record := event.deprecation:
        parts.append(
            f"**Deprecated** since {record.since}, until {record.until}: read "
            f"`{record.successor}`. Why: {record.why}.\n"
        )
    rows = [one for one in _part(event.current, "data") if one.path != "data"]
    parts.append(_fields(rows, event.major.module, meanings, event.major.class_name))
    parts.append("### Who reads it\n")
    if event.readings:
        parts.append(table(("service", "reaction", "what it does", "fields"), _readers(event)))
    else:
        parts.append("Nobody.\n")
    return "\n".join(parts)


def _part(version: Version, name: str) -> list[Field]:
    """Return the fields of one part of an event's detail."""
    return [one for one in fields(version.schema) if one.path.split(".")[0] == name]


def _fields(rows: Iterable[Field], module: str, meanings: Meanings, cls: str) -> str:
    return table(
        ("field", "type", "bounds", "required", "meaning"),
        (
            (
                f"`{row.path}`",
                row.type,
                row.bounds,
                "yes" if row.required else "no",
                meanings.of_field(module, (cls, row.place[0] or cls), row.place[1]),
            )
            for row in rows
            if row.path != "metadata"
        ),
    )


def _readers(event: Event) -> list[tuple[str, str, str, str]]:
    return [_reader(reading) for reading in event.readings]


def _reader(reading: Reading) -> tuple[str, str, str, str]:
    half = reading.half
    paths = ", ".join(f"`{path}`" for path in reading.paths)
    return half.service, f"`{half.reaction}`", reading.meaning, paths


def _history(event: Event, before: Version | None) -> str:
    """Return what each version of a major changed."""
    parts = ["### Changes\n"]
    for version in event.versions:
        if before is None:
            parts.append(f"- **{version.name}**: the first version.")
        else:
            listed = changes(before.schema, version.schema)
            what = "".join(f"\n  - {change}" for change in listed) or "\n  - None of the fields."
            parts.append(f"- **{version.name}**, compared with {before.name}:{what}")
        before = version
    return "\n".join(parts) + "\n"
