"""Answers that the caller may keep, and hears of again only when they have changed."""

from itertools import count
from typing import Any

import pytest
from pydantic import field_serializer

from runtime import conditional
from runtime.conformance import Response, ask
from runtime.endpoint import Endpoint, endpoint
from runtime.messages import Listing, Request, View
from runtime.problems import Problem
from runtime.testing import Context, request_event


class Thing(View):
    name: str


class Numbered(View):
    """Another text each time that one is made of it."""

    name: str

    @field_serializer("name")
    def _numbered(self, name: str) -> str:
        return f"{name} {next(_NUMBERS)}"


_NUMBERS = count(1)


class Busy(Problem):
    """Not now."""

    status, type, title = 503, "busy", "Busy"
    retry_seconds = 7


class Shop:
    """What there is, as a function's collaborator."""

    def __init__(self, *names: str, cursor: str | None = None) -> None:
        self.names = names
        self.cursor = cursor
        self.is_busy = False


def things(request: Request, shop: Shop) -> Listing[Thing]:
    if shop.is_busy:
        raise Busy("come back later")
    return Listing(items=[Thing(name=name) for name in shop.names], next_cursor=shop.cursor)


def numbered(request: Request) -> Numbered:
    return Numbered(name="Ada")


def of(shop: Shop, seconds: int | None = 5) -> Endpoint:
    return endpoint(
        "GET", "/things", things, problems=[Busy], fresh_seconds=seconds, shop=lambda: shop
    )


def again(shop: Shop, tag: str, **request: Any) -> Response:
    return ask(of(shop), headers={"If-None-Match": tag}, **request)


def test_an_answer_says_how_long_it_may_be_kept_and_by_whom() -> None:
    headers = ask(of(Shop("a"))).headers
    assert headers["Cache-Control"] == "private, max-age=5"
    assert headers["Vary"] == "Authorization"
    assert headers["ETag"].startswith('W/"')


def test_an_answer_that_is_not_to_be_kept_has_no_tag() -> None:
    headers = ask(of(Shop("a"), seconds=None), headers={"If-None-Match": "*"}).headers
    assert headers["Cache-Control"] == "no-store"
    assert "ETag" not in headers


@pytest.mark.parametrize("form", ["{tag}", '"x", {tag}', " {strong} ", "*", '"x" ,{strong},"y"'])
def test_what_the_caller_has_is_not_sent_again(form: str) -> None:
    tag = ask(of(Shop("a"))).headers["ETag"]
    response = again(Shop("a"), form.format(tag=tag, strong=tag.removeprefix("W/")))
    assert (response.status, response.body) == (304, None)
    assert response.headers["ETag"] == tag
    assert response.headers["Cache-Control"] == "private, max-age=5"
    assert "X-Correlation-Id" in response.headers


@pytest.mark.parametrize("header", ["", '"x"', "W/", '""', "x" * 9000, '"é"', ",,,", "W/W/"])
def test_whatever_else_is_named_the_answer_is_sent(header: str) -> None:
    assert again(Shop("a"), header).status == 200


def test_another_answer_has_another_tag() -> None:
    shops = [Shop(), Shop("a"), Shop("b"), Shop("a", "b"), Shop("b", "a"), Shop("a", cursor="c")]
    tags = [ask(of(shop)).headers["ETag"] for shop in shops]
    assert len(set(tags)) == len(tags)


def test_a_cursor_that_differs_leads_to_the_same() -> None:
    tag = ask(of(Shop("a", cursor="one"))).headers["ETag"]
    assert again(Shop("a", cursor="two"), tag).status == 304


def test_a_caller_who_is_not_known_hears_nothing_of_tags() -> None:
    assert again(Shop("a"), "*", tenant="").problem == (401, "unauthenticated")


def test_a_refusal_is_never_kept_and_says_when_to_come_again() -> None:
    shop = Shop("a")
    shop.is_busy = True
    refused = again(shop, "*")
    assert refused.problem == (503, "busy")
    assert refused.headers["Cache-Control"] == "no-store"
    assert refused.headers["Retry-After"] == "7"
    assert "ETag" not in refused.headers


def test_a_refusal_that_does_not_pass_by_itself_says_no_time() -> None:
    assert "Retry-After" not in ask(of(Shop()), tenant="").headers


@pytest.mark.parametrize(("method", "seconds"), [("POST", 5), ("PUT", 0), ("GET", -1)])
def test_what_cannot_be_kept_is_not_declared(method: Any, seconds: int) -> None:
    with pytest.raises(TypeError, match=f"{method} /things cannot be kept"):
        endpoint(method, "/things", things, fresh_seconds=seconds, shop=Shop)


def test_a_tag_is_of_the_text_that_is_sent() -> None:
    answer = endpoint("GET", "/numbered", numbered, fresh_seconds=5)(request_event(), Context())
    assert answer["headers"]["ETag"] == conditional.entity_tag(answer["body"])


def test_a_tag_tells_nothing_of_what_it_is_made_of() -> None:
    tags = [conditional.entity_tag(text) for text in ("Ada Lovelace", "")]
    assert len(tags[0]) == len(tags[1])
    assert "Ada" not in tags[0]
