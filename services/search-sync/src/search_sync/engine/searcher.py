"""Asks the index."""

from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException, RequestError

from search_sync.domain.query import Search, query
from search_sync.engine.client import ALIAS, NOT_THERE, connected, reason
from search_sync.index import Found, Unavailable


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
            if error.error != NOT_THERE:
                raise Unavailable(reason(error)) from error
            return Found([], None)  # nothing was ever written
        except RequestError:
            raise  # the query is wrong: that is no outage
        except OpenSearchException as error:
            raise Unavailable(reason(error)) from error
        hits = answer["hits"]["hits"]
        shown = hits[: search.size]
        last = shown[-1]["sort"] if len(hits) > search.size else None
        return Found([hit["_source"] for hit in shown], last)
