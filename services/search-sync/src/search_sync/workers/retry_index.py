"""A document that the index did not take is written again, from its row as it is now."""

from typing import Any

from runtime.queue import Hopeless
from runtime.worker import worker
from search_sync.engine import connect_writer
from search_sync.index import IndexWriter, Unavailable
from search_sync.retries import Retry
from search_sync.store import Projection, Unreadable, write_for


def retry_index(message: Any, index: IndexWriter, projection: Projection) -> None:
    """Write the document of the row that the message names.

    Raises
    ------
    Hopeless
        It can never be written: the message is set aside with the reason.
    Unavailable
        The engine is still down: the queue brings the message again, later.
    """
    retry = Retry.of(message)
    try:
        row = projection.current(retry.key)
        write = write_for(retry.key, row, row.revision if row else retry.version)
    except Unreadable as error:
        raise Hopeless(str(error)) from error
    for failure in index.write([write]):
        if failure.permanent:
            raise Hopeless(failure.reason)
        raise Unavailable(failure.reason)


handler = worker(retry_index, index=connect_writer, projection=Projection.connect)
