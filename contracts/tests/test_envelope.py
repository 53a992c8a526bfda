"""How a consumer parses what arrives, good or bad."""

import copy
import json
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from contracts.envelope import (
    MAX_DEPTH,
    MAX_ENTRY_BYTES,
    ContractBroken,
    Envelope,
    Metadata,
    parse_detail,
    parse_event,
)
from contracts.events.orders import OrderItem, OrderPlaced
from contracts.examples import examples
from contracts.ids import ULID, OrderId, UserId
from contracts.limits import MAX_BODY_BYTES
from contracts.reader import Reader
from contracts.values import Timestamp


class Placed(Reader, source="starling.orders", event="OrderPlaced.v1"):
    order_id: OrderId
    customer_id: UserId
    items: tuple[OrderItem, ...]
    placed_at: Timestamp
    labels: Annotated[dict[str, int], Field(default_factory=dict)]


EVENT = next(examples("OrderPlaced.v1")).event
DETAIL = EVENT["detail"]


def detail(*changes: tuple[str, object]) -> dict[str, Any]:
    changed: dict[str, Any] = copy.deepcopy(DETAIL)
    for path, value in changes:
        *steps, last = path.split(".")
        target: Any = changed
        for step in steps:
            target = target[int(step)] if isinstance(target, list) else target[step]
        target[last] = value
    return changed


def nested(levels: int) -> dict[str, Any]:
    """Return a detail that is `levels` deep."""
    value: Any = {}
    for _ in range(levels - 3):
        value = [value]
    return detail(("data.unknown", value))


def reason(body: Any, reader: type[Any] = Placed) -> str:
    with pytest.raises(ContractBroken) as raised:
        parse_detail(body, reader)
    assert str(raised.value) == raised.value.reason
    return raised.value.reason


def test_a_detail_is_parsed_to_metadata_and_what_the_reader_reads() -> None:
    parsed = parse_detail(DETAIL, Placed)
    assert isinstance(parsed, Envelope)
    assert parsed.metadata == Metadata.model_validate(DETAIL["metadata"])
    assert parsed.metadata.tenant_id == "acme"
    assert parsed.data.order_id == DETAIL["data"]["order_id"]
    assert parsed.data.items[0].price.amount == 899
    assert not hasattr(parsed.data, "total")


def test_text_is_parsed_as_what_it_says() -> None:
    text = json.dumps(DETAIL)
    assert parse_detail(text, Placed) == parse_detail(DETAIL, Placed)
    assert parse_detail(text, OrderPlaced).data.type == "EXPRESS"


def test_unknown_fields_are_ignored_at_every_level() -> None:
    later = detail(
        ("new", 1),
        ("metadata.new", 1),
        ("data.new", 1),
        ("data.items.0.new", 1),
        ("data.items.0.price.new", 1),
    )
    assert parse_detail(later, Placed) == parse_detail(DETAIL, Placed)
    assert parse_detail(later, OrderPlaced) == parse_detail(DETAIL, OrderPlaced)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "$: is not JSON"),
        ("{", "$: is not JSON"),
        ('{"a": NaN}', "$: is not JSON"),
        ('{"a": Infinity}', "$: is not JSON"),
        ("9" * 5000, "$: is not JSON"),
        ("[]", "$: is not an object"),
        ("null", "$: is not an object"),
        (None, "$: is not an object"),
        (7, "$: is not an object"),
        ({}, "$.metadata: is not an object"),
        ({"metadata": []}, "$.metadata: is not an object"),
        (detail(("data", None)), "$.data: is not an object"),
        (detail(("data", "x")), "$.data: is not an object"),
        (detail(("metadata.revision", "1")),
         "$.metadata.revision: Input should be a valid integer"),
        (detail(("metadata.occurred_at", "yesterday")),
         "$.metadata.occurred_at: Value error, is not an RFC 3339 time with an offset"),
        (detail(("metadata.schema_version", "2.0")),
         "$.metadata.schema_version: is not of major 1"),
        (detail(("data.items.1.price.amount", -1)),
         "$.data.items[1].price.amount: Input should be greater than or equal to 0"),
        (detail(("data.labels", {"ok": None, "ada@acme.example": None})),
         "$.data.labels.ok: Input should be a valid integer; "  # noqa: ISC004 - one long reason
         "$.data.labels.*: Input should be a valid integer"),
        (detail(("data", {})),
         "$.data.order_id: Field required; "  # noqa: ISC004 - one long reason
         "$.data.customer_id: Field required; $.data.items: Field required; and 1 more"),
    ],
)  # fmt: skip
def test_a_broken_detail_is_refused_with_the_place_and_the_problem(
    body: object, problem: str
) -> None:
    assert reason(body) == problem


def test_the_reason_does_not_repeat_what_the_message_said() -> None:
    secret = "4111-1111"  # what must not get into logs
    for field in ("order_id", "customer_id", "placed_at", "items"):
        assert secret not in reason(detail((f"data.{field}", secret)))
        assert secret not in reason(detail((f"data.{field}", {secret: secret})))
    assert secret not in reason(detail(("data.labels", {secret: secret})))
    for field in Metadata.model_fields:
        assert secret not in reason(detail((f"metadata.{field}", [secret])))


def test_the_deepest_detail_is_parsed_and_one_level_more_is_refused() -> None:
    deepest, too_deep = nested(MAX_DEPTH), nested(MAX_DEPTH + 1)
    problem = f"is nested deeper than {MAX_DEPTH} levels"
    assert parse_detail(deepest, Placed) == parse_detail(json.dumps(deepest), Placed)
    assert reason(too_deep) == reason(json.dumps(too_deep)) == f"$: {problem}"
    with pytest.raises(ContractBroken, match=f"^\\$.detail: {problem}$"):
        parse_event(EVENT | {"detail": too_deep}, Placed)


@pytest.mark.parametrize("levels", [1_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_text_too_deep_for_the_parser_is_refused_like_any_too_deep(
    levels: int, opening: str, closing: str
) -> None:
    levels = min(levels, MAX_ENTRY_BYTES // len(opening + closing) - 1)
    text = opening * levels + "1" + closing * levels
    assert reason(text) == f"$: is nested deeper than {MAX_DEPTH} levels"


def test_the_largest_text_is_parsed_and_one_byte_more_is_refused() -> None:
    room = MAX_ENTRY_BYTES - len(json.dumps(detail(("x", ""))).encode())
    text = json.dumps(detail(("x", "ü" * (room // 2) + "x" * (room % 2))), ensure_ascii=False)
    text += " " * (MAX_ENTRY_BYTES - len(text.encode()))
    assert parse_detail(text, Placed) == parse_detail(DETAIL, Placed)
    assert reason(text + " ") == f"$: is larger than {MAX_ENTRY_BYTES} bytes"
    assert reason("x" * MAX_ENTRY_BYTES * 2) == f"$: is larger than {MAX_ENTRY_BYTES} bytes"


def test_an_event_of_the_bus_is_parsed_from_text_or_object() -> None:
    assert parse_event(json.dumps(EVENT), Placed) == parse_event(EVENT, Placed)
    assert parse_event(EVENT, Placed) == parse_detail(DETAIL, Placed)


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ("nonsense", "$: is not JSON"),
        (" " * (MAX_BODY_BYTES + 1), f"$: is larger than {MAX_BODY_BYTES} bytes"),
        ("[]", "$: is not an object"),
        ({}, "$.source: is not starling.orders"),
        (EVENT | {"source": "starling.users"}, "$.source: is not starling.orders"),
        (EVENT | {"detail-type": "OrderPlaced.v2"}, "$.detail-type: is not OrderPlaced.v1"),
        (EVENT | {"detail": json.dumps(DETAIL)}, "$.detail: is not an object"),
        (EVENT | {"detail": detail(("data.order_id", "x"))},
         f"$.detail.data.order_id: String should match pattern '^ord_{ULID}$'"),
    ],
)  # fmt: skip
def test_a_broken_event_is_refused_with_the_place_and_the_problem(event: Any, problem: str) -> None:
    with pytest.raises(ContractBroken) as raised:
        parse_event(event, Placed)
    assert raised.value.reason == problem


@given(st.one_of(st.text(), st.text(alphabet='{}[]",:01eE.-\\u d8')))
def test_garbage_text_breaks_the_contract_and_nothing_else(text: str) -> None:
    for parse in (parse_detail, parse_event):
        with pytest.raises(ContractBroken):
            parse(text, Placed)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


GOOD = st.sampled_from([*DETAIL["data"].values(), "STANDARD", "2026-01-01T00:00:00+01:00"])


@given(st.sampled_from(sorted(DETAIL["data"])), JSON | GOOD)
def test_garbage_in_a_field_breaks_the_contract_and_nothing_else(field: str, value: Any) -> None:
    broken = detail((f"data.{field}", value))
    try:
        data = parse_detail(broken, OrderPlaced).data
    except ContractBroken:
        return
    # It was no garbage: then it means the same written out and read again.
    assert OrderPlaced.model_validate_json(data.model_dump_json()) == data


def test_lone_surrogates_break_the_contract() -> None:
    text = json.dumps(DETAIL).replace('"EXPRESS"', '"\\ud800"')
    assert "$.data.type" in reason(text, OrderPlaced)
    assert reason("\ud800") == "$: is not JSON"
