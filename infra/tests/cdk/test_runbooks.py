"""What a service's README says of its alarms is found, and what it does not say is refused."""

from pathlib import Path

import pytest

from infra.discovery import Service
from infra.runbooks import NoRunbook, Runbooks, anchor, sections

README = """# geese

## When an alarm rings

### `fly-dlq`, `swim-dlq`

Words about `other-dlq` are no heading.

### Anything that is late: `…-late`

#### `deeper-dlq`

### `on-…-dlq`

### `on-flood-dlq`

### Without a name
"""


@pytest.fixture
def geese(tmp_path: Path) -> Service:
    folder = tmp_path / "geese"
    folder.mkdir()
    (folder / "README.md").write_text(README, encoding="utf-8")
    return Service(folder)


@pytest.mark.parametrize(
    ("alarm", "fragment"),
    [
        ("geese-fly-dlq", "fly-dlq-swim-dlq"),
        ("geese-swim-dlq", "fly-dlq-swim-dlq"),
        ("geese-publisher-late", "anything-that-is-late--late"),
        ("geese-on-rain-dlq", "on--dlq"),
        ("geese-on-flood-dlq", "on--dlq"),  # the first heading that fits
        ("fly-dlq", "fly-dlq-swim-dlq"),  # an alarm that is not named after the service
    ],
)
def test_an_alarm_links_to_the_first_section_that_names_it(
    geese: Service, alarm: str, fragment: str
) -> None:
    assert Runbooks(geese).link(alarm) == f"services/geese/README.md#{fragment}"


@pytest.mark.parametrize("alarm", ["geese-other-dlq", "geese-deeper-dlq", "geese-fly-dlqs", "late"])
def test_an_alarm_that_no_section_names_is_refused(geese: Service, alarm: str) -> None:
    with pytest.raises(NoRunbook, match=r"services/geese/README\.md does not say") as refused:
        Runbooks(geese).link(alarm)
    assert f"### `{alarm.removeprefix('geese-')}`" in str(refused.value)


def test_a_service_without_a_readme_has_no_runbooks(tmp_path: Path) -> None:
    with pytest.raises(NoRunbook):
        Runbooks(Service(tmp_path)).link("x")


@pytest.mark.parametrize(
    "base", ["https://pages.example.com/main", "https://pages.example.com/main/"]
)
def test_links_lead_to_where_the_pages_can_be_read(geese: Service, base: str) -> None:
    link = Runbooks(geese, base).link("geese-fly-dlq")
    assert link == "https://pages.example.com/main/services/geese/README.md#fly-dlq-swim-dlq"


def test_a_name_is_no_pattern_but_for_its_ellipsis() -> None:
    ((pattern, _),) = sections("### `a.b-…+`\n")
    assert pattern.fullmatch("a.b-x+")
    assert not pattern.fullmatch("axb-x+")
    assert not pattern.fullmatch("a.b-+")


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("`place-orders-dlq`", "place-orders-dlq"),
        ("`on-…-lost`", "on--lost"),
        ("`a-dlq`, `b-dlq`", "a-dlq-b-dlq"),
        ("Metrics (of `Starling`)", "metrics-of-starling"),
    ],
)
def test_an_anchor_is_made_as_repositories_make_it(heading: str, expected: str) -> None:
    assert anchor(heading) == expected
