"""Sums a large import up when its rows are read."""

from datetime import datetime

from pydantic import BaseModel

from media.arrivals import Whose
from media.large_importing import LargeImporter
from runtime.capacity import Capacity
from runtime.task import task


class Import(BaseModel):
    """Which import."""

    tenant: str
    media_id: str


class Summary(BaseModel):
    """How many of its rows were good, and how many not."""

    accepted: int
    refused: int


def finish_import(imported: Import, importer: LargeImporter, now: datetime) -> Summary:
    """Write the report, and tell that the import was read to its end."""
    progress = importer.finish(Whose(imported.tenant, imported.media_id), now)
    return Summary(accepted=progress.accepted, refused=progress.refused)


handler = task(
    finish_import, capacity=Capacity(seconds=900, memory=1024), importer=LargeImporter.connect
)
