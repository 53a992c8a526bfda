"""OpenSearch, spoken to by its own client; imported by what searches and feeds, never by reactions.

Waiting is short: who feeds has a retry queue, and who searches has a person waiting.
"""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import botocore.session
from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth
from opensearchpy.exceptions import NotFoundError, OpenSearchException, RequestError
from urllib3 import Timeout

from runtime.logs import logger
from runtime.settings import URL, read
from search_sync.domain.query import Search, query
from search_sync.index import Failure, Found, Unavailable, Write

ALIAS = "starling-documents"
"""What is searched and written; it names one index, whose content the file of its name says."""

INDEX = "starling-documents-v2"

# A bulk's size that the engine's guide recommends, and below every domain's 10 MiB limit.
MAX_BULK_BYTES = 5_000_000
_TIMEOUT = Timeout(connect=1.0, read=4.0)
_ENGINE_TIMEOUT = "2s"  # how long the engine may wait for a shard that is not ready

_NOT_THERE = "index_not_found_exception"
_VERSION_CONFLICT = 409
_ERRORS_OF_LATER = {403, 429}  # a blocked index, an overloaded engine


class OpenSearchIndex:
    """The documents of all tenants in one index.

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
    def connect(cls) -> "OpenSearchIndex":
        """Return the index on the engine that the function's environment names."""
        return _connected()

    def write(self, writes: Sequence[Write]) -> list[Failure]:
        """Apply the writes and return those that failed; an older version is no failure."""
        failures: list[Failure] = []
        bulks = list(self._bulks(writes))
        for number, bulk in enumerate(bulks):
            try:
                failures += self._bulk(bulk)
            except OpenSearchException as error:
                logger.warning("bulk failed", reason=_reason(error))
                # The engine would only keep the rest waiting too.
                rest = [write for later in bulks[number:] for write in later]
                return failures + [Failure(write, _reason(error), False) for write in rest]
        return failures

    def search(self, search: Search) -> Found:
        """Return the documents that match.

        Raises
        ------
        Unavailable
            The engine does not answer, or is overloaded.
        """
        try:
            answer = self._client.search(
                index=ALIAS,
                body=query(search),
                params={
                    "routing": search.tenant,
                    # The same copy for all pages: scores differ a little between copies.
                    "preference": search.tenant,
                    "allow_partial_search_results": "false",
                },
            )
        except NotFoundError as error:
            if error.error != _NOT_THERE:
                raise Unavailable(_reason(error)) from error
            return Found([], None)  # nothing was ever written
        except RequestError:
            raise  # the query is wrong: that is no outage
        except OpenSearchException as error:
            raise Unavailable(_reason(error)) from error
        hits = answer["hits"]["hits"]
        shown = hits[: search.size]
        last = shown[-1]["sort"] if len(hits) > search.size else None
        return Found([hit["_source"] for hit in shown], last)

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
            failures += [Failure(write, _NOT_THERE, False) for write in homeless]
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
                "request_timeout": _TIMEOUT,
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
            if error["type"] == _NOT_THERE:
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


@cache
def _connected() -> OpenSearchIndex:
    endpoint = read("SEARCH_ENDPOINT", URL)
    return OpenSearchIndex(
        OpenSearch(
            hosts=[endpoint],
            http_auth=_signer() if endpoint.startswith("https:") else None,
            timeout=_TIMEOUT,
            max_retries=0,
        )
    )


def _signer() -> Urllib3AWSV4SignerAuth:
    """Return what signs requests with the function's role, as a domain on AWS asks."""
    session = botocore.session.Session()
    return Urllib3AWSV4SignerAuth(
        session.get_credentials(), session.get_config_variable("region"), "es"
    )


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


def _reason(error: OpenSearchException) -> str:
    """Return what went wrong with a whole request, without its body."""
    status = getattr(error, "status_code", "")
    return f"{type(error).__name__} {status}".strip()
