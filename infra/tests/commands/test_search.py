"""What `starling search query` prints."""

import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from infra.cli import app
from infra.commands import search
from infra.errors import StarlingError
from infra.found import marks, printable, shown
from infra.stages import Stage

FOUND: dict[str, Any] = {
    "items": [
        {
            "kind": "order",
            "id": "ord_1",
            "title": "2 x Trail runner",
            "status": "placed",
            "highlights": {
                "title": ["2 x <em>Trail</em> runner"],
                "texts": ["<em>trail</em> A&amp;B"],
            },
        },
        {"kind": "user", "id": "usr_1", "title": "Ada \x1b[31m", "status": "active"},
    ],
    "next_cursor": "more",
}


def printed(results: dict[str, Any], width: int = 200) -> str:
    """Return what a terminal without colours shows of the results."""
    out = io.StringIO()
    shown(results, Console(file=out, width=width))
    return out.getvalue()


def test_a_table_shows_what_was_found_and_where() -> None:
    head, order, user, more = printed(FOUND).splitlines()
    assert head.split() == ["kind", "title", "found", "in", "status", "id"]
    assert order.split() == [
        *("order", "2", "x", "Trail", "runner"),
        *("texts:", "trail", "A&B", "placed", "ord_1"),
    ]
    assert user.split()[-2:] == ["active", "usr_1"]
    assert "--limit" in more


def test_an_id_is_shown_as_a_whole_in_a_narrow_terminal() -> None:
    order = FOUND["items"][0] | {"id": "ord_01JD000000000000000000TEA0", "title": "Runner " * 20}
    assert order["id"] in printed({"items": [order | {"highlights": {}}]}, width=80)


def test_nothing_that_was_found_is_said() -> None:
    assert printed({"items": [], "next_cursor": None}) == "Nothing was found.\n"


def test_the_words_that_were_looked_for_stand_out() -> None:
    text = marks("a <em>trail</em> &lt;em&gt; [bold]b")
    assert text.plain == "a trail <em> [bold]b"
    assert [text.plain[span.start : span.end] for span in text.spans] == ["trail"]


def test_what_people_wrote_does_nothing_to_the_terminal() -> None:
    assert "\x1b" not in printed(FOUND)
    assert printable("a\x1b[2J\u202eb\n") == "a\ufffd[2J\ufffdb\ufffd"


def test_what_differs_is_named_without_doing_anything_to_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = {"what": "missing", "kind": "user", "id": "usr_\x1b[2J", "row": "3", "document": None}
    search._print({"differences": [one], "documents": 1_000}, as_json=False)
    line, total = capsys.readouterr().out.splitlines()
    assert line == "missing    user   usr_\ufffd[2J  row 3, document none"
    assert total == "1 differences, 1,000 documents"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[httpx.Response]]:
    """What the stage answers, in order."""
    waiting: list[httpx.Response] = []
    stage = Stage("dev")
    monkeypatch.setattr(search, "running", lambda _: stage)
    monkeypatch.setattr(search, "describe", lambda _: {"apis": {"search-sync": "https://api"}})
    monkeypatch.setattr(search, "sign_in", lambda *who: f"token of {who[1]}")

    def send(_: httpx.Client, method: str, url: str, **more: Any) -> httpx.Response:
        asked = httpx.Request(method, url, params=more["params"])
        assert more["headers"]["Authorization"] == "Bearer token of globex"
        assert dict(asked.url.params) == {"q": "trail runner", "limit": "5", "kind": "order"}
        return waiting.pop(0)

    monkeypatch.setattr(httpx.Client, "request", send)
    yield waiting
    assert waiting == []


def ask(*more: str) -> Result:
    options = ["--tenant", "globex", "--kind", "order", "--limit", "5", *more]
    return CliRunner().invoke(app, ["search", "query", "trail runner", *options])


def test_the_answer_is_printed_as_json_if_asked_for(answers: list[httpx.Response]) -> None:
    answers.append(httpx.Response(200, json=FOUND))
    assert json.loads(ask("--json").stdout) == FOUND


def test_the_answer_is_printed_as_a_table(answers: list[httpx.Response]) -> None:
    answers.append(httpx.Response(200, json=FOUND))
    assert "ord_1" in ask().stdout


def test_a_refusal_is_said(answers: list[httpx.Response]) -> None:
    problem = {"title": "Search is unavailable", "detail": "try again soon"}
    answers.append(httpx.Response(503, json=problem))
    error = ask().exception
    assert isinstance(error, StarlingError)
    assert str(error) == "503 Search is unavailable: try again soon"
