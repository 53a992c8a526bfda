"""GET /suggest."""

from typing import Any

import pytest

from runtime.conformance import BadRequest, Response, ask, bad_requests, send
from search_sync.api import suggest
from search_sync.domain.suggestions import suggestions


def typed(text: str, **request: Any) -> Response:
    return ask(suggest.handler, query={"q": text}, **request)


@pytest.fixture
def full(index: Any) -> Any:
    """An index with a user and an order of acme, and a user of globex."""
    index.documents["1"] = user("Ada Lovelace", "usr_1")
    index.documents["2"] = order("ord_1", "Teapot", "Green tea")
    index.documents["3"] = user("Adam", "usr_9") | {"tenant": "globex"}
    return index


def user(name: str, of: str, email: str = "who@example.com") -> dict[str, Any]:
    fields = {"tenant": "acme", "kind": "user", "id": of, "title": name}
    return fields | {"name": name, "email": email}


def order(of: str, *products: str) -> dict[str, Any]:
    title = ", ".join(f"1 x {product}" for product in products)
    fields = {"tenant": "acme", "kind": "order", "id": of, "title": title}
    return fields | {"products": list(products)}


def test_a_suggestion_has_its_text_and_what_it_leads_to(full: Any) -> None:
    assert typed("gre").body == {
        "items": [
            {"text": "Ada Lovelace", "kind": "user", "id": "usr_1"},
            {"text": "Green tea", "kind": "order", "id": "ord_1"},
        ]
    }


def test_only_the_callers_own_are_suggested(full: Any) -> None:
    assert [one["id"] for one in typed("a", tenant="globex").body["items"]] == ["usr_9"]


def test_suggestions_may_be_kept_by_their_caller_and_asked_for_again(full: Any) -> None:
    first = typed("a")
    assert first.headers["Cache-Control"] == "private, max-age=10"
    again = typed("a", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, None)
    full.documents["4"] = user("Alan", "usr_4")
    assert typed("a", headers={"If-None-Match": first.headers["ETag"]}).status == 200


def test_while_the_engine_is_down_the_answer_says_so(full: Any) -> None:
    full.down = True
    response = typed("a")
    assert response.problem == (503, "search-unavailable")
    assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize("query", [None, {"q": ""}, {"q": " \t"}, {"q": "x" * 201}])
def test_something_must_have_been_typed(full: Any, query: dict[str, str] | None) -> None:
    response = ask(suggest.handler, query=query)
    assert (response.problem, response.fields) == ((400, "invalid-request"), ["q"])


@pytest.mark.parametrize(
    "bad", [pytest.param(bad, id=bad.what) for bad in bad_requests(suggest.handler)]
)
def test_a_bad_request_gets_its_problem(full: Any, bad: BadRequest) -> None:
    assert send(suggest.handler, bad.event).problem == bad.problem


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("lov", "José Lovelace-Müller"),
        ("MUL jose", "José Lovelace-Müller"),
        ("jo@ex", "jose@example.org"),
        ("jos", "José Lovelace-Müller"),
        # Its words are of several of its texts: then what it is called.
        ("lovelace example", "José Lovelace-Müller"),
        ("...", "José Lovelace-Müller"),
    ],
)
def test_a_suggestion_is_the_text_whose_words_were_begun(text: str, suggested: str) -> None:
    jose = user("José Lovelace-Müller", "usr_1", "jose@example.org")
    assert [one.text for one in suggestions([jose], text, 10)] == [suggested]


def test_an_apostrophe_may_be_left_out() -> None:
    sean = user("Mary", "usr_1", "sean@example.org") | {"name": "Seán O'Connor"}
    assert [one.text for one in suggestions([sean], "oconn", 10)] == ["Seán O'Connor"]


def test_what_many_orders_have_is_suggested_once_and_two_people_twice() -> None:
    found = [
        user("Ada", "usr_1"),
        user("Ada", "usr_2"),
        order("ord_2", "Tea"),
        order("ord_1", "TEA", "Mug"),
        order("ord_0", "Teapot"),
    ]
    ids = [one.id for one in suggestions(found, "a", 10)]
    assert ids[:2] == ["usr_1", "usr_2"]
    assert [one.id for one in suggestions(found[2:], "te", 10)] == ["ord_2", "ord_0"]


def test_there_are_no_more_than_were_wanted() -> None:
    found = [user(f"Ada {number}", f"usr_{number}") for number in range(30)]
    assert len(suggestions(found, "ada", 10)) == 10
