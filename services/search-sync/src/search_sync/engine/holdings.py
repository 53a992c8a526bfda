"""Reads what an index holds, document by document, with their versions."""

from collections.abc import Iterator, Sequence
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError

from search_sync.domain.differences import Held, Place
from search_sync.engine.client import NOT_THERE

PAGE = 200  # documents that are answered at once: on AWS a function passes the answer on
_KEPT = "2m"  # how long the engine keeps its place between two pages


class Holdings:
    """What one index holds.

    Parameters
    ----------
    client
        A client of the engine.
    index
        Its name, or an alias.
    """

    def __init__(self, client: OpenSearch, index: str) -> None:
        self._client: Any = client
        self._index = index

    def every(self, tenant: str | None = None) -> Iterator[Held]:
        """Yield all documents of a tenant, or of all, as they were when this began.

        Parameters
        ----------
        tenant
            Who is named in the documents, wherever they lie.
        """
        query = {"term": {"tenant": tenant}} if tenant else {"match_all": {}}
        try:
            page = self._client.search(
                index=self._index,
                body={"query": query, "sort": ["_doc"], "size": PAGE, "version": True},
                params={"scroll": _KEPT, "allow_partial_search_results": "false"},
            )
        except NotFoundError as error:
            if error.error != NOT_THERE:
                raise
            return  # it holds nothing: it was never made, or is lost
        try:
            while page["hits"]["hits"]:
                yield from map(_held, page["hits"]["hits"])
                page = self._client.scroll(body={"scroll_id": page["_scroll_id"], "scroll": _KEPT})
        finally:
            self._client.clear_scroll(
                body={"scroll_id": [page["_scroll_id"]]}, params={"ignore": 404}
            )

    def now(self, places: Sequence[Place]) -> dict[Place, Held]:
        """Return documents as they are now, whether they can be found yet or not."""
        found: dict[Place, Held] = {}
        for start in range(0, len(places), PAGE):
            asked = [
                {"_id": place.id, "routing": place.routing}
                for place in places[start : start + PAGE]
            ]
            answer = self._client.mget(index=self._index, body={"docs": asked})
            for document in answer["docs"]:
                if document.get("found"):
                    held = _held(document)
                    found[held.place] = held
        return found


def _held(hit: dict[str, Any]) -> Held:
    return Held(Place(hit["_id"], hit["_routing"]), hit["_version"], hit["_source"])
