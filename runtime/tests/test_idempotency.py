"""A create that is repeated takes effect once, and answers the same."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runtime import idempotency
from runtime.changes import Create, Exists, Key, Remove
from runtime.endpoint import Endpoint, endpoint
from runtime.ids import new_id
from runtime.messages import Answer, Body, Request, View
from runtime.problems import Conflict
from runtime.table import Table
from runtime.testing import Context, request_event

PROBLEM = "/problems/idempotency-key-reused"
Between = Callable[[], object]


class NewThing(Body):
    name: str


class Thing(View):
    id: str
    name: str


class Taken(Conflict):
    """Another thing has the name."""

    type = "taken"


def create(request: Request[NewThing], table: Table, between: Between) -> Answer[Thing]:
    """Create a thing whose name is unique, with two items, as a service does."""
    thing = Thing(id=new_id("thg"), name=request.body.name)
    between()
    receipt = [request.once.receipt(201, thing, etag=1)] if request.once else []
    try:
        table.commit(
            Create(key=Key("TENANT#acme#NAMES", thing.name), data={}),
            Create(key=Key("TENANT#acme#THINGS", thing.id), data={"name": thing.name}),
            *receipt,
        )
    except Exists as failure:
        if failure.change.key.pk != "TENANT#acme#NAMES":
            raise
        raise Taken("another thing has this name") from failure
    return Answer(thing, etag=1)


def made(between: Between = lambda: None, path: str = "/things") -> Endpoint:
    return endpoint(
        "POST",
        path,
        create,
        status=201,
        idempotent=True,
        table=Table.connect,
        between=lambda: between,
    )


def send(
    endpoint: Endpoint, name: str = "a", key: str | None = "key-1", **request: Any
) -> dict[str, Any]:
    headers = {} if key is None else {"Idempotency-Key": key}
    return endpoint(request_event(body={"name": name}, headers=headers, **request), Context())


def things(table: Table) -> list[str]:
    return [item.data["name"] for item in table.query("TENANT#acme#THINGS", limit=50).items]


def test_the_same_key_and_body_get_the_stored_answer(service_table: Table) -> None:
    first = send(made())
    again = send(made())
    assert (first["statusCode"], again["statusCode"]) == (201, 201)
    assert again["body"] == first["body"]
    assert again["headers"]["ETag"] == first["headers"]["ETag"] == '"1"'
    assert again["headers"]["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first["headers"]
    assert things(service_table) == ["a"]


def test_the_same_body_is_known_whatever_its_layout(service_table: Table) -> None:
    first = send(made())
    raw = '{ "name":\n"\\u0061" }'
    event = request_event(raw=raw, headers={"idempotency-key": "key-1"})
    assert made()(event, Context())["body"] == first["body"]


def test_the_same_key_with_another_body_is_refused(service_table: Table) -> None:
    send(made(), "a")
    answer = send(made(), "b")
    document = json.loads(answer["body"])
    assert (answer["statusCode"], document["type"]) == (422, PROBLEM)
    assert [error["field"] for error in document["errors"]] == ["Idempotency-Key"]
    assert things(service_table) == ["a"]


def test_the_same_key_for_another_resource_is_refused(service_table: Table) -> None:
    shelf = made(path="/shelves/{id}/things")
    assert send(shelf, path={"id": "one"})["statusCode"] == 201
    assert send(shelf, path={"id": "one"})["statusCode"] == 201
    assert send(shelf, path={"id": "two"})["statusCode"] == 422


@pytest.mark.parametrize(
    ("endpoint", "request_"),
    [
        (made(), {"key": "key-2"}),
        (made(), {"tenant": "globex"}),
        (made(path="/others"), {}),
        (made(), {"key": None}),
    ],
)
def test_a_key_is_good_for_one_tenant_and_endpoint(
    service_table: Table, endpoint: Endpoint, request_: dict[str, Any]
) -> None:
    send(made(), "a")
    answer = send(endpoint, "b", **request_)
    assert answer["statusCode"] == 201
    assert things(service_table) == ["a", "b"]


def test_without_a_key_each_request_counts(service_table: Table) -> None:
    assert send(made(), "a", key=None)["statusCode"] == 201
    assert send(made(), "a", key=None)["statusCode"] == 409
    assert send(made(), "b", key=None)["statusCode"] == 201


def test_a_refusal_is_not_stored(service_table: Table) -> None:
    send(made(), "a", key="key-1")
    assert send(made(), "a", key="key-2")["statusCode"] == 409
    service_table.commit(Remove(key=Key("TENANT#acme#NAMES", "a")))
    assert send(made(), "a", key="key-2")["statusCode"] == 201


def test_a_request_that_lost_to_its_twin_gives_the_twins_answer(service_table: Table) -> None:
    """The twin commits after this request looked for an answer and before it commits."""
    twins: list[dict[str, Any]] = []
    answer = send(made(lambda: twins.append(send(made()))))
    assert answer["statusCode"] == 201
    assert answer["body"] == twins[0]["body"]
    assert answer["headers"]["Idempotency-Replayed"] == "true"
    assert things(service_table) == ["a"]


def test_a_request_that_lost_to_another_body_under_its_key_is_refused(
    service_table: Table,
) -> None:
    answer = send(made(lambda: send(made(), "b")), "a")
    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (422, PROBLEM)
    assert things(service_table) == ["b"]


def test_a_request_that_lost_to_a_stranger_is_told_so(service_table: Table) -> None:
    answer = send(made(lambda: send(made(), key="stranger")))
    assert (answer["statusCode"], json.loads(answer["body"])["type"]) == (409, "/problems/taken")


def test_many_at_once_have_one_effect_and_one_answer(service_table: Table) -> None:
    start = threading.Barrier(8)
    declared = made(lambda: start.wait(10))
    declared.prepare()
    answers: list[dict[str, Any]] = []
    threads = [threading.Thread(target=lambda: answers.append(send(declared))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [answer["statusCode"] for answer in answers] == [201] * 8
    assert len({answer["body"] for answer in answers}) == 1
    replayed = [answer for answer in answers if "Idempotency-Replayed" in answer["headers"]]
    assert len(replayed) == 7
    assert things(service_table) == ["a"]


@pytest.mark.parametrize(
    ("age", "replayed"),
    [(timedelta(), True), (timedelta(hours=23, minutes=59), True), (timedelta(hours=24), False)],
)
def test_an_answer_is_kept_for_a_day_by_the_clock(
    service_table: Table, age: timedelta, replayed: bool
) -> None:
    then = datetime.now(UTC) - age
    old = idempotency.once(
        {"idempotency-key": "key-1"},
        tenant="acme",
        endpoint="POST /things",
        body=[{}, {"name": "a"}],
        now=then,
    )
    assert old is not None
    service_table.commit(old.receipt(201, Thing(id="thg_1", name="a")))
    answer = send(made())
    assert ("Idempotency-Replayed" in answer["headers"]) is replayed
    assert (json.loads(answer["body"])["id"] == "thg_1") is replayed
    assert things(service_table) == ([] if replayed else ["a"])
    if not replayed:
        assert send(made())["body"] == answer["body"]


def test_a_replayed_answer_without_a_tag_has_none(service_table: Table) -> None:
    now = datetime.now(UTC)
    mine = idempotency.once(
        {"idempotency-key": "key-1"},
        tenant="acme",
        endpoint="POST /things",
        body=[{}, {"name": "a"}],
        now=now,
    )
    assert mine is not None
    service_table.commit(mine.receipt(202, Thing(id="thg_1", name="a")))
    answer = send(made())
    assert answer["statusCode"] == 202
    assert "ETag" not in answer["headers"]


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256, "a\n", "\0"])
def test_a_key_that_is_no_plain_word_is_refused(service_table: Table, key: str) -> None:
    answer = send(made(), key=key)
    document = json.loads(answer["body"])
    assert (answer["statusCode"], document["type"]) == (400, "/problems/invalid-request")
    assert document["errors"][0]["field"] == "Idempotency-Key"
    assert things(service_table) == []


@pytest.mark.parametrize("key", ["x", "x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "a#b"])
def test_any_plain_word_is_a_key(service_table: Table, key: str) -> None:
    first = send(made(), key=key)
    assert first["statusCode"] == 201
    assert send(made(), key=key)["body"] == first["body"]


def test_an_endpoint_that_is_not_idempotent_ignores_the_key(service_table: Table) -> None:
    declared = endpoint(
        "POST",
        "/things",
        create,
        status=201,
        table=Table.connect,
        between=lambda: lambda: None,
    )
    assert send(declared, "a")["statusCode"] == 201
    assert send(declared, "b")["statusCode"] == 201
