"""An endpoint before its function runs: who asks, and what."""

import base64
import json
from enum import StrEnum
from typing import Annotated, Any

import pytest
from pydantic import Field

from contracts.limits import MAX_DEPTH
from contracts.money import Money
from contracts.values import Timestamp
from runtime.endpoint import Endpoint, Method, endpoint
from runtime.gateway import MAX_BODY_BYTES
from runtime.messages import Answer, Body, Caller, NoQuery, Page, Query, Request, View
from runtime.problems import CONTENT_TYPE
from runtime.testing import Context, request_event


class Line(Body):
    sku: Annotated[str, Field(pattern="^[a-z]{1,8}$")]
    quantity: Annotated[int, Field(ge=1)]


class Color(StrEnum):
    RED = "red"


class NewThing(Body):
    name: Annotated[str, Field(max_length=100_000)]
    lines: tuple[Line, ...] = ()
    price: Money | None = None


class Told(View):
    tenant: str
    user: str
    role: str
    body: dict[str, Any] | None
    query: dict[str, Any]
    path: dict[str, str]
    if_match: int | None


def _tell(request: Request[Any, Any]) -> Told:
    return Told(
        tenant=request.tenant,
        user=request.caller.user,
        role=request.caller.role,
        body=request.body.model_dump() if request.body else None,
        query=request.query.model_dump(),
        path=dict(request.path),
        if_match=request.if_match,
    )


def make(request: Request[NewThing]) -> Told:
    return _tell(request)


def listed(request: Request[None, Page]) -> Told:
    return _tell(request)


MAKE = endpoint("POST", "/things", make, status=201)
ADMIN = endpoint("POST", "/things", make, role="admin")
LIST = endpoint("GET", "/things", listed)


def call(endpoint: Endpoint, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = endpoint(event, Context())
    assert answer["isBase64Encoded"] is False
    document = json.loads(answer["body"])
    problem = answer["statusCode"] >= 400
    assert answer["headers"]["Content-Type"] == (CONTENT_TYPE if problem else "application/json")
    if problem:
        assert document["status"] == answer["statusCode"]
        assert document["type"].startswith("/problems/")
        assert document["title"]
        assert document["detail"]
        assert document["correlation_id"] == answer["headers"]["X-Correlation-Id"]
    return answer["statusCode"], document


def refused(endpoint: Endpoint, event: dict[str, Any]) -> tuple[int, str, list[str]]:
    status, document = call(endpoint, event)
    return status, document["type"], [error["field"] for error in document.get("errors", [])]


def test_a_request_of_a_rest_api_reaches_the_function() -> None:
    body = {"name": "Ada", "lines": [{"sku": "a", "quantity": 2}]}
    event = request_event(body=body, role="member", headers={"If-Match": '"7"'})
    assert call(MAKE, event) == (
        201,
        {
            "tenant": "acme",
            "user": "ada",
            "role": "member",
            "body": body | {"price": None},
            "query": {},
            "path": {},
            "if_match": 7,
        },
    )


def http_event(claims: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a request as an HTTP API with a JWT authorizer hands it over (payload 2.0)."""
    return {
        "version": "2.0",
        "routeKey": "GET /things",
        "headers": {"accept": "*/*"},
        "requestContext": {
            "requestId": "JKJaXmPLvHcESHA=",
            "authorizer": {"jwt": {"claims": claims, "scopes": None}},
        },
        "isBase64Encoded": False,
    } | changes


CLAIMS = {
    "custom:tenant": "acme",
    "cognito:username": "ada",
    "sub": "5f3e",
    "token_use": "id",
    "cognito:groups": "[admin staff]",
}


def test_a_request_of_an_http_api_reaches_the_function() -> None:
    event = http_event(CLAIMS, queryStringParameters={"limit": "5"})
    status, told = call(LIST, event)
    assert status == 200
    assert (told["tenant"], told["user"], told["role"]) == ("acme", "ada", "admin")
    assert told["query"] == {"limit": 5, "cursor": None}


@pytest.mark.parametrize(
    ("change", "user", "role"),
    [
        ({"cognito:username": None}, "5f3e", "admin"),
        ({"cognito:groups": "[staff]"}, "ada", "member"),
        ({"cognito:groups": "admin"}, "ada", "admin"),
        ({"cognito:groups": "[administrators]"}, "ada", "member"),
        ({"cognito:groups": ["admin"]}, "ada", "admin"),
        ({"cognito:groups": {"admin": 1}}, "ada", "member"),
        ({"cognito:groups": None}, "ada", "member"),
        ({"token_use": "id"}, "ada", "admin"),
    ],
)
def test_the_claims_say_who_asks(change: dict[str, Any], user: str, role: str) -> None:
    _, told = call(LIST, http_event({k: v for k, v in (CLAIMS | change).items() if v}))
    assert (told["user"], told["role"]) == (user, role)


HOSTILE_TENANTS = ["", "Acme", "a#b", "a/b", "a b", "acme\n", "-a", "é", "a" * 64, 7, None, ["a"]]


@pytest.mark.parametrize("tenant", HOSTILE_TENANTS)
def test_a_tenant_that_could_leave_its_place_in_a_key_is_nobody(tenant: Any) -> None:
    event = request_event(tenant=tenant, body={"name": "x"})
    assert refused(MAKE, event)[:2] == (401, "/problems/unauthenticated")
    event = http_event(CLAIMS | {"custom:tenant": tenant})
    assert refused(LIST, event)[:2] == (401, "/problems/unauthenticated")


@pytest.mark.parametrize("user", ["", "a b", "a\n", "a" * 129, None])
def test_a_user_who_is_no_plain_word_is_nobody(user: Any) -> None:
    assert refused(LIST, request_event(user=user))[0] == 401


def test_an_access_token_is_nobody() -> None:
    assert refused(LIST, http_event(CLAIMS | {"token_use": "access"}))[0] == 401


@pytest.mark.parametrize("context", [None, {}, {"authorizer": None}, {"authorizer": {}}])
def test_without_an_authorizer_nobody_asks(context: Any) -> None:
    event = request_event(body={"name": "x"}) | {"requestContext": context}
    assert refused(MAKE, event)[:2] == (401, "/problems/unauthenticated")


def test_a_member_may_not_do_what_takes_an_admin() -> None:
    assert call(ADMIN, request_event(body={"name": "x"}, role="admin"))[0] == 200
    for role in ("member", "Admin", "", "owner"):
        event = request_event(raw="{garbage", role=role)
        assert refused(ADMIN, event)[:2] == (403, "/problems/forbidden")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "{",
        '{"name": "x"',
        '{"name": "x"} trailing',
        "{'name': 'x'}",
        '{"name": NaN}',
        '{"name": Infinity}',
        '{"name": -Infinity}',
        '{"name": "x", "name": "y"}',
        '{"name": "x", "lines": [{"sku": "a", "sku": "b", "quantity": 1}]}',
        '{"name": "\0"}',
        "\ufeff{}",
        '{"name": ' + "1" * 5000 + "}",
        "\ud800",
    ],
)
def test_a_body_that_is_not_json_is_malformed(raw: str) -> None:
    assert refused(MAKE, request_event(raw=raw)) == (400, "/problems/malformed-request", [])


def test_a_missing_body_is_malformed() -> None:
    event = request_event(headers={"Content-Type": "application/json"})
    assert refused(MAKE, event) == (400, "/problems/malformed-request", [])


def test_where_a_body_stops_being_json_is_told() -> None:
    _, problem = call(MAKE, request_event(raw='{"name": "x",\n oops}'))
    assert problem["detail"] == "the body is not JSON (line 2, column 2)"
    _, problem = call(MAKE, request_event(raw='{"name": 1, "name": 2}'))
    assert problem["detail"] == "the body is not JSON: an object has the same name twice"
    _, problem = call(MAKE, request_event(raw='{"name": NaN}'))
    assert problem["detail"] == "the body is not JSON: NaN is not a number"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ([], [""]),
        ("text", [""]),
        (7, [""]),
        (None, [""]),
        ({}, ["name"]),
        ({"name": 7}, ["name"]),
        ({"name": None}, ["name"]),
        ({"name": "x", "extra": 1}, ["extra"]),
        ({"name": "x", "lines": {}}, ["lines"]),
        ({"name": "x", "lines": [{"sku": "a", "quantity": "2"}]}, ["lines.0.quantity"]),
        ({"name": "x", "lines": [{"sku": "a", "quantity": 2.0}]}, ["lines.0.quantity"]),
        ({"name": "x", "lines": [{"sku": "a", "quantity": True}]}, ["lines.0.quantity"]),
        (
            {"name": "x", "lines": [{"sku": "A#", "quantity": 0}]},
            ["lines.0.sku", "lines.0.quantity"],
        ),
        ({"name": "x", "price": {"amount": 1, "currency": "EUR", "x": 1}}, ["price.x"]),
        ({"name": "x", "__class__": 1, "": 2}, ["__class__", ""]),
    ],
)
def test_a_wrong_body_is_told_by_its_fields(body: Any, fields: list[str]) -> None:
    event = request_event(raw=json.dumps(body))
    assert refused(MAKE, event) == (400, "/problems/invalid-request", fields)


class Typed(Body):
    at: Timestamp
    color: Color
    things: tuple[int, ...]
    anything: Any = None


def typed(request: Request[Typed]) -> Told:
    return _tell(request)


TYPED = {"at": "2026-11-20T08:30:00+01:00", "color": "red", "things": [1]}


def test_a_strict_body_may_hold_what_json_writes_as_text() -> None:
    _, told = call(endpoint("POST", "/", typed), request_event(body=TYPED))
    assert told["body"] == {
        "at": "2026-11-20T07:30:00Z",
        "color": "red",
        "things": [1],
        "anything": None,
    }


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ('{"name": "\\ud800"}', "name"),
        ('{"name": "x", "\\udfff": 1}', "\udfff"),
        ('{"name": "x", "lines": [{"sku": "\\udead", "quantity": 1}]}', "lines.0.sku"),
    ],
)
def test_half_a_character_is_refused_by_its_field(raw: str, field: str) -> None:
    expected = (400, "/problems/invalid-request", [field])
    assert refused(MAKE, request_event(raw=raw)) == expected


def test_half_a_character_is_refused_where_anything_is_taken() -> None:
    event = request_event(
        raw=json.dumps(TYPED | {"anything": ["\U0001f600", {"a": 1, "b": "\ud800"}]})
    )
    expected = (400, "/problems/invalid-request", ["anything.1.b"])
    assert refused(endpoint("POST", "/", typed), event) == expected


def test_no_value_of_the_body_is_told_back() -> None:
    answer = MAKE(request_event(body={"name": {"secret": "s3cr3t"}}), Context())
    assert "s3cr3t" not in answer["body"]


def test_many_errors_are_told_in_part() -> None:
    status, _, fields = refused(MAKE, request_event(body={str(n): n for n in range(500)}))
    assert (status, len(fields)) == (400, 20)


def test_a_body_may_be_as_large_as_the_limit_and_no_larger() -> None:
    def event(size: int, character: str = "a") -> dict[str, Any]:
        room = size - len('{"name": ""}')
        return request_event(raw=f'{{"name": "{character * (room // len(character.encode()))}"}}')

    assert call(MAKE, event(MAX_BODY_BYTES))[0] == 201
    assert refused(MAKE, event(MAX_BODY_BYTES + 1))[:2] == (413, "/problems/too-large")
    assert refused(MAKE, event(MAX_BODY_BYTES + 100, "é"))[0] == 413
    large = base64.b64encode(b" " * (MAX_BODY_BYTES + 1)).decode()
    assert refused(MAKE, request_event(raw=large) | {"isBase64Encoded": True})[0] == 413


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 1_000, None])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_body_that_is_nested_too_deep_is_refused(
    levels: int | None, opening: str, closing: str
) -> None:
    most = (MAX_BODY_BYTES - 1) // len(opening + closing)
    text = opening * (levels or most) + "1" + closing * (levels or most)
    assert refused(MAKE, request_event(raw=text)) == (400, "/problems/invalid-request", [""])


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", "", ";"],
)
def test_a_body_of_another_type_is_refused(content_type: str) -> None:
    event = request_event(body={"name": "x"}, headers={"Content-Type": content_type})
    assert refused(MAKE, event)[:2] == (415, "/problems/unsupported-media-type")


def test_a_body_without_a_type_is_refused() -> None:
    for none in (dict[str, str](), None):
        event: dict[str, Any] = request_event(body={"name": "x"}) | {"headers": none}
        assert refused(MAKE, event)[0] == 415


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "Application/JSON", " application/json ;x=y"],
)
def test_parameters_and_case_of_the_type_do_not_matter(content_type: str) -> None:
    event = request_event(body={"name": "x"}, headers={"Content-Type": content_type})
    assert call(MAKE, event)[0] == 201


def encoded(raw: bytes | str) -> dict[str, Any]:
    text = raw if isinstance(raw, str) else base64.b64encode(raw).decode()
    return request_event(raw=text) | {"isBase64Encoded": True}


def test_an_encoded_body_is_decoded() -> None:
    status, told = call(MAKE, encoded('{"name": "Zoë"}'.encode()))
    assert (status, told["body"]["name"]) == (201, "Zoë")


@pytest.mark.parametrize("raw", [b'{"name": "\xff"}', b"\xff\xfe{}", b"\x00", "not base 64!", "é"])
def test_an_encoded_body_that_is_no_text_is_malformed(raw: bytes | str) -> None:
    assert refused(MAKE, encoded(raw)) == (400, "/problems/malformed-request", [])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": ""}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": "x" * 1025}, "cursor"),
        ({"page": "2"}, "page"),
        ({"Limit": "2"}, "Limit"),
    ],
)
def test_a_wrong_query_is_told_by_its_parameter(query: dict[str, str], field: str) -> None:
    expected = (400, "/problems/invalid-request", [field])
    assert refused(LIST, request_event(query=query)) == expected


def test_an_endpoint_without_a_query_takes_none() -> None:
    event = request_event(body={"name": "x"}, query={"a": "b"})
    assert refused(MAKE, event) == (400, "/problems/invalid-request", ["a"])


def get(request: Request) -> Told:
    return _tell(request)


GET = endpoint("GET", "/things/{id}", get)


@pytest.mark.parametrize("value", ["a", "ord_01J", "A.b-c_9", "x" * 128])
def test_a_plain_id_reaches_the_function(value: str) -> None:
    assert call(GET, request_event(path={"id": value}))[1]["path"] == {"id": value}


@pytest.mark.parametrize(
    "value", ["", " ", "a b", "a#b", "../x", "%2e", "a/b", "é", "x" * 129, "a\n", "\0", "-a", "_"]
)
def test_there_is_nothing_by_an_id_that_is_none(value: str) -> None:
    assert refused(GET, request_event(path={"id": value}))[:2] == (404, "/problems/not-found")


def test_an_endpoint_without_a_body_does_not_look_at_one() -> None:
    event = request_event(raw="{garbage", headers={"Content-Type": "text/plain"})
    status, told = call(GET, event)
    assert (status, told["body"]) == (200, None)


@pytest.mark.parametrize(("header", "revision"), [('"3"', 3), ('W/"3"', 3), (' "12" ', 12)])
def test_the_expected_revision_is_read(header: str, revision: int) -> None:
    assert call(GET, request_event(headers={"if-match": header}))[1]["if_match"] == revision


@pytest.mark.parametrize("headers", [{}, {"If-Match": "*"}])
def test_any_revision_is_expected_where_none_is_named(headers: dict[str, str]) -> None:
    assert call(GET, request_event(headers=headers))[1]["if_match"] is None


@pytest.mark.parametrize(
    "header", ["3", '"0"', '"-1"', '"x"', '"1", "2"', "", '"' + "9" * 17 + '"']
)
def test_what_is_no_entity_tag_of_ours_is_refused(header: str) -> None:
    event = request_event(headers={"If-Match": header})
    assert refused(GET, event) == (400, "/problems/invalid-request", ["If-Match"])


def test_the_declaration_says_what_the_function_takes_and_gives() -> None:
    assert (MAKE.method, MAKE.path, MAKE.statuses, MAKE.role) == (
        "POST",
        "/things",
        (201,),
        "member",
    )
    assert (MAKE.body, MAKE.query, MAKE.answer) == (NewThing, NoQuery, Told)
    assert (LIST.body, LIST.query, LIST.answer) == (None, Page, Told)
    assert (GET.body, GET.query) == (None, NoQuery)
    assert (MAKE.name, MAKE.access, LIST.access) == ("make", "write", "read")
    assert (MAKE.idempotent, MAKE.problems) == (False, ())

    def tagged(request: Request[None, NoQuery]) -> Answer[Told]:
        raise NotImplementedError

    def silent(request: Request[NewThing, NoQuery]) -> None:
        raise NotImplementedError

    assert (LIST.cached_seconds, endpoint("GET", "/", listed, cached_seconds=9).cached_seconds) == (
        0,
        9,
    )
    assert endpoint("GET", "/", tagged, access="write").access == "write"
    assert endpoint("GET", "/", tagged).answer is Told
    assert endpoint("DELETE", "/", silent).answer is None


@pytest.mark.parametrize(("method", "seconds"), [("POST", 300), ("GET", 3601), ("GET", -1)])
def test_what_cannot_be_cached_is_no_declaration(method: Method, seconds: int) -> None:
    with pytest.raises(TypeError, match="cannot be cached"):
        endpoint(method, "/things", listed, cached_seconds=seconds)


def test_models_of_the_base_are_closed_and_frozen() -> None:
    assert NewThing.model_config["extra"] == "forbid"
    assert Query.model_config["extra"] == "forbid"
    assert Caller("acme", "ada", "member") == Caller("acme", "ada", "member")
