"""AWS in the process, for tests: moto, quicker and more atomic; never in a bundle."""

import copy
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def in_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every client made within talk to an AWS that is empty, and in this process."""
    from moto import mock_aws  # noqa: PLC0415 - slow to import, and needed by some tests only
    from moto.core.botocore_stubber import BotocoreStubber  # noqa: PLC0415 - the same
    from moto.core.serialize import ResponseSerializer  # noqa: PLC0415 - the same
    from moto.dynamodb import models  # noqa: PLC0415 - the same

    # A failed transaction puts back what moto copied before, deeply, once for each of its writes.
    monkeypatch.setattr(models, "copy", _Copying())
    locked = _one_at_a_time(BotocoreStubber.process_request)
    monkeypatch.setattr(BotocoreStubber, "process_request", locked)
    member = _of_what_is_there(ResponseSerializer._serialize_structure_member)  # noqa: SLF001 - no other place to do it
    monkeypatch.setattr(ResponseSerializer, "_serialize_structure_member", member)
    with mock_aws():
        yield


class _Copying:
    """Copies a table without its items: they are replaced, never changed, by transactions."""

    def deepcopy(self, thing: Any) -> Any:
        if type(thing).__name__ != "Table":
            return copy.deepcopy(thing)
        table = copy.copy(thing)
        table.items = defaultdict(dict, {key: copy.copy(of) for key, of in thing.items.items()})
        return table


def _one_at_a_time(answer: Callable[..., Any]) -> Callable[..., Any]:
    """Make each call as atomic as AWS's own: moto looks, and writes then, whoever came between."""
    lock = threading.RLock()  # one of its services may call another

    def locked(*parameters: Any) -> Any:
        with lock:
            return answer(*parameters)

    return locked


def _of_what_is_there(serialize: Callable[..., None]) -> Callable[..., None]:
    """Pass by the types that a value of DynamoDB is not of: moto seeks each by many names."""

    def serialized(self: Any, made: Any, value: Any, shape: Any, key: str) -> None:
        if shape.parent.name == "AttributeValue" and type(value) is dict and key not in value:
            return
        serialize(self, made, value, shape, key)

    return serialized
