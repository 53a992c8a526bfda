"""Writes documents into the index, which the first write makes."""

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException, RequestError

from runtime.logs import logger
from search_sync.engine.client import ALIAS, INDEX, NOT_THERE, TIMEOUT, connected, reason
from search_sync.index import Failure, Write

# A bulk's size that the engine's guide recommends, and below every domain's 10 MiB limit.
MAX_BULK_BYTES = 5_000_000
_ENGINE_TIMEOUT = "2s"  # how long the engine may wait for a shard that is not ready

_VERSION_CONFLICT = 409
_ERRORS_OF_LATER = {403, 429}  # a blocked index, an overloaded engine


class OpenSearchWriter:
    """Writes the documents of all tenants into one index.

    Parameters
    ----------
    client
        A client of the engine.
    max_bytes
        At most so large is the body of one bulk.
    """

    def __init__(self, client: OpenSearch, max_bytes: int = MAX_BULK_BYTES) -> None:
        self._client: Any = client
        self._max_bytes = max_bytes

    @classmethod
    def connect(cls) -> "OpenSearchWriter":
        """Return one for the engine that the function's environment names."""
        return cls(connected())

    def write(self, writes: Sequence[Write]) -> list[Failure]:
        """Apply the writes and return those that failed; an older version is no failure."""
        failures: list[Failure] = []
        bulks = list(self._bulks(writes))
        for number, bulk in enumerate(bulks):
            try:
                failures += self._bulk(bulk)
            except OpenSearchException as error:
                logger.warning("bulk failed", reason=reason(error))
                # The engine would only keep the rest waiting too.
                rest = [write for later in bulks[number:] for write in later]
                return failures + [Failure(write, reason(error), False) for write in rest]
        return failures

    def _bulks(self, writes: Sequence[Write]) -> Iterator[list[Write]]:
        """Cut writes into bulks, bounded by bytes."""
        bulk: list[Write] = []
        room = self._max_bytes
        for write in writes:
            size = len(_lines(write).encode())
            if bulk and size > room:
                yield bulk
                bulk, room = [], self._max_bytes
            bulk.append(write)
            room -= size
        if bulk:
            yield bulk

    def _bulk(self, writes: list[Write]) -> list[Failure]:
        takes_out = any(write.document is None for write in writes)
        # A deletion that brings its own version makes an index, by the alias's name, if there is
        # none: `require_alias` does not keep it from that.
        if takes_out and not self._client.indices.exists_alias(name=ALIAS):
            self._create()
        failures, homeless = self._send(writes)
        if homeless:
            self._create()
            again, homeless = self._send(homeless)
            failures += again
            failures += [Failure(write, NOT_THERE, False) for write in homeless]
        return failures

    def _send(self, writes: list[Write]) -> tuple[list[Failure], list[Write]]:
        """Send one bulk; return what failed, and what failed because there is no index."""
        answer = self._client.bulk(
            index=ALIAS,
            body="".join(_lines(write) for write in writes),
            params={
                # Without it a write would make an index by the alias's name, without a mapping.
                "require_alias": "true",
                "timeout": _ENGINE_TIMEOUT,
                "request_timeout": TIMEOUT,
                "filter_path": "items.*.status,items.*.error",
            },
        )
        failures: list[Failure] = []
        homeless: list[Write] = []
        for write, item in zip(writes, answer["items"], strict=True):
            (result,) = item.values()
            error = result.get("error")
            if error is None or result["status"] == _VERSION_CONFLICT:
                continue
            if error["type"] == NOT_THERE:
                homeless.append(write)
            else:
                failures.append(Failure(write, _said(error), _permanent(result["status"])))
        return failures, homeless

    def _create(self) -> None:
        """Make the index and its alias, unless another function is faster."""
        definition = files("search_sync.indexes").joinpath(f"{INDEX}.json").read_text("utf-8")
        try:
            self._client.indices.create(index=INDEX, body=json.loads(definition))
        except RequestError as error:
            if error.error != "resource_already_exists_exception":
                raise
        logger.info("index created", index=INDEX)


def _lines(write: Write) -> str:
    action = "delete" if write.document is None else "index"
    head = {
        "_id": write.id,
        "routing": write.tenant,
        "version": write.version,
        "version_type": "external",
    }
    lines = [json.dumps({action: head})]
    if write.document is not None:
        lines.append(json.dumps(write.document, ensure_ascii=False))
    return "\n".join([*lines, ""])


def _permanent(status: int) -> bool:
    return 400 <= status < 500 and status not in _ERRORS_OF_LATER  # noqa: PLR2004 - HTTP's client errors


def _said(error: dict[str, Any]) -> str:
    """Return an item's error without the value that it was about: it may be personal."""
    reason = str(error.get("reason", "")).partition(". Preview of field's value")[0]
    return f"{error['type']}: {reason}"
