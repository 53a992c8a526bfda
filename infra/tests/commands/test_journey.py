"""What the journey sees of search and of products, and how it is shown."""

import io
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

import httpx
import pytest
from rich.console import Console
from rich.text import Text

from infra import journey_search
from infra.commands import demo
from infra.journey import Hop, Journey
from infra.journey_search import Search
from infra.journey_steps import Caller, JourneyFailed, until
from infra.stages import Stage
from runtime.serving import Asked, Reply, serving

FOUND: dict[str, Any] = {
    "kind": "order",
    "id": "ord_1",
    "title": "2 x Trail runner",
    "status": "placed",
    "customer_id": "usr_1",
    "highlights": {
        "title": ["2 x <em>Trail</em> <em>runner</em>"],
        "customer_name": ["<em>Ada</em> \x1b[2J&lt;b&gt;"],
    },
}
ADA = {"kind": "user", "id": "usr_1", "text": "Ada \x1b[2J"}


class Looks:
    """What a search of some answers has told of."""

    def __init__(self) -> None:
        self.answers: list[Reply] = []
        self.asked: list[httpx.URL] = []
        self.told: list[Text] = []

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(httpx.URL(asked.path))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def hop(self, service: str, what: Text) -> None:
        assert service == "search-sync"
        self.told.append(what)


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
def search(looks: Looks) -> Iterator[Search]:
    with serving(looks.answer) as url, httpx.Client(trust_env=False) as http:
        yield Search(Caller({"search-sync": url}, "token", http), looks.hop)


@pytest.fixture
def one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """No patience."""
    monkeypatch.setattr(journey_search, "until", partial(until, seconds=0))


def page(*items: dict[str, Any], **more: Any) -> Reply:
    return Reply({"items": items, "next_cursor": None} | more)


def finds(search: Search, **marks: str) -> None:
    search.finds("trail runner", "order", "ord_1", "placed", marks=marks, customer="usr_1")


def test_words_that_were_looked_for_stand_out(search: Search, looks: Looks) -> None:
    looks.answers = [page(FOUND)]
    finds(search, title="Trail runner")
    finds(search, customer_name="ada")
    asked = {"q": "trail runner", "kind": "order", "limit": "100", "customer": "usr_1"}
    assert dict(looks.asked[0].params) == asked
    first, second = looks.told
    assert first.plain == "“trail runner” finds 2 x Trail runner, placed"
    assert [first.plain[one.start : one.end] for one in first.spans] == ["Trail", "runner"]
    assert second.plain.endswith("2 x Trail runner (customer name: Ada \ufffd[2J<b>), placed")


def test_what_is_not_there_yet_is_waited_for(search: Search, looks: Looks) -> None:
    early = FOUND | {"status": "confirmed"}
    looks.answers = [Reply({}, 503), page(), page(early), page(FOUND)]
    finds(search, title="Trail runner")
    assert len(looks.asked) == 4


@pytest.mark.parametrize(
    "items",
    [
        pytest.param([], id="nothing"),
        pytest.param([FOUND | {"id": "ord_2"}], id="another"),
        pytest.param([FOUND | {"status": "cancelled"}], id="another status"),
        pytest.param([FOUND | {"highlights": {}}], id="nothing emphasised"),
        pytest.param([FOUND | {"highlights": {"title": ["<em>Trail</em> runner"]}}], id="one word"),
    ],
)
def test_what_should_be_found_and_is_not_ends_the_journey(
    search: Search, looks: Looks, items: list[dict[str, Any]], one_look: None
) -> None:
    looks.answers = [page(*items)]
    with pytest.raises(JourneyFailed, match="'trail runner' found order ord_1, placed, with"):
        finds(search, title="Trail runner")
    assert looks.told == []


def test_what_is_half_typed_is_completed(search: Search, looks: Looks) -> None:
    looks.answers = [page(ADA | {"id": "usr_2", "text": "Adam"}, ADA)]
    search.suggests("ad", "user", "usr_1")
    assert [one.plain for one in looks.told] == ["“ad…” suggests Ada \ufffd[2J"]


def test_what_should_be_suggested_and_is_not_ends_the_journey(
    search: Search, looks: Looks, one_look: None
) -> None:
    looks.answers = [page(ADA | {"kind": "media"}, ADA | {"id": "usr_2"})]
    with pytest.raises(JourneyFailed, match="'ad' was completed to user usr_1"):
        search.suggests("ad", "user", "usr_1")


def test_orders_are_counted_by_status(search: Search, looks: Looks, one_look: None) -> None:
    looks.answers = [page(facets={"status": {"cancelled": 1, "fulfilled": 2}})]
    search.counts("usr_1", fulfilled=2, cancelled=1)
    assert looks.told[0].plain == "the customer's orders by status: 2 fulfilled, 1 cancelled"
    with pytest.raises(JourneyFailed, match="orders of usr_1 were"):
        search.counts("usr_1", fulfilled=2)


@pytest.mark.parametrize(
    "left", [FOUND, FOUND | {"kind": "user", "id": "usr_1", "customer_id": None}]
)
def test_who_left_is_found_no_more(
    search: Search, looks: Looks, left: dict[str, Any], one_look: None
) -> None:
    looks.answers = [page(FOUND | {"id": "ord_2", "customer_id": "usr_2"})]
    search.forgets("Ada", "usr_1")
    assert looks.told[0].plain == "“Ada” finds nobody any more, and no order"
    looks.answers = [page(left)]
    with pytest.raises(JourneyFailed, match="'Ada' found nothing of usr_1"):
        search.forgets("Ada", "usr_1")
    looks.answers = [Reply({}, 503)]
    with pytest.raises(JourneyFailed):
        search.forgets("Ada", "usr_1")


def test_the_timeline_shows_the_words_and_takes_no_markup() -> None:
    journey = Journey(Stage.of("test"), {}, lambda *_: "token", lambda _: [])
    journey.chapters[0] = "A chapter"
    journey.hops += [
        Hop(1, "search-sync", Text.assemble("finds ", ("Trail", "bold yellow"))),
        Hop(3, "orders", "a [red]plain[/red] text"),
    ]
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system="standard", width=80)
    console.print(demo._timeline(journey, [Hop(2, "bus", "an event")]))
    *_, found, event, plain = out.getvalue().splitlines()
    assert "finds \x1b[1;33mTrail\x1b[0m" in found
    assert "an event" in event
    assert "a [red]plain[/red] text" in plain


class Gateway:
    """Repeats its answer to the same token, as that on AWS does."""

    def __init__(self) -> None:
        self.stock = 10
        self.kept: dict[str, Reply] = {}

    def answer(self, asked: Asked) -> Reply:
        assert asked.path == "/products/lamp"
        return self.kept.setdefault(asked.headers["authorization"], Reply({"stock": self.stock}))


def stock(answer: httpx.Response) -> int:
    free: int = answer.json()["stock"]
    return free


def test_who_waits_for_a_product_to_change_is_given_no_kept_answer() -> None:
    gateway, tokens = Gateway(), map("token {}".format, count(1))
    with serving(gateway.answer) as url, httpx.Client(trust_env=False) as http:
        caller = Caller.signed_in(Stage.of("dev"), {"orders": url}, tokens.__next__, http)
        for pieces in (9, 8):
            assert stock(caller.send("GET", "orders", "/products/lamp")) == 10
            gateway.stock = pieces
            assert stock(caller.product("lamp")) == pieces


def test_a_local_stage_keeps_no_answer_and_is_asked_with_one_token() -> None:
    tokens = map("token {}".format, count(1))
    asked = []

    def answer(request: Asked) -> Reply:
        asked.append(request.headers["authorization"])
        return Reply({"stock": 10})

    with serving(answer) as url, httpx.Client(trust_env=False) as http:
        caller = Caller.signed_in(Stage.of("test"), {"orders": url}, tokens.__next__, http)
        for _ in range(2):
            caller.product("lamp")
    assert asked == ["Bearer token 1"] * 2
