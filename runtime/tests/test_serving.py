"""The server that tests ask in the place of others."""

import json
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from runtime.serving import Asked, Reply, serving


def ask(url: str, method: str = "POST") -> tuple[str, bytes]:
    """Return the content's type and the content."""
    request = Request(url, b"sent", {"X-One": "1"}, method=method)  # noqa: S310 - on this machine
    with urlopen(request, timeout=20) as answer:  # noqa: S310 - on this machine
        assert answer.headers["X-Two"] == "2"
        return answer.headers.get("Content-Type", ""), answer.read()


def echo(asked: Asked) -> Reply:
    assert asked.headers["x-one"] == "1"
    said = [asked.method, asked.path, asked.body.decode()]
    content = asked.body if asked.path == "/raw" else said
    more = {"Content-Type": "text/plain"} if asked.path == "/typed" else {}
    return Reply(content, headers={"X-Two": "2"} | more)


def test_what_was_asked_is_answered_as_json_or_as_it_is() -> None:
    with serving(echo) as url:
        kind, content = ask(f"{url}/a?b=c", "PUT")
        assert (kind, json.loads(content)) == ("application/json", ["PUT", "/a?b=c", "sent"])
        assert ask(f"{url}/raw") == ("", b"sent")
        assert ask(f"{url}/typed")[0] == "text/plain"
        assert ask(f"{url}/raw", "HEAD") == ("", b"")


def test_afterwards_nobody_answers() -> None:
    with serving(echo) as url:
        pass
    with pytest.raises(URLError):
        ask(url)
