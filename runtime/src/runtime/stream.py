"""Consumers of the service's own table's stream."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from runtime.changes import Key
from runtime.collaborators import Collaborators
from runtime.logs import follow
from runtime.table import Stored


class Change(NamedTuple):
    """One record of the stream.

    Attributes
    ----------
    key
        The item's primary key.
    old, new
        The item before and after; None where there is none. An item before that is not in the
        layout of `runtime.changes` counts as none.
    unreadable
        The record itself, if the item after is not in that layout: it is for the consumer to
        park, because raising would hold up everything behind it.
    """

    key: Key
    old: Stored | None = None
    new: Stored | None = None
    unreadable: dict[str, Any] | None = None


class Stream:
    """A declared stream consumer; calling it handles one batch as Lambda passes it.

    Attributes
    ----------
    batch_size
        At most so many records a batch.
    window_seconds
        How long the event source may wait to fill a batch.
    """

    def __init__(
        self,
        function: Callable[..., None],
        batch_size: int,
        window_seconds: int,
        collaborators: Mapping[str, Callable[[], Any]],
    ) -> None:
        self.function = function
        self.name = function.__name__
        self.batch_size = batch_size
        self.window_seconds = window_seconds
        self._collaborators = Collaborators(function, collaborators)

    def prepare(self) -> None:
        """Make the collaborators, which the first event would else wait for."""
        self._collaborators.built()

    def __call__(self, event: dict[str, Any], _context: object) -> None:
        """Handle a batch; an exception makes the event source retry all of it."""
        follow(None)
        self.function(changes_of(event), **self._collaborators.built())


def stream(
    function: Callable[..., None],
    *,
    batch_size: int = 100,
    window_seconds: int = 5,
    **collaborators: Callable[[], Any],
) -> Stream:
    """Declare a consumer of the service's table's stream.

    Parameters
    ----------
    function
        Takes the changes (``Sequence[Change]``), in the order of each item's writes, and its
        collaborators by name. Raises only if the whole batch is to be retried.
    batch_size, window_seconds
        Of the event source.
    **collaborators
        What else the function takes, each as a factory.
    """
    return Stream(function, batch_size, window_seconds, collaborators)


def changes_of(event: dict[str, Any]) -> Sequence[Change]:
    """Read a batch of stream records of items in the layout of `runtime.changes`."""
    return [_change(record["dynamodb"]) for record in event["Records"]]


def _change(record: dict[str, Any]) -> Change:
    keys = record["Keys"]
    key = Key(keys["pk"]["S"], keys["sk"]["S"])
    old, new = (_stored(record.get(image)) for image in ("OldImage", "NewImage"))
    unreadable = record if new is None and "NewImage" in record else None
    return Change(key, old, new, unreadable)


def _stored(image: dict[str, Any] | None) -> Stored | None:
    try:
        return None if image is None else Stored.of(image)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
