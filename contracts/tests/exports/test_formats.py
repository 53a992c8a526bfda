"""What every format has in common, on a made repository and on this one."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from contracts.exports import Export, Format, export
from contracts.exports.book import Book, read
from contracts.exports.folder import lay
from contracts.golden import ROOT


@pytest.fixture(scope="module")
def ours() -> Book:
    """This repository's."""
    return read(ROOT)


def versions(made: Export, form: Format) -> set[tuple[str, str]]:
    """Return the versions (event, number) that an export has, as the format writes them."""
    found: set[tuple[str, str]] = set()
    for path, text in made.files.items():
        parts = path.removesuffix(".json").split("/")
        if form is Format.ASYNCAPI:
            messages = json.loads(text)["components"]["messages"]
            found |= {tuple(message["title"].split(" ")) for message in messages.values()}
        elif form is Format.EVENTBRIDGE_SCHEMAS and len(parts) == 2:
            found.add((parts[0].partition("@")[2].partition(".")[0], parts[1]))
        elif form is Format.CLOUDEVENTS:
            found.add((parts[1], parts[2]))
        elif form is Format.EVENTCATALOG and path.endswith("schema.json"):
            found.add(tuple(json.loads(text)["title"].split(" ")))
        elif form is Format.DOCS and path != "README.md":
            marks = [line for line in text.splitlines() if line.startswith("- **")]
            name = Path(path).stem
            found |= {(name, line.split("**")[1]) for line in marks}
        elif form is Format.PACT and "losses" not in path:
            said = [one["description"].split(" ") for one in json.loads(text)["interactions"]]
            found |= {(name, number) for name, number, *_ in said}
    return found


@pytest.mark.parametrize("form", Format)
def test_every_version_is_there(book: Book, ours: Book, form: Format) -> None:
    for one in (book, ours):
        every = {
            (event.major.event, version.name)
            for event in one.events
            if event.readings or form is not Format.PACT
            for version in event.versions
        }
        assert every
        assert versions(export(form, one), form) == every


@pytest.mark.parametrize("form", Format)
def test_the_same_contracts_give_the_same_bytes(root: Path, form: Format) -> None:
    assert export(form, read(root)) == export(form, read(root))


@pytest.mark.parametrize("form", Format)
def test_nothing_tells_where_the_repository_lies(root: Path, form: Format) -> None:
    moved = root.parent / "elsewhere"
    before = export(form, read(root))
    root.rename(moved)
    assert export(form, read(moved)) == before


@pytest.mark.parametrize("form", Format)
def test_what_an_event_left_goes_when_the_event_goes(
    root: Path, tmp_path: Path, form: Format
) -> None:
    out = tmp_path / "out"
    lay(out, form.value, export(form, read(root)).files)
    before = {file for file in out.rglob("*") if file.is_file()}
    for folder in ("schemas", "examples"):
        (root / f"contracts/{folder}/shop/ThingSold/2.0.json").unlink()
    (root / "services/loyalty/consumes/ThingSold.v2.on_thing_sold.json").unlink()
    files = export(form, read(root)).files
    lay(out, form.value, files)
    after = {file for file in out.rglob("*") if file.is_file()}
    assert {file.relative_to(out).as_posix() for file in after} == {*files, ".export.json"}
    assert (before - after != set()) == (form is not Format.DOCS)
    assert "2.0" not in {number for _, number in versions(export(form, read(root)), form)}


@pytest.mark.parametrize("form", Format)
def test_a_repository_without_events_has_none_to_tell_of(root: Path, form: Format) -> None:
    for folder in ("contracts/schemas", "contracts/examples", "services/post", "services/loyalty"):
        shutil.rmtree(root / folder)
    assert versions(export(form, read(root)), form) == set()


def refs(document: Any) -> list[str]:
    if isinstance(document, list):
        return [ref for part in document for ref in refs(part)]
    if not isinstance(document, dict):
        return []
    own = [document["$ref"]] if isinstance(document.get("$ref"), str) else []
    return own + [ref for part in document.values() for ref in refs(part)]


@pytest.mark.parametrize("form", [Format.ASYNCAPI, Format.EVENTBRIDGE_SCHEMAS])
def test_every_reference_leads_somewhere(book: Book, ours: Book, form: Format) -> None:
    for one in (book, ours):
        for text in export(form, one).files.values():
            document = json.loads(text)
            for ref in refs(document):
                place = document
                for step in ref.removeprefix("#/").split("/"):
                    place = place[step.replace("~1", "/").replace("~0", "~")]
                assert isinstance(place, dict)
