"""Changes to a service's table: each is one conditional write, alone or within a transaction.

The layout of every item of every service: `pk`, `sk` (they begin with the tenant), `revision`,
`data` (the entity), `outbox` (the events of the last change), `gsi1pk`/`gsi1sk` and
`gsi2pk`/`gsi2sk` (lists), `expires_at` (epoch seconds, the table's TTL attribute).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

from contracts.limits import Entry
from runtime.attributes import AttributeValue, marshal


class Key(NamedTuple):
    """Primary key of an item."""

    pk: str
    sk: str

    def attributes(self) -> dict[str, AttributeValue]:
        """Return the key as DynamoDB writes it."""
        return {"pk": {"S": self.pk}, "sk": {"S": self.sk}}


class ConditionFailed(Exception):
    """A change did not apply because its condition does not hold.

    Attributes
    ----------
    change
        The change, so that the caller can tell which of several it was.
    """

    def __init__(self, change: "Change") -> None:
        super().__init__(f"{type(change).__name__} of {change.key.sk}")
        self.change = change


class Exists(ConditionFailed):
    """There is an item by that key already."""


class RevisionConflict(ConditionFailed):
    """The item is not at the expected revision any more."""


class Outdated(ConditionFailed):
    """The projection has seen this revision, or a newer one."""


class Unmet(ConditionFailed):
    """A requirement on another item does not hold."""


class Gone(ConditionFailed):
    """The item that was to be taken away is not there any more."""


class Contended(Exception):
    """Another transaction touches the same items right now: try again."""


class Operation(TypedDict):
    """One element of TransactWriteItems: the kind of write and its parameters."""

    kind: str
    parameters: dict[str, Any]


# Changes are told apart by identity; what dataclass would generate beyond `__init__` takes longer
# than the rest of this module.
@dataclass(kw_only=True, eq=False, repr=False)
class Change:
    """Base of all changes; `failure` is what a failed condition raises."""

    key: Key
    failure = ConditionFailed

    def operation(self) -> Operation:
        """Return the write."""
        raise NotImplementedError


@dataclass(kw_only=True, eq=False, repr=False)
class _Write(Change):
    """A whole item.

    Parameters
    ----------
    data
        The entity, as JSON values.
    revision
        The entity's version after this change, from 1.
    events
        What the change is told as; published from the table's stream.
    gsi1, gsi2
        Where the item stands in the two list indexes, if it does.
    expires_at
        When it may go, in epoch seconds.
    """

    data: Mapping[str, Any]
    revision: int
    events: Sequence[Entry] = ()
    gsi1: Key | None = None
    gsi2: Key | None = None
    expires_at: int | None = None

    def _put(self, condition: str, values: dict[str, AttributeValue] | None = None) -> Operation:
        item = self.key.attributes() | {
            "revision": {"N": str(self.revision)},
            "data": marshal(dict(self.data)),
        }
        if self.events:
            item["outbox"] = marshal([dict(event) for event in self.events])
        for name, index in (("gsi1", self.gsi1), ("gsi2", self.gsi2)):
            if index is not None:
                item |= {f"{name}pk": {"S": index.pk}, f"{name}sk": {"S": index.sk}}
        if self.expires_at is not None:
            item["expires_at"] = {"N": str(self.expires_at)}
        parameters: dict[str, Any] = {"Item": item, "ConditionExpression": condition}
        if values:
            parameters["ExpressionAttributeValues"] = values
        return {"kind": "Put", "parameters": parameters}


@dataclass(kw_only=True, eq=False, repr=False)
class Create(_Write):
    """Write a new item; `Exists` if there is one.

    Parameters
    ----------
    now
        If given, an item whose `expires_at` has passed counts as gone: TTL deletes late.
    """

    revision: int = 1
    now: int | None = None
    failure = Exists

    def operation(self) -> Operation:
        """Return the write."""
        if self.now is None:
            return self._put("attribute_not_exists(pk)")
        return self._put(
            "attribute_not_exists(pk) OR expires_at <= :now", {":now": {"N": str(self.now)}}
        )


@dataclass(kw_only=True, eq=False, repr=False)
class Update(_Write):
    """Replace an item that is at revision `expected`; `RevisionConflict` if it is not."""

    expected: int
    failure = RevisionConflict

    def operation(self) -> Operation:
        """Return the write."""
        return self._put("revision = :expected", {":expected": {"N": str(self.expected)}})


@dataclass(kw_only=True, eq=False, repr=False)
class Project(_Write):
    """Write a replica of another service's entity; `Outdated` unless the revision is newer.

    A deletion is projected as a tombstone, so that an older event raises nobody from the dead.
    """

    failure = Outdated

    def operation(self) -> Operation:
        """Return the write."""
        return self._put(
            "attribute_not_exists(revision) OR revision < :revision",
            {":revision": {"N": str(self.revision)}},
        )


@dataclass(kw_only=True, eq=False, repr=False)
class Remove(Change):
    """Delete an auxiliary item, if it is there: an entity itself becomes a tombstone."""

    def operation(self) -> Operation:
        """Return the write."""
        return {"kind": "Delete", "parameters": {"Key": self.key.attributes()}}


@dataclass(kw_only=True, eq=False, repr=False)
class Take(Change):
    """Delete an auxiliary item that must be there, so that it is done once; `Gone` if it is not."""

    failure = Gone

    def operation(self) -> Operation:
        """Return the write."""
        condition = "attribute_exists(pk)"
        parameters = {"Key": self.key.attributes(), "ConditionExpression": condition}
        return {"kind": "Delete", "parameters": parameters}


@dataclass(kw_only=True, eq=False, repr=False)
class Require(Change):
    """Change nothing, but let the transaction through only if another item is as expected.

    Parameters
    ----------
    data
        Fields of the other item's data and the values that they must have.
    revision
        The revision that it must be at; 0 means that it must not exist.
    """

    data: Mapping[str, Any] | None = None
    revision: int | None = None
    failure = Unmet

    def operation(self) -> Operation:
        """Return the check."""
        names: dict[str, str] = {}
        values: dict[str, AttributeValue] = {}
        terms: list[str] = []
        if self.revision == 0:
            terms.append("attribute_not_exists(pk)")
        elif self.revision is not None:
            terms.append("revision = :revision")
            values[":revision"] = {"N": str(self.revision)}
        for number, (field, value) in enumerate((self.data or {}).items()):
            terms.append(f"#data.#f{number} = :v{number}")
            names |= {"#data": "data", f"#f{number}": field}
            values[f":v{number}"] = marshal(value)
        parameters: dict[str, Any] = {
            "Key": self.key.attributes(),
            "ConditionExpression": " AND ".join(terms),
        }
        if names:
            parameters["ExpressionAttributeNames"] = names
        if values:
            parameters["ExpressionAttributeValues"] = values
        return {"kind": "ConditionCheck", "parameters": parameters}
