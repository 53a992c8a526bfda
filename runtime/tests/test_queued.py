"""Requests that came through a queue: who asks is in the attributes, what is asked in the body."""

import json
from typing import Annotated, Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from runtime.gateway import MAX_BODY_BYTES
from runtime.idempotency import Once
from runtime.messages import Body
from runtime.problems import Problem
from runtime.queued import Accepted, Consumer, Delivery, consumer, queued
from runtime.testing import Context, Queues, queue_event


class Words(Body):
    words: Annotated[list[str], Field(min_length=1, max_length=3)]


ROUTE = queued("POST", "/words/bulk", Words, queue="say-words")
WHO = {"tenant": "acme", "user": "ada"}


def listening(to: list[Delivery[Words]]) -> Consumer[Words]:
    def say_words(delivery: Delivery[Words]) -> None:
        to.append(delivery)

    return consumer(ROUTE, say_words, attempts=3)


def delivered(body: object, headers: dict[str, str] | None = None, **more: str) -> Delivery[Words]:
    seen: list[Delivery[Words]] = []
    attributes = WHO | {"headers": urlencode(headers or {})} | more
    event = queue_event(body, attributes=attributes)
    assert listening(seen)(event, Context()) == {"batchItemFailures": []}
    (delivery,) = seen
    return delivery


def test_the_declaration_says_route_queue_and_models() -> None:
    assert (ROUTE.method, ROUTE.path, ROUTE.status) == ("POST", "/words/bulk", 202)
    assert (ROUTE.queue, ROUTE.name) == ("say-words", "say_words")
    assert (ROUTE.body, ROUTE.answer) == (Words, Accepted)
    declared = listening([])
    assert (declared.name, declared.attempts, declared.route) == ("say_words", 3, ROUTE)


def test_a_request_is_known_by_the_id_that_its_caller_was_told() -> None:
    delivery = delivered({"words": ["a"]})
    assert delivery.id == "message-0"
    assert (delivery.tenant, delivery.caller.user, delivery.caller.role) == (
        "acme",
        "ada",
        "member",
    )
    assert delivery.asked == Words(words=["a"])
    assert delivery.once is None
    assert delivery.cause.correlation_id == delivery.cause.causation_id == "message-0"


def test_a_request_that_is_sent_again_keeps_its_id() -> None:
    assert delivered({"words": ["a"]}, origin="first", attempt="2").id == "first"


def test_the_callers_correlation_id_is_kept_if_it_is_usable() -> None:
    for headers in (
        {"X-Correlation-Id": "c-1", "x-correlation-id": ""},
        {"X-Correlation-Id": "", "x-correlation-id": "c-1"},
        {"X-Correlation-Id": "c-1", "x-correlation-id": "c-1"},
    ):
        assert delivered({"words": ["a"]}, headers).cause.correlation_id == "c-1"
    odd = delivered({"words": ["a"]}, {"x-correlation-id": "a b"})
    assert odd.cause.correlation_id == "message-0"


def test_an_idempotency_key_is_one_of_the_tenants_route_and_body() -> None:
    def wish(body: Any = None, **who: str) -> Once:
        key = {"idempotency-key": "k-1"}
        found = delivered(body or {"words": ["a"]}, key, **who).once
        assert found
        return found

    assert wish().key == wish().key
    assert wish().fingerprint == wish().fingerprint != wish({"words": ["b"]}).fingerprint
    assert wish(tenant="globex").key != wish().key
    assert "POST /words/bulk" in wish().key.pk


@pytest.mark.parametrize(
    ("body", "problem", "field"),
    [
        ("{", "malformed-request", None),
        ("", "malformed-request", None),
        ('{"words": ["a"], "words": ["b"]}', "malformed-request", None),
        ('{"words": [NaN]}', "malformed-request", None),
        ('{"words": ["\\ud800"]}', "invalid-request", "words.0"),
        ("[" * 1000 + "]" * 1000, "invalid-request", ""),
        ("[]", "invalid-request", ""),
        ('{"words": []}', "invalid-request", "words"),
        ('{"words": ["a", 2]}', "invalid-request", "words.1"),
        ('{"words": ["a"], "tenant": "globex"}', "invalid-request", "tenant"),
        (json.dumps({"words": ["x" * MAX_BODY_BYTES]}), "too-large", None),
    ],
)
def test_a_body_that_is_refused_is_handed_over_with_the_problem(
    body: str, problem: str, field: str | None
) -> None:
    asked = delivered(body, {"idempotency-key": "k-1"}).asked
    assert isinstance(asked, Problem)
    assert asked.type == problem
    assert [error.field for error in asked.errors] == ([] if field is None else [field])


def test_a_key_that_is_none_is_the_callers_fault() -> None:
    asked = delivered({"words": ["a"]}, {"idempotency-key": "a b"}).asked
    assert isinstance(asked, Problem)
    assert [error.field for error in asked.errors] == ["Idempotency-Key"]


@pytest.mark.parametrize(
    "who",
    [{}, {"tenant": "acme"}, {"user": "ada"}, WHO | {"tenant": "Acme#"}, WHO | {"user": " "}],
)
def test_what_did_not_come_through_the_gateway_is_set_aside(
    queues: Queues, who: dict[str, str]
) -> None:
    seen: list[Delivery[Words]] = []
    body = {"words": ["a"], "tenant": "acme", "user": "ada"}
    answer = listening(seen)(queue_event(body, attributes=who), Context())
    assert (answer, seen) == ({"batchItemFailures": []}, [])
    (dead,) = queues.dead()
    assert dead["MessageAttributes"]["reason"]["StringValue"].startswith("not from the gateway")


@given(body=st.text(max_size=40), form=st.text(max_size=40))
def test_whatever_a_caller_sends_is_delivered(body: str, form: str) -> None:
    seen: list[Delivery[Words]] = []
    event = queue_event(body, attributes=WHO | {"headers": form})
    assert listening(seen)(event, Context()) == {"batchItemFailures": []}
    assert seen[0].tenant == "acme"
    assert isinstance(seen[0].asked, Problem | Words)
