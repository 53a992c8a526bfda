"""What differs between an index and the table, and what only looks so."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.changes import Key
from runtime.table import Stored
from search_sync.domain.differences import (
    Difference,
    Held,
    Place,
    Wanted,
    compare,
    difference,
    digest,
    kept_up,
)
from search_sync.domain.rows import User
from search_sync.scanning import Part, Row
from search_sync.store import key_of, write_for
from search_sync.verifying import LOOKS, PAUSE_SECONDS, Verifier

ADA = User(tenant="acme", id="usr_1", name="Ada", email="ada@example.com", profile_revision=1)
KEY = Key("TENANT#acme#USER#usr_1", "USER")
HERE = Place("acme:user:usr_1", "acme")
DOCUMENT = {"name": "Ada"}
OTHER = {"name": "Grace"}


@pytest.mark.parametrize(
    ("wanted", "held", "what"),
    [
        (None, None, None),
        (None, (1, DOCUMENT), "extra"),
        ((2, None), None, None),
        ((2, None), (1, DOCUMENT), "extra"),
        ((2, DOCUMENT), None, "missing"),
        ((2, DOCUMENT), (1, DOCUMENT), "outdated"),
        ((2, DOCUMENT), (2, DOCUMENT), None),
        ((2, DOCUMENT), (2, OTHER), "different"),
        ((2, DOCUMENT), (3, DOCUMENT), "different"),
    ],
)
def test_a_document_is_compared_with_what_its_row_makes_of_it(
    wanted: Any, held: Any, what: str | None
) -> None:
    of_row = wanted and Wanted(wanted[0], wanted[1] and digest(wanted[1]))
    assert compare(of_row, held and Held(HERE, *held)) == what


@given(st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.lists(st.text())))
def test_a_digest_does_not_depend_on_the_order_of_fields(document: dict[str, Any]) -> None:
    turned = dict(reversed(document.items()))
    assert digest(turned) == digest(document)
    assert digest(document | {"one more": 1}) != digest(document)


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (HERE, ("acme", "user", "usr_1")),
        (Place("odd", "acme"), ("acme", "unknown", "odd")),
        (Place("acme:odd", "globex"), ("globex", "unknown", "odd")),
    ],
)
def test_a_difference_is_named_by_its_documents_id(
    place: Place, shown: tuple[str, str, str]
) -> None:
    assert difference(place, "missing", Wanted(3, "…")) == Difference(*shown, "missing", 3, None)


@pytest.mark.parametrize(
    ("wanted", "held", "fine"),
    [
        (Wanted(9, "…"), 8, True),
        (Wanted(9, "…"), 4, False),
        (Wanted(9, "…"), None, False),
        (Wanted(9, "…"), 10, False),
        (Wanted(9, None), 8, False),
        (None, 8, False),
    ],
)
def test_an_index_keeps_up_with_a_row_if_it_has_more_than_there_was(
    wanted: Wanted | None, held: int | None, fine: bool
) -> None:
    assert kept_up(4, wanted, held and Held(HERE, held, DOCUMENT)) is fine  # type: ignore[arg-type]  # 0 is none


class World:
    """A row and its document; each pause is a moment in which something may happen."""

    def __init__(self) -> None:
        self.row: int | None = 1
        self.held: int | None = None
        self.pauses: list[float] = []
        self.then: Callable[[int], None] = lambda _: None

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.then(len(self.pauses))

    def part(self, segment: int, segments: int, after: Key | None, prefix: str = "") -> Part:
        assert prefix == "TENANT#acme#"
        return Part(list(self.now([KEY]).values()), None)

    def now(self, keys: Sequence[Key]) -> dict[Key, Row]:
        if self.row is None or KEY not in keys:
            return {}
        return {KEY: Row(KEY, Stored(KEY, ADA.model_dump(mode="json"), self.row, [], None))}

    def differences(self) -> list[str]:
        verdict = Verifier(self, Documents(self), pause=self.pause).verify("acme")
        return [finding.difference.what for finding in verdict.findings]


class Documents:
    """The world's document as an index has it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def every(self, tenant: str | None = None) -> Iterator[Held]:
        yield from self.now([HERE]).values()

    def now(self, places: Sequence[Place]) -> dict[Place, Held]:
        if self._world.held is None or HERE not in places:
            return {}
        stored = Stored(KEY, ADA.model_dump(mode="json"), self._world.held, [], None)
        document = write_for(KEY, stored, 1).document
        assert document is not None
        return {HERE: Held(HERE, self._world.held, document)}


@pytest.fixture
def world() -> World:
    return World()


def test_a_difference_counts_when_it_has_stayed_for_longer_than_a_change_takes(
    world: World,
) -> None:
    assert world.differences() == ["missing"]
    assert world.pauses == [PAUSE_SECONDS] * LOOKS
    assert sum(world.pauses) > 10  # seconds: twice what the stream may collect for


@pytest.mark.parametrize("moment", [1, LOOKS])
def test_what_arrives_in_time_is_no_difference(world: World, moment: int) -> None:
    def arrive(now: int) -> None:
        if now == moment:
            world.held = 1

    world.then = arrive
    assert world.differences() == []
    assert len(world.pauses) == moment


def test_a_row_that_changes_is_given_its_time_anew(world: World) -> None:
    def change(now: int) -> None:
        if now == LOOKS:
            world.row = 2

    world.then = change
    assert world.differences() == ["missing"]
    assert len(world.pauses) == 2 * LOOKS


def test_a_row_that_changes_all_the_time_is_fine_if_the_index_follows(world: World) -> None:
    def change(now: int) -> None:
        world.row, world.held = now + 2, now + 1

    world.then = change
    assert world.differences() == []


def test_a_row_that_changes_all_the_time_is_outdated_if_the_index_does_not_follow(
    world: World,
) -> None:
    world.held = 1

    def change(now: int) -> None:
        world.row = now + 1

    world.row, world.then = 2, change
    assert world.differences() == ["outdated"]


@pytest.mark.parametrize(
    ("shown", "key"),
    [
        ({"kind": "user", "tenant": "t", "id": "u"}, Key("TENANT#t#USER#u", "USER")),
        (
            {"kind": "order", "tenant": "t", "id": "o", "customer_id": "u"},
            Key("TENANT#t#USER#u", "ORDER#o"),
        ),
        ({"kind": "media", "tenant": "t", "id": "m"}, Key("TENANT#t#MEDIA#m", "MEDIA")),
        ({"kind": "order", "tenant": "t", "id": "o"}, None),
        ({"kind": "cart", "tenant": "t", "id": "c"}, None),
        ({"kind": "user", "tenant": 1, "id": "u"}, None),
        ({}, None),
    ],
)
def test_a_document_says_which_row_it_was_made_of(shown: dict[str, Any], key: Key | None) -> None:
    assert key_of(shown) == key
