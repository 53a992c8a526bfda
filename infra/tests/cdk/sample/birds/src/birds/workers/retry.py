from typing import Any

from runtime.capacity import Capacity
from runtime.worker import worker


def retry(message: Any) -> None:
    del message


handler = worker(retry, capacity=Capacity(seconds=90, memory=1024))
