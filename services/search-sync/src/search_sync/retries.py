"""The retry queue: rows whose documents the index did not take, to be indexed later."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from runtime.changes import Key
from runtime.clients import client
from runtime.queue import Hopeless
from runtime.settings import URL, read

if TYPE_CHECKING:
    from types_boto3_sqs.client import SQSClient

# SendMessageBatch takes at most 10 messages (SQS API reference).
_BATCH = 10


class Retry(NamedTuple):
    """A row whose document is to be written again.

    Attributes
    ----------
    key
        The row's. Its content is read when its turn comes: by then it may be newer.
    version
        The version of the write that failed: it is the deletion's, if the row is gone.
    """

    key: Key
    version: int

    def message(self) -> str:
        """Return the retry as a message's body."""
        return json.dumps({"pk": self.key.pk, "sk": self.key.sk, "version": self.version})

    @classmethod
    def of(cls, message: Any) -> "Retry":
        """Read a message.

        Raises
        ------
        Hopeless
            It is none that `message` makes.
        """
        match message:
            case {"pk": str(pk), "sk": str(sk), "version": int(version)} if version > 0:
                return cls(Key(pk, sk), version)
            case _:
                raise Hopeless("not a row to index: pk, sk and version are needed")


class RetryQueue:
    """The queue.

    Parameters
    ----------
    sqs
        An SQS client.
    url
        The queue's URL.
    """

    def __init__(self, sqs: "SQSClient", url: str) -> None:
        self._sqs: Any = sqs
        self._url = url

    @classmethod
    def connect(cls) -> "RetryQueue":
        """Return the queue that the function's environment names."""
        return cls(client("sqs"), read("RETRY_QUEUE_URL", URL))

    def send(self, retries: Sequence[Retry]) -> None:
        """Queue retries.

        Raises
        ------
        OSError
            The queue did not take all of them.
        """
        for start in range(0, len(retries), _BATCH):
            answer = self._sqs.send_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "MessageBody": retry.message()}
                    for number, retry in enumerate(retries[start : start + _BATCH])
                ],
            )
            if refused := answer.get("Failed"):
                raise OSError(f"the retry queue refused {len(refused)}: {refused[0]['Code']}")
