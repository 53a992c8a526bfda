"""EventCatalog's folders: what lies where, and what the front matter says."""

import json
import re
from typing import Any

import pytest
import yaml

from contracts.exports.book import Book
from contracts.exports.eventcatalog import export

EVENT = "services/shop/events/ThingSold"
BUS = [{"id": "bus", "version": "1.0.0"}]


@pytest.fixture
def files(book: Book) -> dict[str, str]:
    return export(book).files


def front(text: str) -> dict[str, Any]:
    said = yaml.safe_load(text.split("---\n")[1])
    assert isinstance(said, dict)
    return said


def test_the_highest_version_lies_in_the_events_folder_and_the_others_below(
    files: dict[str, str],
) -> None:
    places = {
        path.removesuffix("/schema.json"): json.loads(text)["title"]
        for path, text in files.items()
        if path.endswith("schema.json")
    }
    assert places == {
        EVENT: "ThingSold 2.0",
        f"{EVENT}/versioned/1.1.0": "ThingSold 1.1",
        f"{EVENT}/versioned/1.0.0": "ThingSold 1.0",
    }
    for place in places:
        assert front(files[f"{place}/index.mdx"])["schemaPath"] == "schema.json"
        assert "detail" in json.loads(files[f"{place}/example.json"])


def test_services_say_what_they_send_and_receive(files: dict[str, str]) -> None:
    shop = front(files["services/shop/index.mdx"])
    assert shop["version"] == "1.2.3"
    assert shop["owners"] == ["all-sellers", "all-of-us"]
    assert shop["sends"] == [
        {"id": "ThingSold", "version": "1.1.0", "to": BUS},
        {"id": "ThingSold", "version": "2.0.0", "to": BUS},
    ]
    assert shop["receives"] == []
    post = front(files["services/post/index.mdx"])
    assert post["sends"] == []
    assert [(one["id"], one["version"], one["from"]) for one in post["receives"]] == [
        ("ThingSold", "^1.0.0", BUS)
    ]
    assert "data.part.size" in post["receives"][0]["fields"]


def test_two_reactions_of_one_service_are_one_entry(book: Book) -> None:
    event = book.events[0]
    half = event.readings[0].half._replace(
        reaction="on_thing_sold_too", schema={"properties": {"sku": {"type": "string"}}}
    )
    twice = [*event.readings, type(event.readings[0])(half, "")]
    changed = type(book)(
        book.services,
        [type(event)(event.major, "", event.versions, twice, None, ()), *book.events[1:]],
        book.meanings,
    )
    received = front(export(changed).files["services/post/index.mdx"])["receives"]
    assert len(received) == 1
    assert {"data.sku", "data.part.size"} <= set(received[0]["fields"])


def test_a_deprecated_version_says_until_when_and_what_then(files: dict[str, str]) -> None:
    said = front(files[f"{EVENT}/versioned/1.1.0/index.mdx"])["deprecated"]
    assert said == {
        "date": "2026-01-01",
        "message": "Published until 2026-06-01. Read ThingSold.v2: a sku is no code.",
    }
    assert "deprecated" not in front(files[f"{EVENT}/index.mdx"])


def test_domains_are_what_a_team_owns_and_every_owner_has_a_page(files: dict[str, str]) -> None:
    assert front(files["domains/all-sellers/index.mdx"])["services"] == [
        {"id": "shop", "version": "1.2.3"}
    ]
    assert front(files["domains/all-of-us/index.mdx"])["services"] == [
        {"id": "loyalty", "version": "1.2.3"}, {"id": "post", "version": "1.2.3"}
    ]  # fmt: skip
    owners = {owner for text in files.values() if text[0] == "-" for owner in
              front(text).get("owners", [])}  # fmt: skip
    assert {f"teams/{owner}.mdx" for owner in owners} == {
        path for path in files if path.startswith("teams/")
    }


def test_nothing_in_a_page_is_code_to_mdx(files: dict[str, str]) -> None:
    text = files[f"{EVENT}/versioned/1.1.0/index.mdx"]
    assert r"A thing was \{sold\} for \<b\>good\</b\>." in text
    assert r"Sends it \{fast\}." in text
    assert "`data.colour` is new: string or null, one of `red`, `light blue`, optional." in text
    for path, page in files.items():
        if path.endswith(".mdx"):
            code = r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)"
            body = re.sub(code, "", page.split("---\n", 2)[2], flags=re.DOTALL)
            body = re.sub(
                r'<(NodeGraph|ChannelInformation|SchemaViewer file="[a-z.]+") />', "", body
            )
            assert not re.search(r"(?<!\\)[{}<>]", body), path
