"""Reads search-sync's table as a whole, in segments; no function may do that."""

from collections.abc import Sequence
from typing import Any

from runtime.attributes import AttributeValue
from runtime.changes import Key
from runtime.table import Stored
from search_sync.scanning import Part, Row

_PART = 200  # rows: their documents are one bulk
_BATCH = 100  # BatchGetItem takes at most 100 keys (DynamoDB API reference)


class TableRows:
    """The rows of a table.

    Parameters
    ----------
    dynamodb
        A DynamoDB client.
    table
        The table's name.
    """

    def __init__(self, dynamodb: Any, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def part(self, segment: int, segments: int, after: Key | None, prefix: str = "") -> Part:
        """Return the next rows of a segment, only those whose `pk` begins with `prefix`."""
        asked: dict[str, Any] = {
            "TableName": self._table,
            "ConsistentRead": True,
            "Segment": segment,
            "TotalSegments": segments,
        }
        if prefix:
            asked |= {
                "FilterExpression": "begins_with(pk, :prefix)",
                "ExpressionAttributeValues": {":prefix": {"S": prefix}},
            }
        else:
            asked["Limit"] = _PART  # before the filter, which would leave parts all but empty
        if after is not None:
            asked["ExclusiveStartKey"] = after.attributes()
        answer = self._dynamodb.scan(**asked)
        last = answer.get("LastEvaluatedKey")
        return Part(
            [_row(item) for item in answer["Items"]],
            Key(last["pk"]["S"], last["sk"]["S"]) if last else None,
        )

    def now(self, keys: Sequence[Key]) -> dict[Key, Row]:
        """Return the rows that there are among some keys, each as it is now."""
        found: dict[Key, Row] = {}
        waiting = [key.attributes() for key in dict.fromkeys(keys)]
        while waiting:
            asked, waiting = waiting[:_BATCH], waiting[_BATCH:]
            answer = self._dynamodb.batch_get_item(
                RequestItems={self._table: {"Keys": asked, "ConsistentRead": True}}
            )
            rows = map(_row, answer["Responses"].get(self._table, []))
            found |= {row.key: row for row in rows}
            if unread := answer.get("UnprocessedKeys", {}).get(self._table):
                waiting = unread["Keys"] + waiting
        return found


def _row(item: dict[str, AttributeValue]) -> Row:
    try:
        stored = Stored.of(item)
    except (AttributeError, KeyError, TypeError, ValueError):
        stored = None
    return Row(Key(item["pk"]["S"], item["sk"]["S"]), stored)
