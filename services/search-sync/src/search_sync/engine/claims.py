"""Who changes the indexes' places: one process at a time, and how far it has come.

A document of an index of its own says so, beside the indexes that it tells of: whoever goes on
after a crash finds it, and an engine that has lost its data has lost it too. Each change names the
one before, so that a process whose claim was taken over finds out at its next step.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConflictError, NotFoundError, RequestError

from runtime.ids import new_ulid
from search_sync.engine.client import ALIAS

CLAIMS: Final = f"{ALIAS}-rebuild"
ABANDONED_SECONDS = 60.0
"""After so long without a sign of life, a claim may be taken over; it gives one every 2 s."""

_ID = "claim"
_MADE_OF = {
    "settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1", "hidden": True}},
    "mappings": {"dynamic": False},
}


class Claimed(Exception):
    """Another process is at it; `seconds` ago it gave its last sign of life."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"another process is at it: its last sign of life is {seconds:.0f} s old")
        self.seconds = seconds


class TakenOver(Exception):
    """Another process has taken the claim over, or the engine has lost it."""


@dataclass
class Progress:
    """How far the filling of an index has come.

    Attributes
    ----------
    index
        The index, or None if none is being filled.
    done
        For each segment of the table the key after which to go on; `[]` before its first part,
        and None at its end.
    rows, documents
        How many rows were read, and how many documents they make.
    """

    index: str | None = None
    done: list[list[str] | None] = field(default_factory=list)
    rows: int = 0
    documents: int = 0


class Claims:
    """The claim, as one process sees it.

    Parameters
    ----------
    client
        A client of the engine.
    clock
        Tells the time in seconds since the epoch.
    """

    def __init__(self, client: OpenSearch, clock: Callable[[], float] = time.time) -> None:
        self._client: Any = client
        self._clock = clock
        self._owner = new_ulid()
        self._at: dict[str, int] = {}

    def seen(self) -> tuple[Progress, bool] | None:
        """Return how far whoever has the claim has come, and whether they live; None if nobody."""
        found = self._read()
        if found is None:
            return None
        source = found["_source"]
        return Progress(**source["progress"]), self._age(source) < ABANDONED_SECONDS

    def take(self) -> Progress:
        """Claim, and return how far a process came that did not come to its end.

        Raises
        ------
        Claimed
            Another process is at it.
        """
        found = self._read()
        if found is None:
            self._make_index()
            progress = Progress()
            self._write(progress, {"op_type": "create"}, refused=Claimed(0))
            return progress
        age = self._age(found["_source"])
        if age < ABANDONED_SECONDS:
            raise Claimed(age)
        progress = Progress(**found["_source"]["progress"])
        self._at = _position(found)
        self._write(progress, self._at, refused=Claimed(0))
        return progress

    def save(self, progress: Progress) -> None:
        """Keep how far it has come: a sign of life.

        Raises
        ------
        TakenOver
            The claim is another's by now.
        """
        self._write(progress, self._at, refused=TakenOver())

    def leave(self, progress: Progress) -> None:
        """Let the claim go, for whoever wants to go on from there."""
        self._write(progress, self._at, refused=TakenOver(), beat=0)

    def release(self) -> None:
        """End the claim: there is nothing to go on with."""
        try:
            self._client.delete(index=CLAIMS, id=_ID, params=self._at)
        except (ConflictError, NotFoundError) as error:
            raise TakenOver from error

    def _read(self) -> dict[str, Any] | None:
        found = self._client.get(index=CLAIMS, id=_ID, params={"ignore": 404})
        return found if found.get("found") else None

    def _age(self, source: dict[str, Any]) -> float:
        # A clock that is ahead of this one is no reason to wait for ever.
        return abs(self._clock() - float(source["beat"]))

    def _make_index(self) -> None:
        if self._client.indices.exists(index=CLAIMS):
            return
        try:
            self._client.indices.create(index=CLAIMS, body=_MADE_OF)
        except RequestError as error:
            if error.error != "resource_already_exists_exception":
                raise

    def _write(
        self,
        progress: Progress,
        params: dict[str, Any],
        *,
        refused: Exception,
        beat: float | None = None,
    ) -> None:
        body = {
            "owner": self._owner,
            "beat": self._clock() if beat is None else beat,
            "progress": asdict(progress),
        }
        try:
            answer = self._client.index(index=CLAIMS, id=_ID, body=body, params=params)
        except ConflictError as error:
            raise refused from error
        self._at = _position(answer)


def _position(answer: dict[str, Any]) -> dict[str, int]:
    return {"if_seq_no": answer["_seq_no"], "if_primary_term": answer["_primary_term"]}
