from typing import Any

from runtime.worker import worker


def retry(message: Any) -> None:
    del message


handler = worker(retry)
