"""OpenSearch, spoken to by its own client; what searches and feeds connects here, a reaction never.

Who only reads a declaration, as the deployment does, need not import that client.
"""

from search_sync.index import IndexWriter, Searcher


def connect_writer() -> IndexWriter:
    """Return what writes into the engine that the function's environment names."""
    from search_sync.engine.writer import OpenSearchWriter  # noqa: PLC0415 - see above

    return OpenSearchWriter.connect()


def connect_searcher() -> Searcher:
    """Return what asks the engine that the function's environment names."""
    from search_sync.engine.searcher import OpenSearchSearcher  # noqa: PLC0415 - see above

    return OpenSearchSearcher.connect()
