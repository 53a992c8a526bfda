"""Whatever comes in, the caller gets a proper answer, and never a server error."""

import base64
import json
import string
from typing import Annotated, Any, Literal

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import Field

from contracts.ids import Sku, UserId
from contracts.money import Money
from contracts.values import Email, Name, Quantity, Timestamp
from runtime.changes import Create, Key
from runtime.endpoint import endpoint
from runtime.ids import new_id
from runtime.messages import Body, Page, Request, View
from runtime.table import Table
from runtime.testing import Context, request_event

FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


Tag = Annotated[str, Field(min_length=1)]


class Line(Body):
    sku: Sku
    quantity: Quantity
    note: str | None = None


class Everything(Body):
    customer: UserId
    name: Name
    email: Email
    lines: Annotated[list[Line], Field(max_length=3)]
    type: Literal["A", "B"] = "A"
    price: Money
    at: Timestamp | None = None
    # DynamoDB takes no empty names.
    tags: Annotated[dict[Tag, int | str | bool | None], Field(max_length=5)] | None = None


class Made(View):
    id: str
    body: Everything


def create(request: Request[Everything, Page], table: Table) -> Made:
    """Store and give back everything that the caller sent."""
    made = Made(id=new_id("thg"), body=request.body)
    receipt = [request.once.receipt(200, made)] if request.once else []
    data = request.body.model_dump(mode="json")
    table.commit(Create(key=Key(f"TENANT#{request.tenant}", made.id), data=data), *receipt)
    return made


HANDLER = endpoint("POST", "/things/{id}", create, idempotent=True, table=Table.connect)

GOOD: dict[str, Any] = {
    "customer": "usr_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "name": "Ada",
    "email": "ada@example.org",
    "lines": [{"sku": "a", "quantity": 1}],
    "price": {"amount": 1, "currency": "EUR"},
}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
# Each field right, missing, or anything.
NEARLY_GOOD = st.fixed_dictionaries(
    {}, optional={name: st.just(value) | ANY_JSON for name, value in GOOD.items()}
)
FREE = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.dictionaries(st.text(max_size=4), st.text() | st.integers(), max_size=6),
        "lines": st.lists(
            st.fixed_dictionaries(
                {"sku": st.just("a"), "quantity": st.integers(1, 3), "note": st.text() | st.none()}
            ),
            max_size=4,
        ),
        "name": st.text(),
    },
)
TEXT = st.text(st.characters(exclude_categories=[]), max_size=20)


def _check(event: dict[str, Any]) -> int:
    answer = HANDLER(event, Context())
    status: int = answer["statusCode"]
    document = json.loads(answer["body"])
    assert 200 <= status < 500, answer
    if status >= 400:
        assert document["status"] == status
        assert "Traceback" not in answer["body"]
    json.dumps(answer).encode()
    return status


def _event(raw: str, **changes: Any) -> dict[str, Any]:
    return request_event(raw=raw, path={"id": "one"}, **changes)


def test_the_good_request_is_answered(service_table: Table) -> None:
    assert _check(_event(json.dumps(GOOD))) == 200


@FUZZ
@given(body=ANY_JSON | NEARLY_GOOD)
@example(body={**GOOD, "name": "\ud800"})
@example(body={**GOOD, "name": "\0"})
@example(body={**GOOD, "tags": {"\udfff": 1}})
@example(body={**GOOD, "tags": {"": 10**5000 % 7}})
def test_any_json_is_answered(service_table: Table, body: Any) -> None:
    _check(_event(json.dumps(body), headers={"Idempotency-Key": "key-1"}))


@FUZZ
@given(free=FREE, key=st.none() | st.text(string.printable, max_size=5))
def test_any_free_text_and_number_is_stored_or_refused(
    service_table: Table, free: dict[str, Any], key: str | None
) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    _check(_event(json.dumps(GOOD | free), headers=headers))


@FUZZ
@given(raw=st.binary(max_size=200) | st.binary(max_size=20).map(lambda b: b'{"name":"' + b + b'"}'))
def test_any_bytes_are_answered(service_table: Table, raw: bytes) -> None:
    assert 400 <= _check(_event(base64.b64encode(raw).decode()) | {"isBase64Encoded": True}) < 500
    assert 400 <= _check(_event(raw.decode("latin-1"))) < 500
    assert 400 <= _check(_event(raw.decode(errors="surrogateescape"))) < 500


@FUZZ
@given(
    headers=st.dictionaries(
        st.sampled_from(
            ["Content-Type", "If-Match", "Idempotency-Key", "X-Correlation-Id", "traceparent", "x"]
        ),
        TEXT,
    ),
    query=st.none() | st.dictionaries(st.sampled_from(["limit", "cursor", "x"]), TEXT),
    path=st.none() | st.dictionaries(st.just("id"), TEXT),
)
def test_any_headers_query_and_path_are_answered(
    service_table: Table, headers: dict[str, str], query: Any, path: Any
) -> None:
    body = json.dumps(GOOD)
    _check(request_event(raw=body, headers=headers, query=query, path=path))


@FUZZ
@given(
    tenant=ANY_JSON,
    user=ANY_JSON,
    role=ANY_JSON,
    claims=st.none() | st.dictionaries(TEXT, ANY_JSON),
)
def test_whatever_an_authorizer_says_is_answered(
    service_table: Table, tenant: Any, user: Any, role: Any, claims: Any
) -> None:
    event = _event(json.dumps(GOOD), tenant=tenant, user=user, role=role)
    if claims is not None:
        event["requestContext"]["authorizer"]["jwt"] = {"claims": claims}
    _check(event)
