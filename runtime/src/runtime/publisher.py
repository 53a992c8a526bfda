"""Publishes the events that ride on changed items: the outbox's second half, one a service.

It never raises for one bad event: that one is parked in the service's failure queue with its
cause while the others go on. It raises only if the bus or the failure queue cannot be reached
at all, or lets us do nothing; then the stream keeps the batch and tries again.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from botocore.exceptions import ClientError

from contracts.limits import MAX_BODY_BYTES, MAX_ENTRY_BYTES, Entry, entry_size, require_shallow
from runtime.clients import client
from runtime.logs import logger
from runtime.metrics import count
from runtime.queue import attribute
from runtime.settings import settings
from runtime.stream import Change, stream

if TYPE_CHECKING:
    from types_boto3_events.client import EventBridgeClient
    from types_boto3_sqs.client import SQSClient

# PutEvents takes at most 10 entries (EventBridge API reference); the sum of their sizes is kept
# within one entry's limit, which every version of the service's quota allows.
MAX_ENTRIES = 10
ATTEMPTS = 6
MAX_WAIT_SECONDS = 1.6
_FIRST_WAIT_SECONDS = 0.1
# Refusals that no further attempt changes (PutEventsResultEntry, EventBridge API reference).
_FINAL = {
    "AccessDeniedException",
    "InvalidAccountIdException",
    "InvalidArgument",
    "MalformedDetail",
    "NotAuthorizedForDetailTypeException",
    "NotAuthorizedForSourceException",
    "RedactionFailure",
}
# Refusals of a whole request for what is in it, not for who asks or how often.
_CONTENT = {"ValidationException", "RequestEntityTooLargeException", "413"}
# A parked message and its attributes are within what a queue takes.
_MAX_PARKED_BYTES = MAX_BODY_BYTES - 4096
_EXCERPT = 64 * 1024


class Refusal(NamedTuple):
    """An entry that the bus did not take, and why."""

    entry: Entry
    code: str
    message: str


class Bus:
    """The event bus, and the queue for what it refuses.

    Parameters
    ----------
    events, sqs
        AWS clients.
    bus_name
        The bus to publish on.
    failure_queue_url
        Where a refused event is parked.
    sleep
        Waits so many seconds between attempts.
    """

    def __init__(
        self,
        events: "EventBridgeClient",
        sqs: Callable[[], "SQSClient"],
        bus_name: str,
        failure_queue_url: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._events: Any = events
        self._sqs = sqs
        self._bus_name = bus_name
        self._failure_queue_url = failure_queue_url
        self._sleep = sleep

    @classmethod
    def connect(cls) -> "Bus":
        """Return the bus that the settings name."""
        return cls(
            client("events"),
            lambda: client("sqs"),
            settings.bus_name,
            settings.failure_queue_url,
        )

    def send(self, entries: Sequence[Entry]) -> None:
        """Publish entries that fit one request; park those that the bus goes on to refuse.

        Parameters
        ----------
        entries
            At most `MAX_ENTRIES` outbox entries.
        """
        waiting = list(entries)
        attempt = 0
        while waiting:
            if attempt:
                ceiling = min(MAX_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
                self._sleep(random.uniform(0, ceiling))  # noqa: S311 - jitter, not a secret
            attempt += 1
            again: list[Entry] = []
            for entry, code, message in self._put(waiting):
                if code in _FINAL or attempt == ATTEMPTS:
                    self.park(entry, f"{code}: {message}")
                else:
                    again.append(entry)
            waiting = again

    def _put(self, entries: Sequence[Entry]) -> list[Refusal]:
        """Send one request; if the bus refuses it as a whole for an entry in it, find that one."""
        request = [
            {
                "EventBusName": self._bus_name,
                "Source": entry["source"],
                "DetailType": entry["detail-type"],
                "Detail": entry["detail"],
            }
            for entry in entries
        ]
        try:
            results = self._events.put_events(Entries=request)["Entries"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in _CONTENT:
                raise
            if len(entries) > 1:
                half = len(entries) // 2
                return [*self._put(entries[:half]), *self._put(entries[half:])]
            results = [{"ErrorCode": "InvalidArgument", "ErrorMessage": str(error)}]
        return [
            Refusal(entry, result["ErrorCode"], result.get("ErrorMessage", ""))
            for entry, result in zip(entries, results, strict=True)
            if result.get("ErrorCode")
        ]

    def park(self, entry: object, cause: str) -> None:
        """Put an event that cannot be published aside, for an engineer.

        Parameters
        ----------
        entry
            What was to be published, or what stood in its place. If it is over what a queue
            takes, its beginning is kept, which names it; the item in the table has all of it.
        cause
            Why it was not.
        """
        body = json.dumps(entry)
        if len(body) > _MAX_PARKED_BYTES:
            body = json.dumps({"bytes": len(body), "beginning": body[:_EXCERPT]})
        self._sqs().send_message(
            QueueUrl=self._failure_queue_url,
            MessageBody=body,
            MessageAttributes={"cause": attribute(cause)},
        )
        logger.error("event parked", cause=cause)
        count("EventsParked")


def publish(changes: Sequence[Change], bus: Bus) -> None:
    """Publish the events that each change brought."""
    fresh: list[Entry] = []
    for change in changes:
        if change.unreadable is not None:
            bus.park(change.unreadable, "the item is not in the table's layout")
        for entry in _brought(change):
            problem = _problem(entry)
            if problem:
                bus.park(entry, problem)
            else:
                fresh.append(entry)
    for batch in _batches(fresh):
        bus.send(batch)
    if fresh:
        logger.debug("published", events=len(fresh))


def _brought(change: Change) -> Iterator[Any]:
    """Yield the events that the new image has and the old one has not."""
    if change.new is None:
        return
    known = change.old.events if change.old else []
    yield from (event for event in change.new.events if event not in known)


def _problem(entry: Any) -> str | None:
    """Say why an outbox entry cannot be published, before the bus is asked."""
    fields = ("source", "detail-type", "detail")
    if not isinstance(entry, dict) or not all(isinstance(entry.get(f), str) for f in fields):
        return "not an outbox entry"
    if not all(entry[field] for field in fields):
        return "not an outbox entry: a field is empty"
    try:
        require_shallow(entry["detail"])
        if not isinstance(json.loads(entry["detail"]), dict):
            return "the detail is not a JSON object"
        size = entry_size(cast("Entry", entry))
    except ValueError:
        return "the detail is not JSON"
    return f"{size} bytes: too large" if size > MAX_ENTRY_BYTES else None


def _batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Cut entries into requests, bounded by count and by bytes."""
    batch: list[Entry] = []
    room = MAX_ENTRY_BYTES
    for entry in entries:
        size = entry_size(entry)
        if batch and (len(batch) == MAX_ENTRIES or size > room):
            yield batch
            batch, room = [], MAX_ENTRY_BYTES
        batch.append(entry)
        room -= size
    if batch:
        yield batch


handler = stream(publish, window_seconds=0, bus=Bus.connect)
