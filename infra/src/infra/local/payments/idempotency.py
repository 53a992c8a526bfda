"""Idempotency keys: the same request twice is carried out once."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .refusals import invalid, key_in_use, reused_key

MAX_KEY = 255
"""Characters; Stripe's own limit."""
MAX_KEYS = 50_000
"""Keys that are kept, 100 MB with their answers; the oldest are forgotten, Stripe's after a day."""


@dataclass(frozen=True)
class Answer:
    """An answer to be sent.

    Attributes
    ----------
    began
        Whether the request was valid and carried out, so that a key keeps its answer.
    """

    status: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)
    began: bool = True


@dataclass
class _Use:
    path: str
    fields: dict[str, str]
    answer: Answer | None = None


class Keys:
    """The keys that requests have had, with their answers."""

    def __init__(self) -> None:
        self._uses: OrderedDict[str, _Use] = OrderedDict()
        self._lock = threading.Lock()

    def once(
        self, key: str, path: str, fields: dict[str, str], work: Callable[[], Answer]
    ) -> Answer:
        """Return the answer that the key's first request got, or carry this one out.

        Raises
        ------
        Refused
            If the key was another request's, or its request is still being carried out.
        """
        if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
            raise invalid(
                "idempotency_key", f"An idempotency key has 1 to {MAX_KEY} printable characters."
            )
        use = _Use(path, fields)
        with self._lock:
            first = self._uses.setdefault(key, use)
        if first is not use:
            return _replayed(first, use, key)
        answer = None
        try:
            answer = work()
        finally:
            with self._lock:
                if answer and answer.began:
                    use.answer = answer
                    self._forget()
                else:
                    del self._uses[key]
        return answer

    def _forget(self) -> None:
        while len(self._uses) > MAX_KEYS and next(iter(self._uses.values())).answer:
            self._uses.popitem(last=False)


def _replayed(first: _Use, use: _Use, key: str) -> Answer:
    if first.path != use.path:
        raise reused_key(
            "Keys for idempotent requests can only be used for the same endpoint they were first "
            f"used for ('{use.path}' vs '{first.path}'). Try using a key other than '{key}' if "
            "you meant to execute a different request."
        )
    if first.fields != use.fields:
        raise reused_key(
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{key}' if you meant to execute a "
            "different request."
        )
    if first.answer is None:
        raise key_in_use()
    return replace(first.answer, headers={**first.answer.headers, "Idempotent-Replayed": "true"})
