"""Endpoints without a token: the body as it came, and who sent it is the function's to find out."""

import base64
from typing import Any

import pytest

from runtime.conformance import BadRequest, ask, bad_requests, send
from runtime.gateway import MAX_BODY_BYTES
from runtime.messages import View
from runtime.problems import Problem, Unauthenticated
from runtime.refusals import refusals
from runtime.signed import Sent, signed
from runtime.testing import request_event

GOOD = "good"


class Length(View):
    bytes: int


class Known(Problem):
    """It was told before."""

    status, type, title = 409, "known", "Known"


def hear(request: Sent, told: list[Sent]) -> Length:
    if request.signature != GOOD:
        raise Unauthenticated("not signed")
    told.append(request)
    return Length(bytes=len(request.raw))


TOLD: list[Sent] = []
HEAR = signed("POST", "/told", hear, header="X-Signature", problems=[Known], told=lambda: TOLD)
HEADERS = {"X-Signature": GOOD}


@pytest.fixture(autouse=True)
def told() -> list[Sent]:
    TOLD.clear()
    return TOLD


def without_token(raw: str, **more: Any) -> dict[str, Any]:
    event = request_event(raw=raw, headers=HEADERS) | more
    del event["requestContext"]["authorizer"]
    return event


def test_a_signed_body_comes_as_it_was_sent_without_a_token(told: list[Sent]) -> None:
    raw = '{ "a" : 1.0, "a": "é" }\n'
    response = send(HEAR, without_token(raw))
    assert (response.status, response.body) == (200, {"bytes": len(raw.encode())})
    (one,) = told
    assert one.raw == raw.encode()
    assert one.cause.tenant == ""
    assert response.headers["X-Correlation-Id"] == one.cause.correlation_id


def test_a_body_in_base_64_is_the_bytes_that_it_stands_for(told: list[Sent]) -> None:
    raw = b'{"a": "\xff"}'
    event = without_token(base64.b64encode(raw).decode(), isBase64Encoded=True)
    assert send(HEAR, event).status == 200
    assert told[0].raw == raw


@pytest.mark.parametrize("name", ["X-Signature", "x-signature", "X-SIGNATURE"])
def test_the_header_is_found_however_it_is_spelt(told: list[Sent], name: str) -> None:
    assert ask(HEAR, raw="{}", headers={name: GOOD}).status == 200
    assert told[0].signature == GOOD


def test_a_body_may_be_as_large_as_any_and_no_larger() -> None:
    assert ask(HEAR, raw=" " * MAX_BODY_BYTES, headers=HEADERS).status == 200
    response = ask(HEAR, raw=" " * (MAX_BODY_BYTES + 1), headers=HEADERS)
    assert response.problem == (400, "malformed-request")


@pytest.mark.parametrize("bad", list(bad_requests(HEAR)), ids=lambda bad: bad.what)
def test_who_has_not_signed_is_refused_whatever_the_token(
    told: list[Sent], bad: BadRequest
) -> None:
    assert send(HEAR, bad.event).problem == bad.problem
    assert told == []


def test_a_failure_of_ours_is_a_problem_without_its_cause() -> None:
    def fail(request: Sent) -> Length:
        raise RuntimeError("secret detail")

    response = ask(signed("POST", "/told", fail, header="X-Signature"), raw="{}")
    assert response.problem == (500, "internal-error")
    assert "secret" not in str(response)


def test_the_declaration_says_what_may_be_answered() -> None:
    assert HEAR.token is False
    assert (HEAR.body, HEAR.answer, HEAR.statuses, HEAR.access) == (None, Length, (200,), "write")
    assert HEAR.query.model_fields == {}
    assert {problem.type for problem in refusals(HEAR)} == {
        *("known", "unauthenticated", "malformed-request", "internal-error"),
    }
