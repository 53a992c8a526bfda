"""Takes a large file that has arrived, once."""

from datetime import datetime

from pydantic import BaseModel

from media import keys
from media.arrivals import Arrival
from media.large_importing import LargeImporter
from runtime.capacity import Capacity
from runtime.task import task


class Arrived(BaseModel):
    """A new object, and the execution that was started for it."""

    bucket: str
    key: str
    run: str


class Claim(BaseModel):
    """What is to be read, if anything; `key` is of the library's bucket."""

    claimed: bool
    tenant: str | None = None
    media_id: str | None = None
    key: str | None = None


def claim_import(arrived: Arrived, importer: LargeImporter, now: datetime) -> Claim:
    """Return what this execution is to import."""
    whose = importer.claim(Arrival(arrived.bucket, arrived.key), arrived.run, now)
    if whose is None:
        return Claim(claimed=False)
    return Claim(claimed=True, key=keys.original(*whose), **whose._asdict())


# It reads the file to its end: 5 GB at 80 MB/s are a minute, and the copy before takes as long.
handler = task(
    claim_import, capacity=Capacity(seconds=900, memory=1769), importer=LargeImporter.connect
)
