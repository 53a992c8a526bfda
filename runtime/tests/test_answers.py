"""What an endpoint answers, and what it says when its function or its write fails."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runtime.changes import (
    ConditionFailed,
    Contended,
    Create,
    Exists,
    Key,
    Require,
    RevisionConflict,
    Unmet,
    Update,
)
from runtime.endpoint import Endpoint, endpoint
from runtime.messages import Answer, Body, Request, View
from runtime.problems import FieldError, NotFound, Problem, Stale
from runtime.testing import Context, request_event

Lines = Callable[[], list[dict[str, Any]]]
KEY = Key("TENANT#acme#THING#1", "THING")
UPDATE = Update(key=KEY, data={}, revision=2, expected=1)


class Thing(View):
    name: str


class Named(Body):
    name: str


class Unlucky(Problem):
    """A problem of a service."""

    status, type, title = 409, "unlucky", "No luck"


def doing(act: Callable[[], Any], **options: Any) -> Endpoint:
    def function(request: Request) -> Thing:
        answer: Thing = act()
        return answer

    return endpoint("GET", "/things/{id}", function, **options)


def raising(error: Exception, **options: Any) -> Endpoint:
    def fail() -> None:
        raise error

    return doing(fail, **options)


def answer(endpoint: Endpoint, **request: Any) -> dict[str, Any]:
    return endpoint(request_event(**request), Context())


@pytest.mark.parametrize(
    ("given", "status", "body", "tag"),
    [
        (Thing(name="Zoë"), 200, '{"name":"Zoë"}', None),
        (Answer(Thing(name="a")), 200, '{"name":"a"}', None),
        (Answer(Thing(name="a"), etag=3), 200, '{"name":"a"}', '"3"'),
        (Answer(Thing(name="a"), status=202), 202, '{"name":"a"}', None),
        (None, 204, "", None),
    ],
)
def test_what_the_function_returns_is_the_answer(
    given: Any, status: int, body: str, tag: str | None
) -> None:
    answered = answer(doing(lambda: given))
    assert (answered["statusCode"], answered["body"]) == (status, body)
    assert answered["headers"].get("ETag") == tag
    assert ("Content-Type" in answered["headers"]) is bool(body)


def test_the_declared_status_is_that_of_success() -> None:
    assert answer(doing(lambda: Thing(name="a"), status=201))["statusCode"] == 201


@pytest.mark.parametrize(
    "endpoint", [doing(lambda: None), raising(NotFound("no")), raising(OSError())]
)
def test_every_answer_may_be_read_by_a_page_of_any_origin(endpoint: Endpoint) -> None:
    headers = answer(endpoint)["headers"]
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in headers["Access-Control-Expose-Headers"]
    assert "X-Correlation-Id" in headers["Access-Control-Expose-Headers"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_problem_is_told_with_its_fields(lines: Lines) -> None:
    error = Unlucky("not today", errors=[FieldError("day", "is a Friday")])
    answered = answer(raising(error), headers={"X-Correlation-Id": "call-1"})
    assert answered["statusCode"] == 409
    assert json.loads(answered["body"]) == {
        "type": "/problems/unlucky",
        "title": "No luck",
        "status": 409,
        "detail": "not today",
        "errors": [{"field": "day", "detail": "is a Friday"}],
        "correlation_id": "call-1",
    }
    (line,) = lines()
    assert (line["level"], line["status"], line["problem"]) == ("INFO", 409, "unlucky")


def test_a_line_about_a_stranger_carries_nothing_of_who_asked_before(lines: Lines) -> None:
    answer(doing(lambda: None), tenant="globex", headers={"X-Correlation-Id": "call-1"})
    answer(doing(lambda: None), tenant="", headers={"X-Correlation-Id": "call-2"})
    (line,) = lines()
    assert (line["status"], line["correlation_id"]) == (401, "call-2")
    assert "tenant_id" not in line


def test_a_problem_document_says_no_more_than_it_knows() -> None:
    assert NotFound("no").document() == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "no",
    }


def test_an_unexpected_error_is_logged_and_not_told(lines: Lines, metrics: Lines) -> None:
    def fail() -> None:
        raise ZeroDivisionError("the details are ours")

    answered = answer(doing(fail), headers={"X-Correlation-Id": "call-1"})
    assert answered["statusCode"] == 500
    assert "ours" not in answered["body"]
    assert "Traceback" not in answered["body"]
    document = json.loads(answered["body"])
    assert (document["type"], document["correlation_id"]) == ("/problems/internal-error", "call-1")
    (line,) = lines()
    assert (line["level"], line["correlation_id"]) == ("ERROR", "call-1")
    assert "ZeroDivisionError: the details are ours" in line["exception"]
    (metric,) = metrics()
    assert (metric["Failures"], metric["endpoint"]) == ([1.0], "function")


@pytest.mark.parametrize(
    ("failure", "headers", "status", "problem"),
    [
        (RevisionConflict(UPDATE), {"If-Match": '"1"'}, 412, "stale"),
        (RevisionConflict(UPDATE), {}, 409, "conflict"),
        (Contended(), {}, 409, "conflict"),
        (Contended(), {"If-Match": '"1"'}, 409, "conflict"),
        (Exists(Create(key=KEY, data={})), {}, 500, "internal-error"),
        (Unmet(Require(key=KEY, revision=1)), {}, 500, "internal-error"),
        (ConditionFailed(UPDATE), {}, 500, "internal-error"),
    ],
)
def test_a_write_that_did_not_apply_is_told_as_what_it_means(
    failure: Exception, headers: dict[str, str], status: int, problem: str
) -> None:
    answered = answer(raising(failure, problems=[Stale]), headers=headers)
    assert answered["statusCode"] == status
    assert json.loads(answered["body"])["type"] == f"/problems/{problem}"


def test_an_endpoint_that_compares_no_revision_is_not_said_to_have_a_stale_copy() -> None:
    answered = answer(raising(RevisionConflict(UPDATE)), headers={"If-Match": '"1"'})
    assert answered["statusCode"] == 409


@pytest.mark.parametrize("given", ["call-1", "A.b_c:d-9", "x" * 128])
def test_the_caller_may_name_the_request(given: str) -> None:
    for header in ("X-Correlation-Id", "x-correlation-id"):
        answered = answer(doing(lambda: None), headers={header: given})
        assert answered["headers"]["X-Correlation-Id"] == given


@pytest.mark.parametrize("given", ["", "a b", "a\n", "x" * 129, '{"a":1}', "é"])
def test_a_name_that_is_unfit_for_a_log_is_not_taken(given: str) -> None:
    event = request_event(headers={"X-Correlation-Id": given})
    event["requestContext"]["requestId"] = "gateway-1"
    assert doing(lambda: None)(event, Context())["headers"]["X-Correlation-Id"] == "gateway-1"


@pytest.mark.parametrize(
    ("given", "expected"),
    [("JKJaXmPLvHcESHA=", "JKJaXmPLvHcESHA"), ("a b", "ab"), ("x" * 200, "x" * 128)],
)
def test_the_gateways_id_is_fit_for_events(given: str, expected: str) -> None:
    event = request_event()
    event["requestContext"]["requestId"] = given
    assert doing(lambda: None)(event, Context())["headers"]["X-Correlation-Id"] == expected


@pytest.mark.parametrize("given", [None, "", "==="])
def test_a_request_without_an_id_gets_one(given: str | None) -> None:
    event = request_event()
    event["requestContext"]["requestId"] = given
    ids = {doing(lambda: None)(event, Context())["headers"]["X-Correlation-Id"] for _ in range(2)}
    assert all(len(made) == 26 for made in ids)
    assert len(ids) == 2


def test_the_function_gets_the_time_and_its_collaborators_once_made() -> None:
    made: list[str] = []
    given: list[tuple[datetime, list[str]]] = []

    def factory() -> list[str]:
        made.append("made")
        return made

    def function(request: Request, now: datetime, store: list[str]) -> None:
        given.append((now, store))

    declared = endpoint("GET", "/", function, store=factory)
    assert made == []
    declared.prepare()
    assert made == ["made"]
    for _ in range(2):
        assert answer(declared)["statusCode"] == 204
    assert made == ["made"]
    for now, store in given:
        assert store is made
        assert now.tzinfo is UTC
        assert abs(datetime.now(UTC) - now) < timedelta(minutes=1)


def test_a_collaborator_that_cannot_be_made_is_our_fault_and_is_tried_again(lines: Lines) -> None:
    attempts: list[int] = []

    def factory() -> str:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("not yet")
        return "made"

    def function(request: Request, store: str) -> Thing:
        return Thing(name=store)

    declared = endpoint("GET", "/", function, store=factory)
    assert answer(declared)["statusCode"] == 500
    assert answer(declared)["body"] == '{"name":"made"}'
    assert "not yet" in lines()[0]["exception"]


def test_the_request_says_what_led_to_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    seen: list[Any] = []

    def function(request: Request) -> None:
        seen.append(request.cause)

    declared = endpoint("GET", "/", function)
    event = request_event(headers={"traceparent": trace, "X-Correlation-Id": "call-1"})
    event["requestContext"]["requestId"] = "gateway-1"
    declared(event, Context())
    lambdas = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", lambdas + ";Sampled=1")
    answer(declared)
    monkeypatch.setenv("_X_AMZN_TRACE_ID", lambdas)
    answer(declared, headers={"traceparent": "junk"})
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "junk")
    answer(declared)
    w3c = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-0"
    assert [cause.traceparent for cause in seen] == [trace, f"{w3c}1", f"{w3c}0", None]
    first = seen[0]
    assert (first.tenant, first.correlation_id, first.causation_id) == (
        "acme",
        "call-1",
        "gateway-1",
    )
