"""The table's changes become the index's documents, in bulk.

The stream is never held up: what the index does not take is handed to the retry queue, whatever
the cause, and `search_sync.workers.retry_index` tries again, or sets it aside with the reason.
"""

from collections.abc import Sequence

from runtime.logs import logger
from runtime.metrics import count
from runtime.stream import Change, stream
from search_sync.engine import connect_writer
from search_sync.index import IndexWriter, Write
from search_sync.retries import Retry, RetryQueue
from search_sync.store import Unreadable, write_for


def feed_index(changes: Sequence[Change], index: IndexWriter, retries: RetryQueue) -> None:
    """Write the documents of the changed rows.

    Raises only if the retry queue cannot be reached either: then the stream keeps the batch.
    """
    # Of several changes of a row the last one stands for all.
    latest = {change.key: change for change in changes}
    writes: list[Write] = []
    retry_of: dict[str, Retry] = {}
    failed: list[Retry] = []
    for change in latest.values():
        retry = Retry(change.key, _version(change))
        try:
            if change.unreadable is not None:
                raise Unreadable  # noqa: TRY301 - one path for what cannot be read
            write = write_for(change.key, change.new, retry.version)
        except Unreadable:
            failed.append(retry)
            continue
        writes.append(write)
        retry_of[write.id] = retry
    failures = index.write(writes)
    failed += [retry_of[failure.write.id] for failure in failures]
    if failed:
        retries.send(failed)
        reason = failures[0].reason if failures else "unreadable"
        logger.warning("documents deferred", documents=len(failed), first_reason=reason)
        count("DocumentsDeferred", len(failed))
    count("DocumentsFed", len(latest) - len(failed))


def _version(change: Change) -> int:
    if change.new is not None:
        return change.new.revision
    # A row that is gone: its deletion is newer than all that it was.
    return change.old.revision + 1 if change.old else 1


handler = stream(
    feed_index,
    batch_size=100,
    window_seconds=5,
    index=connect_writer,
    retries=RetryQueue.connect,
)
