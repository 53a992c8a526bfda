"""boto3's own serializer is the oracle for ours."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from runtime.attributes import marshal, unmarshal

# boto3 holds numbers to DynamoDB's 38 digits.
NUMBERS = st.integers(-(10**38) + 1, 10**38 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=25,
)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


@given(JSON)
def test_a_json_value_is_written_as_boto3_writes_it(value: Any) -> None:
    assert marshal(value) == TypeSerializer().serialize(value)


@given(JSON)
def test_what_boto3_wrote_is_read_as_boto3_reads_it(value: Any) -> None:
    attribute: Any = TypeSerializer().serialize(value)
    assert unmarshal(attribute) == _plain(TypeDeserializer().deserialize(attribute)) == value


@given(JSON)
def test_a_value_survives_the_way_there_and_back_with_its_types(value: Any) -> None:
    back = unmarshal(marshal(value))
    assert back == value
    assert repr(back) == repr(value)  # True is not 1


def test_a_tuple_is_a_list() -> None:
    assert marshal((1, "a")) == {"L": [{"N": "1"}, {"S": "a"}]}


@pytest.mark.parametrize("value", [1.5, float("nan"), Decimal(1), b"x", {1}, object()])
@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: [v], lambda v: {"field": v}])
def test_what_json_has_not_and_floats_are_refused(value: object, wrap: Any) -> None:
    with pytest.raises(TypeError, match="cannot be stored"):
        marshal(wrap(value))


@pytest.mark.parametrize("attribute", [{"B": b"x"}, {"SS": ["a"]}, {"L": [{"NS": ["1"]}]}])
def test_an_attribute_that_we_never_write_is_not_read(attribute: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="cannot be read"):
        unmarshal(attribute)
