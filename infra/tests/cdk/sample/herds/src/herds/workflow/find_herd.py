from typing import Any

from runtime.task import task


def find_herd(event: Any) -> Any:
    return event


handler = task(find_herd)
