"""The service's own table: reads by key, lists by index, and commits of changes."""

import random
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, Self

from botocore.exceptions import ClientError

from contracts.limits import Entry
from runtime.attributes import AttributeValue, unmarshal
from runtime.changes import Change, Contended, Key, Operation
from runtime.clients import client
from runtime.settings import settings

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

# BatchGetItem takes at most 100 keys (DynamoDB API reference).
_BATCH = 100
_PART = 100  # items of a partition that are read at once
# The SDK does not try a cancelled transaction again (TransactWriteItems, API reference).
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.05
_LAST_CHARACTER = "\U0010ffff"


class Stored(NamedTuple):
    """An item as it was read.

    Attributes
    ----------
    key
        Its primary key.
    data
        The entity, as JSON values.
    revision
        The entity's version.
    events
        The events of its last change; empty when read through an index.
    expires_at
        When it may go, in epoch seconds, or None; None too when read through an index.
    """

    key: Key
    data: dict[str, Any]
    revision: int
    events: list[Entry]
    expires_at: int | None

    @classmethod
    def of(cls, item: dict[str, AttributeValue]) -> "Stored":
        """Read an item in DynamoDB's form, from the table or from its stream."""
        expires_at = item.get("expires_at")
        return cls(
            key=Key(item["pk"]["S"], item["sk"]["S"]),
            data={name: unmarshal(value) for name, value in item["data"]["M"].items()},
            revision=int(item["revision"]["N"]),
            events=[unmarshal(event) for event in item["outbox"]["L"]] if "outbox" in item else [],
            expires_at=None if expires_at is None else int(expires_at["N"]),
        )


class Slice(NamedTuple):
    """Part of a list: the items, and the sort key to go on after (None at the end)."""

    items: list[Stored]
    last: str | None


class Table:
    """A DynamoDB table.

    Parameters
    ----------
    dynamodb
        A DynamoDB client.
    name
        The table's name.
    """

    def __init__(self, dynamodb: "DynamoDBClient", name: str) -> None:
        self._dynamodb: Any = dynamodb
        self._name = name

    @classmethod
    def connect(cls) -> "Table":
        """Return the table that the function's settings name, the same one each time."""
        return _connected()

    def get(self, key: Key, *, consistent: bool = True) -> Stored | None:
        """Return one item, or None.

        Parameters
        ----------
        key
            Its primary key.
        consistent
            Whether every write that was acknowledged before is seen.
        """
        answer = self._dynamodb.get_item(
            TableName=self._name, Key=key.attributes(), ConsistentRead=consistent
        )
        item = answer.get("Item")
        return None if item is None else Stored.of(item)

    def get_many(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        """Return the items that exist among `keys`, read consistently.

        Parameters
        ----------
        keys
            Any number; each counts once.
        """
        found: dict[Key, Stored] = {}
        waiting = [key.attributes() for key in dict.fromkeys(keys)]
        while waiting:
            asked, waiting = waiting[:_BATCH], waiting[_BATCH:]
            answer = self._dynamodb.batch_get_item(
                RequestItems={self._name: {"Keys": asked, "ConsistentRead": True}}
            )
            for item in answer["Responses"].get(self._name, []):
                stored = Stored.of(item)
                found[stored.key] = stored
            unread = answer.get("UnprocessedKeys", {}).get(self._name)
            if unread:
                # Some were read: if none can be, DynamoDB answers with an error instead.
                waiting = unread["Keys"] + waiting
        return found

    def query(
        self,
        pk: str,
        *,
        limit: int,
        index: str | None = None,
        prefix: str = "",
        after: str | None = None,
        forward: bool = True,
        consistent: bool = True,
    ) -> Slice:
        """Return part of one partition, in the order of its sort key.

        Parameters
        ----------
        pk
            The partition.
        limit
            At most so many items.
        index
            ``gsi1``, ``gsi2``, or None for the table itself.
        prefix
            Only sort keys that begin so.
        after
            Only what follows this sort key in that order: the `last` of the slice before. So
            no two items of the partition may share one.
        forward
            Whether sort keys ascend.
        consistent
            Whether acknowledged writes are seen; an index is always eventually consistent.
        """
        pk_name, sk_name = (f"{index}pk", f"{index}sk") if index else ("pk", "sk")
        parameters: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": f"{pk_name} = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            # One more than asked for tells whether there is more.
            "Limit": limit + 1,
            "ScanIndexForward": forward,
        }
        if index:
            parameters["IndexName"] = index
        else:
            parameters["ConsistentRead"] = consistent
        values = parameters["ExpressionAttributeValues"]
        if after is not None and prefix:
            # Only one condition on a sort key is allowed, so both ends go into a BETWEEN, which
            # takes in `after` itself.
            first, last = (after, prefix + _LAST_CHARACTER) if forward else (prefix, after)
            parameters["KeyConditionExpression"] += f" AND {sk_name} BETWEEN :first AND :last"
            parameters["Limit"] += 1
            values |= {":first": {"S": first}, ":last": {"S": last}}
        elif after is not None:
            parameters["KeyConditionExpression"] += f" AND {sk_name} {'>' if forward else '<'} :sk"
            values[":sk"] = {"S": after}
        elif prefix:
            parameters["KeyConditionExpression"] += f" AND begins_with({sk_name}, :sk)"
            values[":sk"] = {"S": prefix}
        found: list[dict[str, AttributeValue]] = []
        while len(found) <= limit:
            answer = self._dynamodb.query(**parameters)
            found += [item for item in answer["Items"] if item[sk_name]["S"] != after]
            if "LastEvaluatedKey" not in answer:
                break
            parameters["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        more = found[limit - 1][sk_name]["S"] if len(found) > limit else None
        return Slice([Stored.of(item) for item in found[:limit]], more)

    def every(self, pk: str, *, prefix: str = "") -> Iterator[Stored]:
        """Yield all items of a partition in the order of its sort key, part by part.

        Every write that was acknowledged before a part is read is seen in it; whoever stops early
        reads no further.

        Parameters
        ----------
        pk
            The partition.
        prefix
            Only sort keys that begin so.
        """
        after: str | None = None
        while True:
            part = self.query(pk, prefix=prefix, limit=_PART, after=after)
            yield from part.items
            after = part.last
            if after is None:
                return

    def commit(self, *changes: Change) -> None:
        """Apply changes, all or none: one conditional write, or one transaction.

        Parameters
        ----------
        *changes
            1 to 100, each on an item of its own (TransactWriteItems, API reference).

        Raises
        ------
        ConditionFailed
            The first change whose condition does not hold raises its own kind of it.
        Contended
            Another transaction is at the same items, and still is after a few attempts: the
            same commit may pass a moment later.
        """
        operations = [change.operation() for change in changes]
        for operation in operations:
            operation["parameters"]["TableName"] = self._name
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._write(operations, changes)
            except Contended:
                time.sleep(random.uniform(0, _PAUSE_SECONDS))  # noqa: S311 - jitter, not a secret
        return self._write(operations, changes)

    def _write(self, operations: Sequence[Operation], changes: Sequence[Change]) -> None:
        try:
            if len(operations) == 1 and operations[0]["kind"] in _SINGLE:
                self._write_one(operations[0])
            else:
                self._dynamodb.transact_write_items(
                    TransactItems=[{o["kind"]: o["parameters"]} for o in operations]
                )
        except ClientError as error:
            _explain(error, changes)

    def _write_one(self, operation: Operation) -> None:
        write = getattr(self._dynamodb, _SINGLE[operation["kind"]])
        item = operation["parameters"].get("Item", {})
        if "outbox" not in item:
            write(**operation["parameters"])
            return
        try:
            write(**operation["parameters"], ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except ClientError as error:
            # If the answer to a write is lost, the SDK writes again, and the condition fails on
            # our own item: we know it by its events' ids. A transaction has a token for that.
            if error.response.get("Item") != item:
                raise


_SINGLE = {"Put": "put_item", "Delete": "delete_item"}


def _explain(error: ClientError, changes: Sequence[Change]) -> NoReturn:
    """Raise what a refused write means."""
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        raise changes[0].failure(changes[0]) from error
    if code in {"TransactionConflictException", "TransactionInProgressException"}:
        raise Contended from error
    if code == "TransactionCanceledException":
        reasons = error.response.get("CancellationReasons", [])
        codes = [reason.get("Code") for reason in reasons]
        for change, reason in zip(changes, codes, strict=False):
            if reason == "ConditionalCheckFailed":
                raise change.failure(change) from error
        if "TransactionConflict" in codes:
            raise Contended from error
    raise error


class InTable:
    """What a service keeps in its own table: the base of its stores.

    Parameters
    ----------
    table
        The service's table.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    @classmethod
    def connect(cls) -> Self:
        """Return it, in the table that the function's settings name."""
        return cls(Table.connect())


@cache
def _connected() -> Table:
    return Table(client("dynamodb"), settings.table_name)
