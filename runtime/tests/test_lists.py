"""Reading many items: by key, and page by page."""

from typing import Any

import pytest
from botocore.stub import Stubber
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.changes import Create, Key
from runtime.clients import client
from runtime.table import Table
from runtime.testing import TABLE

PK = "TENANT#acme#THINGS"


def _fill(table: Table, *sort_keys: str, pk: str = PK) -> None:
    for sk in sort_keys:
        listed = Key(f"{pk}#LIST", sk)
        table.commit(Create(key=Key(pk, sk), data={"sk": sk}, gsi1=listed, gsi2=listed))


def _read(table: Table, pk: str = PK, **options: Any) -> list[str]:
    """Read a list to its end, page by page."""
    found: list[str] = []
    after = None
    while True:
        part = table.query(pk, after=after, **options)
        assert len(part.items) <= options["limit"]
        found += [item.data["sk"] for item in part.items]
        if part.last is None:
            return found
        assert len(part.items) == options["limit"]
        after = part.last


@pytest.mark.parametrize("index", [None, "gsi1", "gsi2"])
@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
def test_a_list_is_read_whole_in_order_whatever_the_page(
    service_table: Table, index: str | None, forward: bool, limit: int
) -> None:
    names = ["a", "b", "c"]
    _fill(service_table, *names)
    _fill(service_table, "z", pk="TENANT#globex#THINGS")
    pk = f"{PK}#LIST" if index else PK
    read = _read(service_table, pk, index=index, forward=forward, limit=limit)
    assert read == (names if forward else names[::-1])


def test_a_page_that_ends_the_list_says_so(service_table: Table) -> None:
    _fill(service_table, "a", "b")
    assert service_table.query(PK, limit=2).last is None
    assert service_table.query(PK, limit=1).last == "a"
    assert service_table.query(PK, limit=1, after="a").last is None
    assert service_table.query("TENANT#acme#NONE", limit=1) == ([], None)


def test_events_and_expiry_are_not_read_through_an_index(service_table: Table) -> None:
    key = Key(PK, "a")
    event = {"source": "s", "detail-type": "t", "detail": "{}"}
    listed = Key("LIST", "a")
    service_table.commit(
        Create(key=key, data={"n": 1}, events=[event], gsi1=listed, expires_at=9)  # type: ignore[list-item]  # no Entry
    )
    (item,) = service_table.query("LIST", index="gsi1", limit=1).items
    assert (item.key, item.data, item.revision) == (key, {"n": 1}, 1)
    assert (item.events, item.expires_at) == ([], None)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    names=st.sets(
        st.builds("{}#{}".format, st.sampled_from("AB"), st.text("xyz\0é\U0010fffe", max_size=3)),
        max_size=8,
    ),
    prefix=st.sampled_from(["", "A#", "B#", "A#x", "C"]),
    forward=st.booleans(),
    limit=st.integers(1, 4),
)
def test_any_prefix_is_read_whole_in_either_direction(
    service_table: Table, names: set[str], prefix: str, forward: bool, limit: int
) -> None:
    pk = f"TENANT#acme#{len(names)}#{sorted(names)}"
    for name in names:
        key = Key(pk, name)
        if service_table.get(key) is None:
            service_table.commit(Create(key=key, data={"sk": name}))
    expected = sorted((n for n in names if n.startswith(prefix)), key=str.encode)
    read = _read(service_table, pk, prefix=prefix, forward=forward, limit=limit)
    assert read == (expected if forward else expected[::-1])


def test_eventually_consistent_reads_can_be_asked_for(aws: None) -> None:
    dynamodb = client("dynamodb")
    with Stubber(dynamodb) as stub:
        for consistent in (True, False):
            stub.add_response(
                "query",
                {"Items": []},
                {
                    "TableName": TABLE,
                    "KeyConditionExpression": "pk = :pk",
                    "ExpressionAttributeValues": {":pk": {"S": PK}},
                    "Limit": 2,
                    "ScanIndexForward": True,
                    "ConsistentRead": consistent,
                },
            )
            Table(dynamodb, TABLE).query(PK, limit=1, consistent=consistent)


def test_a_page_that_dynamodb_cuts_short_is_filled(aws: None) -> None:
    """A Query answers at most 1 MB at once, whatever the limit."""
    dynamodb = client("dynamodb")
    items = [Create(key=Key(PK, sk), data={"sk": sk}).operation() for sk in "abc"]
    images = [item["parameters"]["Item"] for item in items]
    with Stubber(dynamodb) as stub:
        for image, last in zip(images, [True, True, False], strict=True):
            answer: dict[str, Any] = {"Items": [image]}
            if last:
                answer["LastEvaluatedKey"] = {"pk": image["pk"], "sk": image["sk"]}
            stub.add_response("query", answer)
        part = Table(dynamodb, TABLE).query(PK, limit=2)
        stub.assert_no_pending_responses()
    assert ([item.data["sk"] for item in part.items], part.last) == (["a", "b"], "b")


def test_many_keys_are_read_at_once_those_that_exist(service_table: Table) -> None:
    names = [f"{number:03}" for number in range(230)]
    _fill(service_table, *names)
    keys = [Key(PK, name) for name in [*names, "no", *names[:7]]]
    found = service_table.get_many(keys)
    assert found.keys() == {Key(PK, name) for name in names}
    assert all(found[key].data == {"sk": key.sk} for key in found)


def test_no_keys_are_no_items(service_table: Table) -> None:
    assert service_table.get_many([]) == {}


def test_keys_that_dynamodb_left_unread_are_asked_for_again(aws: None) -> None:
    dynamodb = client("dynamodb")
    keys = [Key(PK, str(number)) for number in range(102)]
    images = [Create(key=key, data={}).operation()["parameters"]["Item"] for key in keys]
    with Stubber(dynamodb) as stub:
        answers: list[dict[str, Any]] = [
            {
                "Responses": {TABLE: images[:60]},
                "UnprocessedKeys": {TABLE: {"Keys": [key.attributes() for key in keys[60:100]]}},
            },
            {"Responses": {TABLE: images[60:]}, "UnprocessedKeys": {}},
        ]
        for asked, answer in zip([keys[:100], keys[60:]], answers, strict=True):
            request = {
                "RequestItems": {
                    TABLE: {"Keys": [key.attributes() for key in asked], "ConsistentRead": True}
                }
            }
            stub.add_response("batch_get_item", answer, request)
        found = Table(dynamodb, TABLE).get_many(keys)
        stub.assert_no_pending_responses()
    assert list(found) == keys
