"""The circuit breaker's state, shared by all instances: one item of the service's table.

Powertools' own store is not used: it is built on boto3, counts failures in each instance alone, and
writes what is not in the layout of this table, whose stream has a reader.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from aws_lambda_powertools.utilities.circuit_breaker import (
    CircuitBreakerConfig,
    CircuitInfo,
    CircuitState,
)
from botocore.exceptions import BotoCoreError, ClientError

from runtime.changes import Key
from runtime.logs import logger
from runtime.metrics import count

if TYPE_CHECKING:
    from types_boto3_dynamodb.client import DynamoDBClient

NAME = "payments"
KEY = Key(f"BREAKER#{NAME}", "BREAKER")
"""It belongs to no tenant: there is one provider."""

THRESHOLD = 20
"""Calls that may go without an answer before no more are made, whoever makes them."""
LEASE_SECONDS = 60
"""How long a probe may take: far longer than a call does, so that no second is beside it."""

_ATTEMPTS = 3
_CLOSED, _OPEN, _PROBING = (
    {"S": state.value} for state in (CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN)
)


@dataclass
class Record:
    """The circuit as Powertools looks at it."""

    state: CircuitState
    opened_at: int | None = None
    half_open_owner: str | None = None
    probe_lease_expiry: int | None = None

    def to_circuit_info(self) -> CircuitInfo:
        """Return what an error tells of it."""
        return CircuitInfo(NAME, self.state, THRESHOLD, self.opened_at)


class Circuit:
    """The circuit's state: what Powertools asks of a persistence layer, and the count.

    Parameters
    ----------
    dynamodb
        A DynamoDB client.
    table_name
        The service's table.
    clock
        Seconds since the epoch.
    """

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table_name: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._dynamodb: Any = dynamodb
        self._table_name = table_name
        self._clock = clock

    def configure(self, config: CircuitBreakerConfig, circuit_name: str) -> None:
        """Need nothing of it."""

    def get_state(self, _name: str) -> Record:
        """Return how it stands; if it is closed, a call is counted, which is to be made then."""
        try:
            return self._admitted()
        except (BotoCoreError, ClientError) as error:
            _blind(error)
            return Record(CircuitState.CLOSED)

    def _admitted(self) -> Record:
        began = 0
        for _ in range(_ATTEMPTS):
            if self._update(
                "attribute_not_exists(pk) OR (#state = :closed AND begun < :threshold)",
                "SET #state = :closed, begun_at = :now",
                "begun :one",
                closed=_CLOSED,
                threshold=THRESHOLD,
                now=int(self._clock()),
            ):
                return Record(CircuitState.CLOSED)
            answer = self._dynamodb.get_item(
                TableName=self._table_name, Key=KEY.attributes(), ConsistentRead=True
            )
            item = answer.get("Item", {"state": _CLOSED})
            if item["state"] != _CLOSED:
                return _record(item)
            began = _number(item, "begun_at")
            if _number(item, "begun") >= THRESHOLD:
                break
        # None of so many has an answer. If they failed, the last of them opens the circuit; if they
        # were cut off, nobody does: it counts as open since the last began.
        return Record(CircuitState.OPEN, began)

    def answered(self) -> None:
        """Clear the count: the provider answers. What is open is closed by a probe alone."""
        self._try("#state = :closed", "SET begun = :none, failed = :none", closed=_CLOSED, none=0)

    def failed(self) -> bool:
        """Count a call that failed; return whether it was one too many."""
        try:
            now = int(self._clock())
            item = self._write(
                "attribute_exists(pk)", "SET failed_at = :now", "failed :one", now=now
            )
        except (BotoCoreError, ClientError) as error:
            _blind(error)
            return False
        return _number(item, "failed") >= THRESHOLD

    def try_acquire_half_open(self, _name: str, owner: str, opened_at: int) -> bool:
        """Let one of all that ask make the probe."""
        now = int(self._clock())
        return self._try(
            "(#state = :open AND opened_at = :seen)"
            " OR (#state = :probing AND lease_until <= :now)"
            " OR (#state = :closed AND begun >= :threshold AND begun_at = :seen)",
            "SET #state = :probing, opened_at = :seen, #owner = :owner, lease_until = :until,"
            " failed = :threshold",
            open=_OPEN,
            probing=_PROBING,
            closed=_CLOSED,
            threshold=THRESHOLD,
            seen=opened_at,
            owner={"S": owner},
            until=now + LEASE_SECONDS,
            now=now,
        )

    def save_open(
        self,
        _name: str,
        failure_count: int,  # noqa: ARG002 - Powertools' count is of one instance
        opened_at: int,
    ) -> None:
        """Open it, once."""
        self._update(
            "#state = :closed",
            "SET #state = :open, opened_at = :at",
            closed=_CLOSED,
            open=_OPEN,
            at=opened_at,
        )

    def save_reopen(self, _name: str, opened_at: int) -> None:
        """Open it again: the probe failed."""
        self._update(
            "#state = :probing",
            "SET #state = :open, opened_at = :at",
            probing=_PROBING,
            open=_OPEN,
            at=opened_at,
        )

    def save_closed(self, _name: str) -> None:
        """Close it: the probe was answered."""
        self._update(
            "#state = :probing",
            "SET #state = :closed, begun = :none, failed = :none",
            probing=_PROBING,
            closed=_CLOSED,
            none=0,
        )

    def _try(self, condition: str, change: str, **values: Any) -> bool:
        try:
            return self._update(condition, change, **values)
        except (BotoCoreError, ClientError) as error:
            _blind(error)
            return False

    def _update(self, condition: str, change: str, add: str = "", **values: Any) -> bool:
        """Change the item; return whether the condition held."""
        try:
            self._write(condition, change, add, **values)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def _write(self, condition: str, change: str, add: str, **values: Any) -> dict[str, Any]:
        """Change the item, kept in the layout of the table's items; return it."""
        added = f"revision :one, {add}" if add else "revision :one"
        expression = f"{change}, #data = if_not_exists(#data, :data) ADD {added}"
        names = {"#state": "state", "#data": "data", "#owner": "owner"}
        told = f"{expression} {condition}"
        answer = self._dynamodb.update_item(
            TableName=self._table_name,
            Key=KEY.attributes(),
            UpdateExpression=expression,
            ExpressionAttributeNames={name: of for name, of in names.items() if name in told},
            ExpressionAttributeValues={
                f":{name}": value if isinstance(value, dict) else {"N": str(value)}
                for name, value in {**values, "data": {"M": {}}, "one": 1}.items()
            },
            ConditionExpression=condition,
            ReturnValues="ALL_NEW",
        )
        return cast("dict[str, Any]", answer["Attributes"])


def _blind(error: Exception) -> None:
    logger.warning("the circuit breaker's state cannot be kept", reason=type(error).__name__)
    count("BreakerBlind", breaker=NAME)


def _record(item: dict[str, Any]) -> Record:
    return Record(
        CircuitState(item["state"]["S"]),
        _number(item, "opened_at"),
        item["owner"]["S"] if "owner" in item else None,
        _number(item, "lease_until") if "lease_until" in item else None,
    )


def _number(item: dict[str, Any], name: str) -> int:
    return int(item[name]["N"]) if name in item else 0
