"""What an endpoint may answer, as its declaration tells."""

from typing import Any

import pytest

from runtime.conformance import ask
from runtime.endpoint import Endpoint, endpoint
from runtime.messages import Answer, Body, Request, Role, View
from runtime.problems import Conflict, Forbidden, Problem
from runtime.refusals import is_declared, refusals

ALWAYS = {"unauthenticated", "invalid-request", "internal-error"}
OF_BODIES = {"malformed-request", "too-large", "unsupported-media-type"}


class Thing(View):
    name: str


class Named(Body):
    name: str


class NotYours(Forbidden):
    """A service's own kind of a common problem."""


class Unlucky(Problem):
    """A problem of a service."""

    status, type, title = 409, "unlucky", "No luck"


def get(request: Request) -> Thing:
    return Thing(name="a")


def put(request: Request[Named]) -> Answer[Thing]:
    return Answer(Thing(name="a"), status=201)


def types(declared: Endpoint) -> set[str]:
    return {problem.type for problem in refusals(declared)}


@pytest.mark.parametrize(
    ("declared", "more"),
    [
        (endpoint("GET", "/things", get), set()),
        (endpoint("GET", "/things/{id}", get), {"not-found"}),
        (endpoint("GET", "/things", get, role="admin"), {"forbidden"}),
        (endpoint("POST", "/things", get), {"conflict"}),
        (endpoint("POST", "/things", get, access="read"), set()),
        (endpoint("GET", "/things", get, problems=[Unlucky]), {"unlucky"}),
        (endpoint("PUT", "/things", put), {"conflict"} | OF_BODIES),
        (
            endpoint("POST", "/things", put, idempotent=True),
            {"conflict", "idempotency-key-reused"} | OF_BODIES,
        ),
    ],
)
def test_the_runtimes_own_refusals_follow_from_the_declaration(
    declared: Endpoint, more: set[str]
) -> None:
    assert types(declared) == ALWAYS | more


@pytest.mark.parametrize("role", ["admin", "member"])
def test_of_two_problems_of_one_type_the_endpoints_own_is_told(role: Role) -> None:
    declared = endpoint("DELETE", "/things", get, role=role, problems=[NotYours, Conflict])
    found = refusals(declared)
    assert NotYours in found
    assert Forbidden not in found
    assert len(found) == len({(one.status, one.type) for one in found})


def test_an_answer_is_declared_by_its_status_and_a_problem_by_its_type_too() -> None:
    declared = endpoint("PUT", "/things/{id}", put, also=[201], problems=[Unlucky])
    assert [is_declared(declared, status, None) for status in (200, 201, 202, 409)] == [
        True,
        True,
        False,
        False,
    ]
    assert is_declared(declared, 409, "unlucky")
    assert is_declared(declared, 409, "conflict")
    assert not is_declared(declared, 400, "unlucky")
    assert not is_declared(declared, 409, "unknown")


def test_a_test_that_gets_an_answer_which_is_not_declared_fails() -> None:
    def refuse(request: Request) -> Thing:
        raise Unlucky("today")

    good: dict[str, Any] = {"body": {"name": "a"}}
    assert ask(endpoint("PUT", "/things", put, also=[201]), **good).status == 201
    with pytest.raises(AssertionError, match="put does not declare 201"):
        ask(endpoint("PUT", "/things", put), **good)
    assert ask(endpoint("GET", "/things", refuse, problems=[Unlucky])).status == 409
    with pytest.raises(AssertionError, match="refuse does not declare 409 unlucky"):
        ask(endpoint("GET", "/things", refuse))
