"""Writes documents into the index, which the first write makes, and into its standby."""

import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException, TransportError

from runtime.logs import logger
from search_sync.engine.client import ALIAS, INDEX, NOT_THERE, TIMEOUT, connected, reason
from search_sync.engine.indexes import STANDBY, Indexes
from search_sync.index import Failure, Write

# A bulk's size that the engine's guide recommends, and below every domain's 10 MiB limit.
MAX_BULK_BYTES = 5_000_000

MEMORY_SECONDS = 5.0
"""How long a process may take an index's being there, or not, for granted."""

_ENGINE_TIMEOUT = "2s"  # how long the engine may wait for a shard that is not ready
# An overloaded engine is asked again so often in all, with bulks of half the size each time; the
# pauses, at most 1.75 s together, are short beside a function's time.
_ATTEMPTS = 4
_PAUSE_SECONDS = 0.25

_VERSION_CONFLICT = 409
_BUSY = 429
_ERRORS_OF_LATER = {403, _BUSY}  # a blocked index, an overloaded engine


class _Outcome(NamedTuple):
    """What became of a bulk: what failed, what the engine was too busy for, what has no index."""

    failures: list[Failure]
    busy: list[Failure]
    homeless: list[Write]


class OpenSearchWriter:
    """Writes the documents of all tenants into one index, and into its standby if there is one.

    Parameters
    ----------
    client
        A client of the engine.
    max_bytes
        At most so large is the body of one bulk.
    into
        `ALIAS`, or `STANDBY` to write that alone.
    again
        Whether a document is also replaced by one of the same version.
    pause
        Waits some seconds.
    """

    def __init__(
        self,
        client: OpenSearch,
        max_bytes: int = MAX_BULK_BYTES,
        *,
        into: str = ALIAS,
        again: bool = False,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client: Any = client
        self._indexes = Indexes(client)
        self._max_bytes = max_bytes
        self._into = into
        self._version_type = "external_gte" if again else "external"
        self._pause = pause
        self._asked_at: float | None = None
        self._there = self._doubled = False

    @classmethod
    def connect(cls) -> "OpenSearchWriter":
        """Return one for the engine that the function's environment names."""
        return cls(connected())

    def write(self, writes: Sequence[Write]) -> list[Failure]:
        """Apply the writes and return those that failed; an older version is no failure."""
        failures: list[Failure] = []
        waiting, room, attempt = list(writes), self._max_bytes, 1
        while waiting:
            bulk, rest, size = self._cut(waiting, room)
            try:
                failed, busy = self._bulk(bulk)
            except OpenSearchException as error:
                said = reason(error)
                logger.warning("bulk failed", reason=said)
                if not (isinstance(error, TransportError) and error.status_code == _BUSY):
                    # The engine would only keep the rest waiting too.
                    return failures + [Failure(write, said, False) for write in waiting]
                failed, busy = [], [Failure(write, said, False) for write in bulk]
            failures += failed
            waiting = rest
            if busy:
                if attempt == _ATTEMPTS:
                    said = busy[0].reason
                    return failures + busy + [Failure(write, said, False) for write in rest]
                self._pause(random.uniform(0.5, 1) * _PAUSE_SECONDS * 2 ** (attempt - 1))  # noqa: S311 - jitter, not a secret
                attempt += 1
                room = size // 2
                waiting = [failure.write for failure in busy] + rest
        return failures

    def _cut(self, writes: list[Write], room: int) -> tuple[list[Write], list[Write], int]:
        """Return the writes that one bulk takes, at least one, the rest, and the bulk's bytes."""
        size = 0
        for number, write in enumerate(writes):
            more = len(self._lines(write).encode())
            if number and size + more > room:
                return writes[:number], writes[number:], size
            size += more
        return writes, [], size

    def _bulk(self, writes: list[Write]) -> tuple[list[Failure], list[Failure]]:
        """Send one bulk; return what failed, and what the engine was too busy for."""
        if self._into != ALIAS:
            alone = self._send(writes)
            lost = [Failure(write, NOT_THERE, False) for write in alone.homeless]
            return alone.failures + lost, alone.busy
        # A deletion that brings its own version makes an index, by the alias's name, if there is
        # none: `require_alias` does not keep it from that.
        self._look(anew=any(write.document is None for write in writes))
        if not self._there:
            self._create()
        failures, busy, homeless = self._send(writes)
        if homeless:
            self._create()
            again = self._send(homeless)
            failures += again.failures
            failures += [Failure(write, NOT_THERE, False) for write in again.homeless]
            busy += again.busy
        return failures, busy

    def _look(self, *, anew: bool) -> None:
        """Ask which indexes there are, unless that is known."""
        now = time.time()
        known = self._asked_at is not None and 0 <= now - self._asked_at < MEMORY_SECONDS
        if known and not anew:
            return
        searched, standby = self._indexes.standing()
        self._there, self._doubled = searched is not None, standby is not None
        self._asked_at = now

    def _send(self, writes: list[Write]) -> _Outcome:
        answer = self._client.bulk(
            index=self._into,
            body="".join(map(self._lines, writes)),
            params={
                # Without it a write would make an index by the alias's name, without a mapping.
                "require_alias": "true",
                "timeout": _ENGINE_TIMEOUT,
                "request_timeout": TIMEOUT,
                "filter_path": "items.*.status,items.*.error",
            },
        )
        results = [result for item in answer["items"] for result in item.values()]
        copies = 2 if self._doubled else 1
        outcome = _Outcome([], [], [])
        for write, *told in zip(writes, *(results[n::copies] for n in range(copies)), strict=True):
            error = _error(told[0])
            if error is None:
                self._sort_standby(write, told[1:], outcome)
            elif error["type"] == NOT_THERE:
                outcome.homeless.append(write)
            else:
                status = told[0]["status"]
                failure = Failure(write, _said(error), _permanent(status))
                (outcome.busy if status == _BUSY else outcome.failures).append(failure)
        return outcome

    def _sort_standby(self, write: Write, told: list[dict[str, Any]], outcome: _Outcome) -> None:
        """Take what became of a write in the standby, if there is one."""
        for result in told:
            error = _error(result)
            if error is None:
                continue
            if _permanent(result["status"]):
                # It is none any more, or has another mapping: what is searched comes first.
                self._asked_at = None
                logger.warning("standby refused a document", reason=_said(error))
                continue
            failure = Failure(write, f"standby: {_said(error)}", False)
            (outcome.busy if result["status"] == _BUSY else outcome.failures).append(failure)

    def _create(self) -> None:
        """Make the index and its alias, unless another function is faster."""
        self._indexes.create()
        self._asked_at = None
        logger.info("index created", index=INDEX)

    def _lines(self, write: Write) -> str:
        """Return a write as a bulk's lines: once for each index."""
        action = "delete" if write.document is None else "index"
        head = {
            "_id": write.id,
            "routing": write.tenant,
            "version": write.version,
            "version_type": self._version_type,
        }
        tail = []
        if write.document is not None:
            tail = [json.dumps(write.document, ensure_ascii=False)]
        lines = [json.dumps({action: head}), *tail]
        if self._doubled:
            lines += [json.dumps({action: {"_index": STANDBY, **head}}), *tail]
        return "\n".join([*lines, ""])


def _error(result: dict[str, Any]) -> dict[str, Any] | None:
    error: dict[str, Any] | None = result.get("error")
    return None if result["status"] == _VERSION_CONFLICT else error


def _permanent(status: int) -> bool:
    return 400 <= status < 500 and status not in _ERRORS_OF_LATER  # noqa: PLR2004 - HTTP's client errors


def _said(error: dict[str, Any]) -> str:
    """Return an item's error without the value that it was about: it may be personal."""
    reason = str(error.get("reason", "")).partition(". Preview of field's value")[0]
    return f"{error['type']}: {reason}"
