from typing import Any

from runtime.capacity import Capacity
from runtime.task import task


def count_animals(herd: Any) -> int:
    return len(herd["Items"])


handler = task(count_animals, capacity=Capacity(seconds=90, memory=1024))
