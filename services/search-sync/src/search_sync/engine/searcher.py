"""Asks the index."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import NotFoundError, OpenSearchException, RequestError

from runtime.logs import logger
from search_sync.domain.documents import Document
from search_sync.domain.highlights import highlights
from search_sync.domain.matching import may_be_mistyped
from search_sync.domain.query import Question, Search, Typed, completion, query
from search_sync.engine.client import (
    ALIAS,
    NOT_THERE,
    SEARCH_SECONDS,
    SEARCH_TIMEOUT,
    answered,
    connected,
    reason,
)
from search_sync.index import Found, Unavailable

T = TypeVar("T")

KEEP_ALIVE = "1m"
"""How long the engine keeps the state of a listing for its next page."""

# What nobody waits for any more, the engine need not finish.
_GIVE_UP = {"cancel_after_time_interval": f"{int(SEARCH_SECONDS * 1000)}ms"}


class OpenSearchSearcher:
    """Finds documents of one tenant in the index of all.

    Parameters
    ----------
    client
        A client of the engine.
    """

    def __init__(self, client: OpenSearch) -> None:
        self._client: Any = client

    @classmethod
    def connect(cls) -> "OpenSearchSearcher":
        """Return one for the engine that the function's environment names."""
        return cls(connected())

    def search(self, search: Search) -> Found:
        """Return the documents that match.

        Near misses are looked for only if nothing else matches, and then on all pages.

        Pages of one listing show one state of the index, a point in time, for as long as the
        engine keeps it. After that, or if it has no room for one more, they go on in the index as
        it is: from the same place, but scores may have changed. So does a listing of one page,
        whose point in time is let go at once.

        Raises
        ------
        Unavailable
            The engine does not answer in time, or is overloaded.
        """
        found = _in_time(lambda: self._search(search))
        return Found([]) if found is None else found

    def suggest(self, typed: Typed) -> list[Document]:
        """Return documents with words that begin as what was typed, the best first.

        Raises
        ------
        Unavailable
            The engine does not answer in time, or is overloaded.
        """
        answer = _in_time(lambda: self._ask(completion(typed), typed.tenant))
        return [] if answer is None else [hit["_source"] for hit in answer["hits"]["hits"]]

    def _search(self, search: Search) -> Found:
        _, given, tolerant = search.after or (None, None, False)
        frozen = given
        if frozen is None and search.ranked:
            # Before the first page: scores that change meanwhile would move documents across
            # the pages' borders. Dates, amounts and ids do not change.
            frozen = self._freeze(search.tenant)
        question = query(search, tolerant=tolerant)
        try:
            answer = self._ask(question, search.tenant, frozen)
        except (NotFoundError, RequestError):
            if given is None:
                raise
            # It has expired, its index is gone, or it is another engine's that was here before.
            frozen = self._freeze(search.tenant)
            answer = self._ask(question, search.tenant, frozen)
        if not answer["hits"]["hits"] and search.after is None and may_be_mistyped(search.text):
            tolerant = True
            answer = self._ask(query(search, tolerant=True), search.tenant, frozen)
        hits = answer["hits"]["hits"]
        shown = hits[: search.size]
        more = len(hits) > search.size
        if more:
            frozen = frozen or self._freeze(search.tenant)
        elif frozen is not None and frozen != given:
            # Nobody knows of it. One that was given is left to expire: others may go on in it.
            self._let_go(frozen)
            frozen = None
        return Found(
            [hit["_source"] for hit in shown],
            [(hit["sort"], frozen, tolerant) for hit in shown],
            more,
            [highlights(hit.get("highlight", {})) for hit in shown],
            _facets(answer.get("aggregations", {})),
        )

    def _ask(self, question: Question, tenant: str, frozen: str | None = None) -> dict[str, Any]:
        """Ask the index as it is, or as it was when it was frozen."""
        params: dict[str, Any] = {
            **_GIVE_UP,
            "allow_partial_search_results": "false",
            "request_timeout": SEARCH_TIMEOUT,
        }
        answer: dict[str, Any]
        if frozen is None:
            answer = self._client.search(
                index=ALIAS, body=dict(question), params=params | _place(tenant)
            )
        else:
            point = {"pit": {"id": frozen, "keep_alive": KEEP_ALIVE}}
            answer = self._client.search(body=dict(question) | point, params=params)
        return answer

    def _freeze(self, tenant: str) -> str | None:
        """Return the id of the tenant's documents as they are now; None if there is no room."""
        params = {"keep_alive": KEEP_ALIVE, "request_timeout": SEARCH_TIMEOUT, **_place(tenant)}
        try:
            return str(self._client.create_pit(index=ALIAS, params=params)["pit_id"])
        except (NotFoundError, NoConnection):
            raise
        except OpenSearchException as error:
            # The engine's limit (300 a node by default), or its refusal: pages are less sure.
            logger.warning("no point in time", reason=reason(error))
            return None

    def _let_go(self, frozen: str) -> None:
        params = {"request_timeout": SEARCH_TIMEOUT}
        try:
            self._client.delete_pit(body={"pit_id": [frozen]}, params=params)
        except OpenSearchException as error:
            logger.warning("a point in time is left to expire", reason=reason(error))


def _place(tenant: str) -> dict[str, str]:
    """Return the parameters that lead to the tenant's shard.

    The same copy of it for all pages: scores differ a little between copies.
    """
    return {"routing": tenant, "preference": tenant}


def _in_time(ask: Callable[[], T]) -> T | None:
    """Return what the engine answers; None before anything was ever written.

    Raises
    ------
    Unavailable
        It does not in time, or is overloaded.
    """
    try:
        return answered(ask)
    except RequestError:
        raise  # the query is wrong: that is no outage
    except OpenSearchException as error:
        if isinstance(error, NotFoundError) and error.error == NOT_THERE:
            return None
        raise Unavailable(reason(error)) from error


def _facets(counted: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    return {name: _counts(one["buckets"]) for name, one in counted.items()}


def _counts(buckets: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {bucket.get("key_as_string", bucket["key"]): bucket["doc_count"] for bucket in buckets}
