"""What an operator does with a stage's search index: the service's code on its engine and table.

Only commands import it, where they need it: a platform may be without search.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from infra import aws
from infra.engine_access import engine
from infra.errors import StarlingError
from infra.projection import TableRows
from infra.stages import Stage
from runtime.logs import logger
from search_sync.engine.claims import Claimed, Claims, TakenOver
from search_sync.engine.client import ALIAS, INDEX, reason
from search_sync.engine.holdings import Holdings
from search_sync.engine.indexes import STANDBY, Indexes, version_of
from search_sync.engine.writer import OpenSearchWriter
from search_sync.index import Failure
from search_sync.reindexing import NotRebuilt, Rebuild
from search_sync.verifying import Finding, Verdict, Verifier

SERVICE = "search-sync"


@dataclass(frozen=True)
class Operator:
    """Whoever has an engine and a table at hand.

    Attributes
    ----------
    client
        A client of the engine.
    rows
        The table.
    total
        About how many rows there are.
    """

    client: OpenSearch
    rows: TableRows
    total: int

    def status(self) -> dict[str, Any]:
        """Return which index is searched, which stands by, and whether a reindex is needed."""
        indexes = Indexes(self.client)
        standing = indexes.standing()
        told: dict[str, Any] = {
            place: name
            and {
                "name": name,
                "mapping_version": version_of(name),
                "documents": indexes.documents(name),
            }
            for place, name in standing._asdict().items()
        }
        drift = indexes.drift(standing.searched) if standing.searched else []
        claim = Claims(self.client).seen()
        filling = claim and {
            "index": claim[0].index,
            "rows": claim[0].rows,
            "documents": claim[0].documents,
            "alive": claim[1],
        }
        return told | {
            "code_version": version_of(INDEX),
            "drift": drift,
            "needs_reindex": bool(drift),
            "reindex": filling,
        }

    def verify(self, tenant: str, *, standby: bool = False) -> Verdict:
        """Compare a tenant's documents with the table.

        Raises
        ------
        StarlingError
            No index stands by, and that was to be compared.
        """
        indexes = Indexes(self.client)
        standing = indexes.standing()
        if standby and standing.standby is None:
            raise StarlingError("No index stands by.")
        if standing[standby]:
            indexes.refresh(STANDBY if standby else ALIAS)
        return self._verifier(standby=standby).verify(tenant)

    def repair(self, findings: Sequence[Finding]) -> tuple[list[Failure], list[Finding]]:
        """Repair documents; return the writes that failed, and what differs still."""
        verifier = self._verifier()
        failures = verifier.repair(OpenSearchWriter(self.client, again=True), findings)
        return failures, verifier.settled({one.place: one.key for one in findings})

    def rebuild(self, report: Callable[[int], None] = lambda _rows: None) -> Rebuild:
        """Return what changes which index is searched; it reports how many rows were read."""
        return Rebuild(self.client, self.rows, report=report)

    def _verifier(self, *, standby: bool = False) -> Verifier:
        return Verifier(self.rows, Holdings(self.client, STANDBY if standby else ALIAS))


@contextmanager
def operator(stage: Stage, where: dict[str, Any]) -> Iterator[Operator]:
    """Yield an operator of a stage; what goes wrong with its search is said as a message.

    Parameters
    ----------
    stage
        A stage that is up.
    where
        What the stage tells of itself (`infra.outputs.describe`).
    """
    logger.setLevel("CRITICAL")  # a function's log is no part of what a command prints
    logging.getLogger("opensearch").setLevel(logging.CRITICAL)
    if SERVICE not in where["tables"]:
        raise StarlingError(
            f"The stage {stage.name!r} has no search.",
            f"Deploy it: starling deploy {SERVICE} --stage {stage.name}.",
        )
    dynamodb, table = aws.client(stage, "dynamodb"), where["tables"][SERVICE]
    total = dynamodb.describe_table(TableName=table)["Table"].get("ItemCount", 0)
    with engine(stage, where) as client:
        try:
            yield Operator(client, TableRows(dynamodb, table), total)
        except OpenSearchException as error:
            raise StarlingError(f"The search engine cannot do it now: {reason(error)}.") from error
        except Claimed as error:
            raise StarlingError(
                f"Another process changes the indexes: its last sign of life is "
                f"{error.seconds:.0f} s old.",
                "Wait for its end; if it has died, it may be taken over after a minute.",
            ) from None
        except TakenOver:
            raise StarlingError("Another process has taken over; this one ends here.") from None
        except NotRebuilt as error:
            raise StarlingError(str(error), "What is searched is as it was.") from None
