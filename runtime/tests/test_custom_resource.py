"""Custom resources: CloudFormation is answered whatever happens, once, and without secrets."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event
from typing import Any

import pytest
from pydantic import BaseModel

from runtime import custom_resource as module
from runtime.custom_resource import S3, CustomResource, NotAnswered, NotYet, custom_resource
from runtime.serving import Asked, Reply, serving
from runtime.task import InvalidInput
from runtime.testing import Context, Countdown

STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/starling-dev-search-sync/0a1b"


class Names(BaseModel):
    names: list[str]


@dataclass
class CloudFormation:
    """Where answers go to; it answers them itself with what is waiting, or with 200."""

    url: str
    asked: list[Asked]
    waiting: list[Reply]

    def request(self, kind: str = "Create", **more: Any) -> dict[str, Any]:
        asked = {
            "RequestType": kind,
            "ResponseURL": f"{self.url}/answers?signature=secret",
            "StackId": STACK,
            "RequestId": "b7",
            "LogicalResourceId": "Roles",
            "ResourceProperties": {"ServiceToken": "arn", "names": ["a", "b"]},
        }
        return asked | more

    def answer(self) -> dict[str, Any]:
        """Return the one answer that came."""
        (asked,) = self.asked
        assert (asked.method, asked.path) == ("PUT", "/answers?signature=secret")
        assert not asked.headers["content-type"]
        told: dict[str, Any] = json.loads(asked.body)
        return told


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    asked: list[Asked] = []
    waiting: list[Reply] = []

    def take(one: Asked) -> Reply:
        asked.append(one)
        return waiting.pop(0) if waiting else Reply()

    with serving(take) as url:
        yield CloudFormation(url, asked, waiting)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.01)


def declared(function: Callable[..., None], **more: Callable[[], Any]) -> CustomResource:
    return custom_resource(function, answers_to=re.compile(r"http://127\.0\.0\.1:.*"), **more)


def test_what_is_asked_for_is_done_and_told(cloudformation: CloudFormation) -> None:
    kept: list[list[str]] = []

    def keep(names: Names, into: list[list[str]]) -> None:
        into.append(names.names)

    declared(keep, into=lambda: kept)(cloudformation.request(), Context())
    assert kept == [["a", "b"]]
    assert cloudformation.answer() == {
        "Status": "SUCCESS",
        "Reason": "done",
        "PhysicalResourceId": "Roles-0a1b",
        "StackId": STACK,
        "RequestId": "b7",
        "LogicalResourceId": "Roles",
    }


def test_it_is_the_same_thing_whenever_it_is_asked_for(cloudformation: CloudFormation) -> None:
    resource = declared(lambda names: None)
    for request in (
        cloudformation.request(),
        cloudformation.request(),
        cloudformation.request("Update", PhysicalResourceId="Roles-0a1b"),
        cloudformation.request("Delete", PhysicalResourceId="Roles-0a1b"),
    ):
        resource(request, Context())
        assert cloudformation.answer()["PhysicalResourceId"] == "Roles-0a1b"
        cloudformation.asked.clear()


def test_a_deletion_does_nothing(cloudformation: CloudFormation) -> None:
    def keep(names: Names) -> None:
        pytest.fail("it was called")

    declared(keep)(cloudformation.request("Delete", ResourceProperties=None), Context())
    assert cloudformation.answer()["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    "properties", [None, [], "x", {}, {"names": "secret"}, {"names": [{"deep": "secret"}]}]
)
def test_garbage_is_refused_by_name(cloudformation: CloudFormation, properties: Any) -> None:
    def keep(names: Names) -> None:
        pytest.fail("it was called")

    declared(keep)(cloudformation.request(ResourceProperties=properties), Context())
    told = cloudformation.answer()
    assert told["Status"] == "FAILED"
    assert "names" in told["Reason"] or "input" in told["Reason"]
    assert "secret" not in told["Reason"]


@pytest.mark.parametrize("error", [ValueError("secret"), SystemExit("secret"), KeyError(7)])
def test_whatever_is_raised_is_told_without_its_words(
    cloudformation: CloudFormation, error: BaseException
) -> None:
    def fail(names: Names) -> None:
        raise error

    declared(fail)(cloudformation.request(), Context())
    told = cloudformation.answer()
    assert (told["Status"], told["PhysicalResourceId"]) == ("FAILED", "Roles-0a1b")
    assert told["Reason"] == f"{type(error).__name__}: the function's log says more"


def test_a_collaborator_that_cannot_be_made_is_told(cloudformation: CloudFormation) -> None:
    def keep(names: Names, into: Any) -> None: ...

    def broken() -> Any:
        raise OSError("secret")

    declared(keep, into=broken)(cloudformation.request(), Context())
    assert cloudformation.answer()["Reason"].startswith("OSError:")


def test_what_is_not_there_yet_is_asked_for_again(cloudformation: CloudFormation) -> None:
    attempts: list[int] = []

    def third(names: Names) -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise NotYet("it starts")

    declared(third)(cloudformation.request(), Context())
    assert len(attempts) == 3
    assert cloudformation.answer()["Status"] == "SUCCESS"


def test_what_does_not_come_is_given_up_in_time_for_an_answer(
    cloudformation: CloudFormation,
) -> None:
    attempts: list[int] = []

    def never(names: Names) -> None:
        attempts.append(1)
        raise NotYet("it does not start " + "x" * 5_000)

    declared(never)(cloudformation.request(), Countdown(milliseconds=30_000))
    assert 2 <= len(attempts) <= 7
    told = cloudformation.answer()
    assert told["Status"] == "FAILED"
    assert told["Reason"].startswith("it does not start")
    assert len(cloudformation.asked[0].body) <= 4_096  # CloudFormation takes no more


def test_what_does_not_end_is_given_up(cloudformation: CloudFormation) -> None:
    ended = Event()

    def hang(names: Names) -> None:
        ended.wait()

    declared(hang)(cloudformation.request(), Context(milliseconds=16_010))
    ended.set()
    assert cloudformation.answer()["Reason"] == "it took too long"


def test_an_answer_that_is_not_taken_at_once_is_given_again(cloudformation: CloudFormation) -> None:
    cloudformation.waiting += [Reply(status=503), Reply(status=500)]
    declared(lambda names: None)(cloudformation.request(), Context())
    assert len({asked.body for asked in cloudformation.asked}) == 1
    assert len(cloudformation.asked) == 3


@pytest.mark.parametrize("status", [301, 403, 500])
def test_an_answer_that_is_refused_has_lambda_try_again(
    cloudformation: CloudFormation, status: int
) -> None:
    away = {"Location": f"{cloudformation.url}/elsewhere"}
    cloudformation.waiting += [Reply(status=status, headers=away)] * 3
    with pytest.raises(NotAnswered) as caught:
        declared(lambda names: None)(cloudformation.request(), Context())
    assert "signature" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert {asked.path for asked in cloudformation.asked} == {"/answers?signature=secret"}


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        {},
        {"ResponseURL": 7},
        {"ResponseURL": "https://example.com/"},
        {"ResponseURL": "https://cfn.s3.amazonaws.com/a b"},
    ],
)
def test_a_request_that_does_not_say_where_to_answer_is_no_request(event: Any) -> None:
    with pytest.raises(InvalidInput):
        custom_resource(lambda names: None)(event, Context())


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/a?b=c", True),
        ("https://cfn-response.s3.eu-central-1.amazonaws.com/a", True),
        ("https://cfn-response.s3-eu-west-1.amazonaws.com/a", True),
        ("https://cfn-response.s3.cn-north-1.amazonaws.com.cn/a", True),
        ("http://cfn-response.s3.amazonaws.com/a", False),
        ("https://cfn-response.s3.amazonaws.com.example.com/a", False),
        ("https://cfn-response.s3.amazonaws.com@example.com/a", False),
        ("https://example.com/.s3.amazonaws.com/a", False),
        ("https://sqs.eu-west-1.amazonaws.com/a", False),
    ],
)
def test_answers_go_to_s3_alone(url: str, *, taken: bool) -> None:
    assert bool(S3.fullmatch(url)) is taken
