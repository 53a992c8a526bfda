"""A file of products that arrived is read, and what is good of it is told."""

from datetime import datetime
from typing import Any

from media.arrivals import arrivals
from media.importing import Importer
from runtime.capacity import Capacity
from runtime.worker import worker


def import_products(message: Any, importer: Importer, now: datetime) -> None:
    """Read each import that the message tells of."""
    for arrival in arrivals(message):
        importer.take(arrival, now)


handler = worker(
    import_products, capacity=Capacity(seconds=300, memory=1024), importer=Importer.connect
)
