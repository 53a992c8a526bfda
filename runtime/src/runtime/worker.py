"""Workers: consumers of a queue of the service's own."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from contracts.limits import require_shallow
from runtime.capacity import ORDINARY, Capacity
from runtime.collaborators import Collaborators
from runtime.queue import Hopeless, consume
from runtime.requeue import attempted


class Worker:
    """A declared worker; calling it handles one batch of its queue as Lambda passes it.

    Attributes
    ----------
    capacity
        What one invocation may take.
    attempts
        How many attempts at a message that fails are made by sending it again; None if it stays
        in the queue, which counts by itself.
    """

    def __init__(
        self,
        function: Callable[..., None],
        capacity: Capacity,
        collaborators: Mapping[str, Callable[[], Any]],
        attempts: int | None = None,
    ) -> None:
        self.function = function
        self.capacity = capacity
        self.attempts = attempts
        self.name = function.__name__
        self._collaborators = Collaborators(function, collaborators)

    def prepare(self) -> None:
        """Make the collaborators, which the first event would else wait for."""
        self._collaborators.built()

    def __call__(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        """Handle a batch."""
        return consume(event, context, self._handle)

    def _handle(self, record: dict[str, Any]) -> None:
        if self.attempts is None:
            self._do(record)
        else:
            attempted(record, self._do, self.attempts)

    def _do(self, record: dict[str, Any]) -> None:
        self.function(self._read(record), **self._collaborators.built())

    def _read(self, record: dict[str, Any]) -> Any:
        try:
            require_shallow(record["body"])
            return json.loads(record["body"])
        except ValueError as error:
            raise Hopeless("the message is not JSON") from error


def worker(
    function: Callable[..., None],
    *,
    capacity: Capacity = ORDINARY,
    attempts: int | None = None,
    **collaborators: Callable[[], Any],
) -> Worker:
    """Declare a worker.

    Parameters
    ----------
    function
        Takes a message's JSON value and its collaborators by name. `Hopeless` sets the message
        aside; any other exception brings it again, later.
    capacity
        What one invocation may take.
    attempts
        If given, a message that fails is sent again with a delay that doubles, so many attempts
        in all (`runtime.requeue`); else the queue brings it again.
    **collaborators
        What else the function takes, each as a factory that is called once a process.
    """
    return Worker(function, capacity, collaborators, attempts)
