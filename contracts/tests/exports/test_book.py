"""What an export tells of is found in the files, and nowhere else."""

import shutil
from pathlib import Path

import pytest

from contracts.exports.book import Book, read
from contracts.gate.findings import BadContract
from contracts.golden import ROOT

V1, V2 = 0, 1


def test_every_version_of_every_event_is_there(book: Book) -> None:
    found = {event.major.detail_type: [one.name for one in event.versions] for event in book.events}
    assert found == {"ThingSold.v1": ["1.0", "1.1"], "ThingSold.v2": ["2.0"]}


def test_ten_comes_after_nine(root: Path) -> None:
    for folder in ("schemas", "examples"):
        place = root / f"contracts/{folder}/shop/ThingSold"
        for minor in (9, 10):
            shutil.copy(place / "1.1.json", place / f"1.{minor}.json")
    assert read(root).events[V1].current.name == "1.10"


def test_who_reads_what_and_why(book: Book) -> None:
    reading = book.events[V1].readings[0]
    assert (reading.half.service, reading.half.reaction) == ("post", "on_thing_sold")
    assert reading.meaning == "Sends it {fast}."
    assert reading.paths == [
        "data.colour", "data.part.parts", "data.part.size", "data.part.weight", "data.prices",
        "data.tags",
    ]  # fmt: skip
    assert book.events[V2].readings[0].meaning == ""


def test_services_with_the_last_line_of_codeowners_that_covers_them(book: Book) -> None:
    services = {one.name: (one.version, one.summary, one.owners) for one in book.services}
    assert services["shop"] == ("1.2.3", "Sells things.", ("@all/sellers", "@all/of-us"))
    assert services["post"] == ("1.2.3", "", ("@all/of-us",))
    assert book.events[V1].owners == ("@all/sellers",)


def test_what_is_deprecated(book: Book) -> None:
    record = book.events[V1].deprecation
    assert record is not None
    assert record.successor == "ThingSold.v2"
    assert book.events[V2].deprecation is None


@pytest.mark.parametrize(
    ("path", "cls", "name", "meaning"),
    [
        ((), "ThingSold", "sku", "Which thing."),
        ((), "ThingSold", "colour", "How it looks."),
        ((), "ThingSold", "tags", "What people say of it."),
        ((), "ThingSold", "part", "A piece of a thing."),
        (("Part",), "ThingSold", "parts", "The pieces of the piece."),
        (("Part",), "ThingSold", "weight", "In `mm` and g."),
        (("Nowhere",), "ThingSold", "weight", ""),
        ((), "ThingSold", "gone", ""),
        ((), "ThingSoldV2", "code", ""),
    ],
)
def test_what_fields_mean(
    book: Book, path: tuple[str, ...], cls: str, name: str, meaning: str
) -> None:
    module = book.events[V1].major.module
    assert book.meanings.of_field(module, (cls, *path), name) == meaning


def test_what_events_mean(book: Book, root: Path) -> None:
    assert book.events[V1].meaning == "A thing was {sold} for <b>good</b>."
    shutil.rmtree(root / "contracts/src")
    assert read(root).events[V1].meaning == ""


def test_a_class_that_a_module_knows_by_its_alias_only(book: Book) -> None:
    file = str(ROOT / "contracts/src/contracts/events/shop.py")
    assert book.meanings.of_field(file, ("ThingSold", "Colour"), "x") == ""


@pytest.mark.parametrize(
    ("path", "content", "problem"),
    [
        ("contracts/examples/shop/ThingSold/1.0.json", None, "is missing"),
        ("contracts/examples/shop/ThingSold/1.0.json", '{"detail": 1}', "detail: is not an object"),
        ("services/shop/pyproject.toml", None, "is missing"),
        ("services/shop/pyproject.toml", "[project", "pyproject.toml"),
        ("services/shop/pyproject.toml", "[project]", "version"),
        ("services/post/src/post/reactions/on_thing_sold.py", "def", "on_thing_sold.py"),
        ("contracts/src/contracts/events/shop.py", "def", "shop.py"),
        ("contracts/schemas/shop/ThingSold/1.0.json", "[", "1.0.json"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_named(
    root: Path, path: str, content: str | None, problem: str
) -> None:
    if content is None:
        (root / path).unlink()
    else:
        (root / path).write_text(content)
    with pytest.raises(BadContract, match=problem) as caught:
        read(root)
    assert path in str(caught.value)
