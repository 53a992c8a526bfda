"""The reference in Markdown: what a reader finds on the pages."""

import re

import pytest

from contracts.exports.book import Book
from contracts.exports.docs import export
from contracts.exports.markdown import mdx, span, table


@pytest.fixture
def page(book: Book) -> str:
    return export(book).files["shop/ThingSold.md"]


def row(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {start}"))


def test_the_newest_major_comes_first_and_its_history_from_the_oldest(page: str) -> None:
    found = re.findall(r"^(?:## .*|- \*\*[^:]*)", page, re.MULTILINE)
    assert found == [
        "## Version 2: ThingSold.v2",
        "- **2.0**, compared with 1.1",
        "## Version 1: ThingSold.v1",
        "- **1.0**",
        "- **1.1**, compared with 1.0",
    ]


def test_fields_with_type_bounds_and_meaning(page: str) -> None:
    assert row(page, "`data.sku`") == (
        "| `data.sku` | string | matches `` ^[a-z`\\|]{1,9}$ `` | yes | Which thing. |"
    )
    assert row(page, "`data.part.weight`") == (
        "| `data.part.weight` | integer | at most 9 | no | In `mm` and g. |"
    )
    assert row(page, "`data.colour`").endswith("| no | How it looks. |")


def test_who_publishes_and_who_reads(page: str) -> None:
    assert "Published by **shop** (`starling.shop`), owned by @all/sellers." in page
    assert row(page, "post").startswith("| post | `on_thing_sold` | Sends it {fast}. | `data.c")
    assert row(page, "loyalty") == "| loyalty | `on_thing_sold` |  | `data.code` |"


def test_what_is_deprecated_and_what_changed(page: str) -> None:
    assert "**Deprecated** since 2026-01-01, until 2026-06-01: read `ThingSold.v2`." in page
    assert "  - `data.sku` is gone; it was string, matches" in page
    assert "  - `data.code` is new: string, required." in page


def test_an_example_of_each_major(page: str) -> None:
    assert page.count("```json\n") == 2
    assert '"colour": "light blue"' in page


def test_the_index_leads_to_each_major(book: Book, page: str) -> None:
    files = export(book).files
    links = re.findall(r"\(([^)#]+)#([^)]+)\)", files["README.md"])
    headings = [line for line in page.splitlines() if line.startswith("## ")]
    anchors = {re.sub(r"[^a-z0-9 -]", "", one[3:].lower()).replace(" ", "-") for one in headings}
    assert {place for place, _ in links} == files.keys() - {"README.md"}
    assert {anchor for _, anchor in links} == anchors
    assert "| `metadata.revision` | integer | 1 to 9007199254740991 | yes |" in files["README.md"]


def test_an_event_that_nobody_reads_and_nothing_describes(book: Book) -> None:
    for event in book.events:
        object.__setattr__(event, "readings", [])
        object.__setattr__(event, "meaning", "")
        object.__setattr__(event, "owners", ())
    files = export(book).files
    assert files["shop/ThingSold.md"].count("Nobody.") == 2
    assert "| nobody |" in files["README.md"]
    assert "owned by" not in files["shop/ThingSold.md"]


def test_markdown_says_what_it_is_given() -> None:
    assert [span("a"), span("a`b"), span("``")] == ["`a`", "`` a`b ``", "``` `` ```"]
    assert mdx("{a} `{b}` `` {`} `` <c> `") == r"\{a\} `{b}` `` {`} `` \<c\> `"
    assert table(("a",), [("x|y\nz",)]) == "| a |\n| --- |\n| x\\|y z |\n"
