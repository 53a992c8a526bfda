"""Lambda's Invoke on this machine, with its limits, for functions of this process."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from runtime.serving import Asked, Reply, serving
from runtime.testing import Context

MOST_BYTES = 6_291_556
"""Of an invocation's payload, and of its answer (Lambda quotas)."""

Handler = Callable[[Any, Any], Any]


@contextmanager
def invoking(handlers: Mapping[str, Handler], *, seen: list[Asked] | None = None) -> Iterator[str]:
    """Serve functions by their names; yield what Lambda's clients take for its endpoint.

    Parameters
    ----------
    handlers
        What each name stands for.
    seen
        Takes the requests that came.
    """

    def answer(asked: Asked) -> Reply:
        if seen is not None:
            seen.append(asked)
        if len(asked.body) > MOST_BYTES:
            return Reply({"Type": "User"}, 413, {"x-amzn-ErrorType": "RequestTooLargeException"})
        try:
            result = handlers[asked.path.split("/")[3]](json.loads(asked.body), Context())
        except Exception as error:  # noqa: BLE001 - as Lambda tells it
            return _failure(type(error).__name__, str(error))
        content = json.dumps(result).encode()
        if len(content) > MOST_BYTES:
            return _failure("Function.ResponseSizeTooLarge", "the answer is too large")
        return Reply(content)

    with serving(answer) as url:
        yield url


def _failure(kind: str, message: str) -> Reply:
    told = {"errorType": kind, "errorMessage": message}
    return Reply(told, 200, {"X-Amz-Function-Error": "Unhandled"})
