"""Imports some rows of a large file."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator

from contracts.events.media import ImportedProduct
from media.arrivals import Whose
from media.imports.reading import piled
from media.imports.rows import BadRow, read_item
from media.large_importing import LargeImporter
from runtime.capacity import Capacity
from runtime.task import task


class Row(BaseModel):
    """A row as the state machine's map reads it: which one, counted from 0, and of which import."""

    tenant: str
    media_id: str
    index: Annotated[int, Field(ge=0)]
    cells: dict[str, str | None]


class Batch(BaseModel):
    """Rows of one import; one alone, where the map makes no batches."""

    rows: Annotated[tuple[Row, ...], Field(alias="Items", min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, given: Any) -> Any:
        return {"Items": [given]} if isinstance(given, dict) and "Items" not in given else given


def import_batch(batch: Batch, importer: LargeImporter, now: datetime) -> None:
    """Tell the good rows once, and report the bad ones."""
    first = batch.rows[0]
    importer.tell(Whose(first.tenant, first.media_id), piled(_read(batch)), now)


def _read(batch: Batch) -> Iterator[ImportedProduct | BadRow]:
    for row in batch.rows:
        if any(cell and cell.strip() for cell in row.cells.values()):
            # The map does not tell on which line a row begins: it is this one where no cell
            # before it has a line break, as the header is on line 1.
            yield read_item(row.index + 2, row.cells)


handler = task(
    import_batch, capacity=Capacity(seconds=60, memory=512), importer=LargeImporter.connect
)
