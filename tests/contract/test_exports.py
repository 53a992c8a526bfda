"""Our exports, judged by the tools of those who made the formats; and docs/events is up to date."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contracts.exports import Format, export
from contracts.exports.book import BUS, Book, read
from contracts.exports.folder import Changes, lay
from contracts.golden import ROOT
from infra.paths import TOOLS
from infra.stages import Stage
from infra.tools import ensure, node

FORMATS = TOOLS / "formats"
ERROR, WARNING = 0, 1  # the parser's severities
LINTER = FORMATS / "node_modules" / "@eventcatalog" / "linter" / "dist" / "cli" / "index.js"


@pytest.fixture(scope="module")
def book() -> Book:
    return read(ROOT)


@pytest.fixture(scope="module", autouse=True)
def validators() -> None:
    """Install the validators, if `make setup` has not."""
    ensure("formats")


def test_the_reference_is_up_to_date(book: Book) -> None:
    files = export(Format.DOCS, book).files
    changes = lay(ROOT / "docs" / "events", "docs", files, check=True)
    assert changes == Changes([], []), "run `make golden`, and look at what changed"


def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [str(node.NODE), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=node.environment()
    )


def parsed(files: list[Path]) -> dict[str, Any]:
    done = run(Path(__file__).with_name("check_asyncapi.cjs"), FORMATS, *files)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return {Path(file).name: said for file, said in found.items()}


def test_asyncapis_own_parser_finds_nothing_wrong(book: Book, tmp_path: Path) -> None:
    files = export(Format.ASYNCAPI, book).files
    lay(tmp_path, "asyncapi", files)
    found = parsed([tmp_path / name for name in files])
    assert found.keys() == files.keys()
    for name, said in found.items():
        assert said["parsed"], name
        assert [one for one in said["diagnostics"] if one["severity"] <= WARNING] == [], name
        assert said["operations"], name
    titles = {title for said in found.values() for title in said["messages"]}
    assert titles == {
        f"{event.major.event} {version.name}" for event in book.events for version in event.versions
    }


def test_the_parser_finds_what_is_broken_and_takes_recursion(book: Book, tmp_path: Path) -> None:
    texts = export(Format.ASYNCAPI, book).files
    text = texts[min(texts)]
    broken, wrong, recursive = (tmp_path / f"{name}.json" for name in ("broken", "wrong", "again"))
    broken.write_text(text.replace("#/components/messages/", "#/components/nowhere/"))
    document = json.loads(text)
    for schema in document["components"]["schemas"].values():
        schema["type"] = "text"
    wrong.write_text(json.dumps(document))
    document = json.loads(text)
    schemas = document["components"]["schemas"]
    name = next(name for name in schemas if name.endswith(".Metadata"))
    schemas[name]["properties"]["again"] = {"$ref": f"#/components/schemas/{name}"}
    recursive.write_text(json.dumps(document))
    found = parsed([broken, wrong, recursive])
    for name in ("broken.json", "wrong.json"):
        said = found[name]["diagnostics"]
        assert [one for one in said if one["severity"] == ERROR], name
    assert found["again.json"]["parsed"]


def test_eventcatalogs_own_linter_finds_nothing_wrong(book: Book, tmp_path: Path) -> None:
    lay(tmp_path, "eventcatalog", export(Format.EVENTCATALOG, book).files)
    done = run(LINTER, tmp_path)
    assert done.returncode == 0, done.stdout
    warnings = [line for line in done.stdout.splitlines() if "⚠ warning" in line]
    deprecated = "versions/no-deprecated-references"  # what is deprecated is still published
    assert [line for line in warnings if deprecated not in line] == []


def test_the_linter_finds_an_event_that_is_gone(book: Book, tmp_path: Path) -> None:
    files = export(Format.EVENTCATALOG, book).files
    event = book.events[0].major
    gone = f"services/{event.service}/events/{event.event}/"
    lay(tmp_path, "eventcatalog", {k: v for k, v in files.items() if not k.startswith(gone)})
    done = run(LINTER, tmp_path)
    assert done.returncode == 1
    assert event.event in done.stdout


def test_the_bus_is_called_as_the_stages_call_it() -> None:
    assert BUS.format(stage="dev") == Stage.of("dev").named()
