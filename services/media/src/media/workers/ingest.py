"""A picture that arrived is looked at, and kept or set aside."""

from datetime import datetime
from typing import Any

from media.arrivals import arrivals
from media.ingesting import Ingest
from runtime.capacity import Capacity
from runtime.worker import worker


def ingest(message: Any, ingesting: Ingest, now: datetime) -> None:
    """Take in each picture that the message tells of."""
    for arrival in arrivals(message):
        ingesting.take(arrival, now)


handler = worker(ingest, capacity=Capacity(seconds=60, memory=1769), ingesting=Ingest.connect)
