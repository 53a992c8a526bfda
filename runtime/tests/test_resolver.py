"""Resolvers of a graph: questions, answers, refusals, failures."""

from typing import Any

import pytest
from pydantic import BaseModel

from runtime.problems import InvalidCursor
from runtime.resolver import Asked, resolver
from runtime.testing import Context


class Wanted(Asked):
    number: int = 1


class Counted(BaseModel):
    of: str
    number: int


def count(wanted: Wanted, step: int) -> Counted:
    return Counted(of=wanted.tenant, number=wanted.number + step)


def test_a_resolver_answers_with_its_model_s_value() -> None:
    declared = resolver(count, step=lambda: 2)
    declared.prepare()
    assert declared({"tenant": "acme", "number": 3}, Context()) == {
        "data": {"of": "acme", "number": 5}
    }


def test_a_refusal_is_an_answer_too() -> None:
    def refuse(_: Wanted) -> Counted:
        raise InvalidCursor("not issued here")

    assert resolver(refuse)({"tenant": "acme"}, Context()) == {
        "problem": {"type": "invalid-cursor", "detail": "not issued here"}
    }


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(None, id="nothing"),
        pytest.param([], id="no object"),
        pytest.param({}, id="no tenant"),
        pytest.param({"tenant": ""}, id="an empty tenant"),
        pytest.param({"tenant": "acme#USER"}, id="a tenant that is no name"),
        pytest.param({"tenant": "acme", "number": "secret"}, id="a wrong argument"),
        pytest.param({"tenant": "acme", "tenants": ["globex"]}, id="an argument that nobody knows"),
    ],
)
def test_a_question_that_does_not_fit_is_refused_without_its_values(event: Any) -> None:
    problem = resolver(count, step=lambda: 2)(event, Context())["problem"]
    assert problem["type"] == "invalid-request"
    assert "secret" not in problem["detail"]


def test_a_failure_is_the_function_s_own() -> None:
    def fail(_: Wanted) -> Counted:
        raise OSError("unreachable")

    with pytest.raises(OSError, match="unreachable"):
        resolver(fail)({"tenant": "acme"}, Context())


def test_a_function_without_a_question_is_no_resolver() -> None:
    def wrong(_: Counted) -> Counted: ...

    with pytest.raises(TypeError, match="no question"):
        resolver(wrong).prepare()
